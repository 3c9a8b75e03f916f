"""Reports by the API: the same figures as on the page."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Permission
from config.web.problems import Problem
from reports.definitions import REPORTS
from reports.figures.building import Built, build
from reports.filters import BadFilter, Filters, read_filters
from reports.listings import LISTINGS, PAGE, Listing, read_cell


class ReportAnswer(serializers.Serializer[Any]):
    """A report: totals and rows. Seconds and shares (0 to 1) are numbers."""

    name = serializers.CharField()
    to = serializers.DateField()
    zone = serializers.CharField()
    as_of = serializers.DateTimeField()
    counted_at = serializers.DictField()
    figures = serializers.DictField()
    before = serializers.DictField()
    rows = serializers.ListField()

    def get_fields(self) -> Any:
        """Add the one whose name Python keeps for itself."""
        return super().get_fields() | {"from": serializers.DateField()}


class ReportView(DeskView):
    """A call of somebody who reads reports."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse who may read no report."""
        super().initial(request, *args, **kwargs)
        if not reach_of(request).may(Permission.REPORTS):
            raise PermissionDenied

    def filters(self, request: Request) -> Filters:
        """Return what the address asks for."""
        try:
            return read_filters(
                request.query_params.dict(), zone=agent_of(request).time_zone, now=timezone.now()
            )
        except BadFilter as error:
            raise Problem(400, "invalid", str(error)) from error

    def listed(self, request: Request, listing: Listing, filters: Filters) -> Any:
        """Return the rows of a list behind the cell that the address names."""
        try:
            cell = read_cell(request.query_params.dict())
            narrowed = filters.narrowed(listing.narrowed_by)
            return listing.find(cell, narrowed, reach_of(request), timezone.now())
        except BadFilter as error:
            raise Problem(400, "invalid", str(error)) from error

    def built(self, request: Request, name: str, filters: Filters) -> Built:
        """Return the report of a name."""
        if name not in REPORTS:
            raise NotFound
        by = request.query_params.get("by", "")
        return build(name, filters, reach_of(request), by=by, now=timezone.now())


class OneReport(ReportView):
    """`reports/{name}`."""

    @extend_schema(
        operation_id="report", responses={200: ReportAnswer, **problems_of(400, 403, 404)}
    )
    def get(self, request: Request, name: str) -> Response:
        """Return a report of the days and chats that the address asks for."""
        filters = self.filters(request)
        head = {
            "name": name,
            "from": filters.first.isoformat(),
            "to": filters.last.isoformat(),
            "zone": filters.zone.key,
        }
        if listing := LISTINGS.get(name):
            return Response(
                {**head, "as_of": timezone.now(), "counted_at": {}, "figures": {}}
                | {"rows": _page(request, listing, self.listed(request, listing, filters), filters)}
            )
        built = self.built(request, name, filters)
        return Response(
            {
                **head,
                "as_of": built.as_of,
                "counted_at": {figure.key: figure.counted_at for figure in built.figures},
                "figures": {key: built.totals[key] for key in built.keys},
                "before": {key: built.before.get(key) for key in built.report.tiles}
                if filters.compare
                else {},
                "rows": [
                    {"row": line.key, "name": line.name}
                    | {key: line.values[key] for key in built.keys}
                    for line in built.lines
                ],
            }
        )


class ReportRows(ReportView):
    """`reports/{name}/rows`."""

    @extend_schema(operation_id="report_rows", responses={200: dict, **problems_of(400, 403, 404)})
    def get(self, request: Request, name: str) -> Response:
        """Return the rows behind a figure of a row, newest first, a hundred at a time."""
        if name not in REPORTS or not request.query_params.get("figure"):
            raise NotFound
        filters = self.filters(request)
        try:
            figure = read_cell(request.query_params.dict()).figure
        except BadFilter as error:
            raise Problem(400, "invalid", str(error)) from error
        listing = LISTINGS[figure.listing if figure else "sessions"]
        rows = self.listed(request, listing, filters)
        return Response({"rows": _page(request, listing, rows, filters)})


def _page(request: Request, listing: Listing, rows: Any, filters: Filters) -> list[dict[str, Any]]:
    number = request.query_params.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    start, now = max(0, page - 1) * PAGE, timezone.now()
    ordered = rows.order_by(f"-{listing.moment}", "-pk")
    return [listing.show(row, filters, now) for row in ordered[start : start + PAGE]]
