"""Files of reports by the API."""

from typing import Any

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import agent_of, reach_of
from agents.api.schema import problems_of
from agents.credentials.tokens import Scope
from agents.models import Permission
from config.web.api import StrictSerializer, valid
from config.web.problems import Problem
from reports.api import ReportView
from reports.definitions import REPORTS
from reports.exports.operations import (
    AT_ONCE,
    NotExportable,
    TooManyExports,
    begin_export,
    link_key,
    open_export,
)
from reports.exports.sending import send_now, stored
from reports.exports.sheet import is_longer
from reports.filters import BadFilter
from reports.listings import LISTINGS
from reports.models import Export


class ExportBody(StrictSerializer):
    """What sort of file."""

    format = serializers.ChoiceField(Export.Form.choices)


class ExportAnswer(serializers.Serializer[Any]):
    """How far a file is; `file` once it is made."""

    id = serializers.CharField()
    state = serializers.ChoiceField(["working", "failed", "done"])
    rows = serializers.IntegerField()
    file = serializers.CharField(allow_null=True)


class _ExportView(ReportView):
    required_scope = Scope.EXPORT

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse who may have no file."""
        super().initial(request, *args, **kwargs)
        if not reach_of(request).may(Permission.EXPORT):
            raise PermissionDenied

    def sent(self, request: Request, name: str, form: str) -> HttpResponseBase:
        """Answer with a file of a report."""
        if name not in {*REPORTS, *LISTINGS}:
            raise NotFound
        filters = self.filters(request)
        wish, access = request.query_params.dict(), reach_of(request)
        try:
            return send_now(
                name, wish, filters, access, form=form, by=agent_of(request), now=timezone.now()
            )
        except BadFilter as error:
            raise Problem(400, "invalid", str(error)) from error


class ReportCsv(_ExportView):
    """`reports/{name}.csv`."""

    @extend_schema(operation_id="report_csv", responses={200: str, **problems_of(400, 403, 404)})
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """Return a report as CSV; `excel=1` for a spreadsheet that expects ; and a mark."""
        is_excel = request.query_params.get("excel") == "1"
        return self.sent(request, name, Export.Form.EXCEL_CSV if is_excel else Export.Form.CSV)


class ReportXlsx(_ExportView):
    """`reports/{name}.xlsx`."""

    @extend_schema(
        operation_id="report_xlsx", responses={200: bytes, **problems_of(400, 403, 404, 409)}
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """Return a report as a workbook; a long one is asked for by `exports`."""
        filters, wish = self.filters(request), request.query_params.dict()
        access, now = reach_of(request), timezone.now()
        try:
            is_long = is_longer(name, wish, filters, access, than=AT_ONCE, now=now)
        except BadFilter as error:
            raise Problem(400, "invalid", str(error)) from error
        if is_long:
            raise Problem(409, "too_long", _("This file is long: have it made by an export."))
        return self.sent(request, name, Export.Form.XLSX)


class ReportExports(_ExportView):
    """`reports/{name}/exports`."""

    @extend_schema(
        operation_id="report_export",
        request=ExportBody,
        responses={201: ExportAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Have a file of any length made of what the address asks for."""
        if name not in {*REPORTS, *LISTINGS}:
            raise NotFound
        form = valid(ExportBody, request)["format"]
        self.filters(request)
        try:
            made = begin_export(
                name=name,
                wish=request.query_params.dict(),
                form=form,
                by=agent_of(request),
                now=timezone.now(),
            )
        except TooManyExports as error:
            text = _("You already wait for three files. Ask again when one is ready.")
            raise Problem(409, "full", text) from error
        return Response(_shown(made), status=201)


class OneExport(_ExportView):
    """`exports/{id}`."""

    @extend_schema(operation_id="export", responses={200: ExportAnswer, **problems_of(403, 404)})
    def get(self, request: Request, public_id: str) -> Response:
        """Say how far an own file is."""
        return Response(_shown(_own(request, public_id)))


class ExportFile(_ExportView):
    """`exports/{id}/file`."""

    @extend_schema(operation_id="export_file", responses={200: bytes, **problems_of(403, 404)})
    def get(self, request: Request, public_id: str) -> FileResponse:
        """Return an own file; it is kept for a day."""
        key = link_key(_own(request, public_id))
        try:
            return stored(open_export(key=key, by=agent_of(request), now=timezone.now()))
        except NotExportable as error:
            raise NotFound from error


def _own(request: Request, public_id: str) -> Export:
    own = Export.objects.filter(
        public_id=public_id, agent=agent_of(request), expires_at__gt=timezone.now()
    )
    if found := own.first():
        return found
    raise NotFound


def _shown(made: Export) -> dict[str, Any]:
    is_done = made.finished_at is not None
    return {
        "id": made.public_id,
        "state": "done" if is_done else "failed" if made.is_failed else "working",
        "rows": made.done,
        "file": reverse("api-export-file", args=[made.public_id]) if is_done else None,
    }
