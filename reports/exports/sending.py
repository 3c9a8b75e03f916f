"""Files on their way to a browser or program: streamed, or kept for a day."""

import tempfile
from collections.abc import Mapping
from datetime import datetime

from django.core.files.storage import default_storage
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from agents.access import Access
from agents.audit import record
from agents.models import Agent
from reports.exports.csv import csv_lines
from reports.exports.operations import write_file
from reports.exports.sheet import sheet_of
from reports.filters import Filters, known
from reports.models import Export

TYPES = {
    Export.Form.CSV: "text/csv; charset=utf-8",
    Export.Form.EXCEL_CSV: "text/csv; charset=utf-8",
    Export.Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def send_now(
    name: str,
    wish: Mapping[str, str],
    filters: Filters,
    access: Access,
    *,
    form: str,
    by: Agent,
    now: datetime,
) -> HttpResponseBase:
    """Answer with a file, and write down who had it. Raises `BadFilter`."""
    sheet = sheet_of(name, wish, filters, access, now=now)
    record("report.exported", name, by=by, format=form, wish=known(wish) | filters.query)
    filename = f"{name}-{filters.first}-{filters.last}.{_ending(form)}"
    answer: HttpResponseBase
    if form == Export.Form.XLSX:
        made = tempfile.NamedTemporaryFile()  # noqa: SIM115 - the answer closes it
        write_file(sheet, made.name, form=form)
        answer = FileResponse(made, content_type=TYPES[Export.Form.XLSX])
    else:
        lines = csv_lines(sheet, excel=form == Export.Form.EXCEL_CSV)
        answer = StreamingHttpResponse(lines, content_type=TYPES[Export.Form(form)])
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def stored(export: Export) -> FileResponse:
    """Answer with a file that a worker made."""
    return FileResponse(
        default_storage.open(export.file),
        as_attachment=True,
        filename=name_of(export),
        content_type=TYPES[Export.Form(export.form)],
    )


def name_of(export: Export) -> str:
    """Return what the file is called."""
    return f"{export.name}-{export.created_at:%Y-%m-%d}.{_ending(export.form)}"


def _ending(form: str) -> str:
    return "xlsx" if form == Export.Form.XLSX else "csv"
