"""Long files: asked for, made by a worker, and gone after a day."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core import signing
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone, translation

from agents.access import access_of
from agents.audit import record
from agents.models import Agent, Permission
from agents.models.agent import new_public_id
from config.outbox.operations import enqueue
from reports.exports.csv import csv_lines
from reports.exports.sheet import Sheet, sheet_of
from reports.exports.xlsx import write_xlsx
from reports.filters import BadFilter, known, read_filters
from reports.models import Export

KIND, QUEUE = "reports.export", "exports"
# Longer ones are made by a worker.
AT_ONCE = 5000
AT_A_TIME = 3
KEPT = timedelta(hours=24)
_STEP = 2000
_SALT = "reports.export"


class TooManyExports(Exception):
    """The agent waits for as many files as they may."""


class NotExportable(Exception):
    """The agent may no longer export, or the wish makes no sense."""


def may_export(agent: Agent) -> bool:
    """Return whether the agent may have files of reports now."""
    access = access_of(agent)
    return access.may(Permission.REPORTS) and access.may(Permission.EXPORT)


@transaction.atomic
def begin_export(
    *, name: str, wish: Mapping[str, str], form: str, by: Agent, now: datetime
) -> Export:
    """Have a worker make a file. Raises `NotExportable` or `TooManyExports`."""
    if not may_export(by):
        raise NotExportable
    # Two wishes of one agent at the same moment are counted one after the other.
    Agent.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
    waiting = Export.objects.filter(agent=by, finished_at=None, is_failed=False, expires_at__gt=now)
    if waiting.count() >= AT_A_TIME:
        raise TooManyExports
    export = Export.objects.create(
        agent=by, name=name, wish=known(wish), form=form, created_at=now, expires_at=now + KEPT
    )
    enqueue(kind=KIND, key=f"{KIND}:{export.pk}", payload={"export": export.pk})
    record("report.exported", name, by=by, format=form, wish=export.wish)
    return export


def write_export(*, export_id: int) -> None:
    """Make the file, unless that was done; whoever may no longer have it gets none."""
    export = Export.objects.select_related("agent").filter(pk=export_id, finished_at=None).first()
    if export is None:
        return
    own = Export.objects.filter(pk=export.pk)
    own.update(done=0, is_failed=False)
    try:
        path = _written(export)
    except (NotExportable, BadFilter):
        own.update(is_failed=True)
        return
    except BaseException:
        # Tried again by the outbox; meanwhile the page says that it did not work.
        own.update(is_failed=True)
        raise
    now = timezone.now()
    if not own.update(file=path, finished_at=now, expires_at=now + KEPT, is_failed=False):
        # Deleted meanwhile.
        default_storage.delete(path)


def _written(export: Export) -> str:
    agent = export.agent
    if not may_export(agent):
        raise NotExportable
    with translation.override(agent.language), tempfile.TemporaryDirectory() as folder:
        filters = read_filters(export.wish, zone=agent.time_zone, now=export.created_at)
        sheet = sheet_of(export.name, export.wish, filters, access_of(agent), now=export.created_at)
        counted = replace(sheet, rows=_counted(sheet.rows, export))
        path = os.path.join(folder, "file")
        write_file(counted, path, form=export.form)
        with open(path, "rb") as made:
            return default_storage.save(f"exports/{new_public_id()}", File(made))


def write_file(sheet: Sheet, path: str, *, form: str) -> None:
    """Write a sheet to `path` in one of the formats."""
    if form == Export.Form.XLSX:
        write_xlsx(sheet, path)
        return
    with open(path, "w", encoding="utf-8", newline="") as made:
        made.writelines(csv_lines(sheet, excel=form == Export.Form.EXCEL_CSV))


def _counted(rows: Any, export: Export) -> Iterator[list[Any]]:
    number = 0
    for number, row in enumerate(rows, start=1):
        if number % _STEP == 0:
            Export.objects.filter(pk=export.pk).update(done=number)
        yield row
    Export.objects.filter(pk=export.pk).update(done=number)


def link_key(export: Export) -> str:
    """Return what stands in the link to the file: signed, for one agent and one day."""
    return signing.dumps([export.public_id, export.agent_id], salt=_SALT)


@transaction.atomic
def open_export(*, key: str, by: Agent, now: datetime) -> Export:
    """Return the export of a link, if it is this agent's and still good; write down who had it.

    Raises `NotExportable`.
    """
    try:
        public_id, agent_id = signing.loads(key, salt=_SALT, max_age=KEPT)
    except (signing.BadSignature, ValueError):
        raise NotExportable from None
    mine = Export.objects.filter(public_id=public_id, agent=by, expires_at__gt=now)
    export: Export | None = mine.exclude(finished_at=None).first()
    if export is None or agent_id != by.pk or not may_export(by):
        raise NotExportable
    record("report.downloaded", export.name, by=by, format=export.form, wish=export.wish)
    return export


@transaction.atomic
def purge_exports(*, now: datetime) -> int:
    """Delete files whose day is over; return how many."""
    old = list(Export.objects.filter(expires_at__lte=now).values_list("pk", "file")[:100])
    Export.objects.filter(pk__in=[pk for pk, _file in old]).delete()
    for _pk, path in old:
        if path:
            transaction.on_commit(partial(default_storage.delete, path))
    return len(old)
