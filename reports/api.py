"""Reports by the API: the same figures as on the page."""

from collections.abc import Mapping
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
from reports.figures.adding import wanted
from reports.figures.building import Built, build
from reports.figures.standing import standing
from reports.filters import BadFilter, Filters, read_filters
from reports.listings import LISTINGS, PAGE, Cell, Listing, read_cell


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

    def cell(self, wish: Mapping[str, str], name: str) -> Cell:
        """Return the cell that an address of a list or report names."""
        try:
            return read_cell(wish, of=name)
        except BadFilter as error:
            raise Problem(400, "invalid", str(error)) from error

    def listed(self, request: Request, listing: Listing, filters: Filters, cell: Cell) -> Any:
        """Return the rows of a list, those behind a cell."""
        try:
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
        head = _head(name, filters)
        if listing := LISTINGS.get(name):
            cell = self.cell(request.query_params.dict(), name)
            rows = self.listed(request, listing, filters, cell)
            return Response(
                {**head, "counted_at": {}, "figures": {}}
                | {"rows": _page(request, listing, rows, filters)}
            )
        built = self.built(request, name, filters)
        now_too = [wanted(key) for key in built.report.standing]
        access, asked = reach_of(request), built.filters
        stands = {one.word: standing(one.key, asked, access, now=built.as_of) for one in now_too}
        tiles = [wanted(key) for key in built.report.tiles]
        return Response(
            {
                **head,
                "as_of": built.as_of,
                "counted_at": {one.word: one.counted_at for one in (*built.figures, *now_too)},
                "figures": {one.word: built.totals[one.key] for one in built.figures} | stands,
                "before": {one.word: built.before.get(one.key) for one in tiles}
                if filters.compare
                else {},
                "rows": [
                    {"row": line.key, "name": line.name}
                    | {one.word: line.values[one.key] for one in built.figures}
                    for line in built.lines
                ],
            }
        )


class ReportRows(ReportView):
    """`reports/{name}/rows`."""

    @extend_schema(operation_id="report_rows", responses={200: dict, **problems_of(400, 403, 404)})
    def get(self, request: Request, name: str) -> Response:
        """Return the rows behind a figure of a row, newest first, a hundred at a time.

        Without `by` a row is what the rows of the report are without it.
        """
        wish = request.query_params.dict()
        if name not in REPORTS or not wish.get("figure"):
            raise NotFound
        if "row" in wish and not wish.get("by"):
            wish["by"] = REPORTS[name].by[0]
        filters = self.filters(request)
        cell = self.cell(wish, name)
        listing = LISTINGS[cell.figure.listing if cell.figure else "sessions"]
        rows = self.listed(request, listing, filters, cell)
        counted_at = {cell.figure.word: cell.figure.counted_at} if cell.figure else {}
        return Response(
            {**_head(name, filters), "counted_at": counted_at, "figures": {}}
            | {"rows": _page(request, listing, rows, filters)}
        )


def _head(name: str, filters: Filters) -> dict[str, Any]:
    return {
        "name": name,
        "from": filters.first.isoformat(),
        "to": filters.last.isoformat(),
        "zone": filters.zone.key,
        "as_of": timezone.now(),
    }


def _page(request: Request, listing: Listing, rows: Any, filters: Filters) -> list[dict[str, Any]]:
    number = request.query_params.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    start, now = max(0, page - 1) * PAGE, timezone.now()
    ordered = rows.order_by(f"-{listing.moment}", "-pk")
    return [listing.show(row, filters, now) for row in ordered[start : start + PAGE]]
