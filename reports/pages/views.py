"""The pages of reports, in the console's frame."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from agents.callers import signed_in
from agents.console.frame import Frame, frame_of
from agents.models import Agent, Channel, Permission, Tag, Team, Topic
from config.text.folding import by_name
from reports.definitions import MOMENTS, REPORTS, ROWS, Figure, Source, Unit
from reports.facts.keeping import lacks_the_past
from reports.facts.tickets import tickets_lack_the_past
from reports.figures.adding import wanted
from reports.figures.building import Built, build, written_day
from reports.filters import STARTED_BY, BadFilter, Filters, presets, read_filters, read_rest
from reports.first_steps import note_first_look
from reports.listings import LISTINGS, PAGE, Cell, Column, Listing, read_cell
from reports.pages.chips import chips_of
from reports.pages.drawing import draw
from reports.writing import NOTHING, written, written_change

# How many are offered.
TAGS = 200


@login_required
@require_GET
def report(request: HttpRequest, name: str = "agents") -> HttpResponse:
    """Show a report; what is wrong with the address is said above what the rest of it asks for."""
    frame = frame_of(request, area="reports")
    if not frame.access.may(Permission.REPORTS) or name not in {*REPORTS, *LISTINGS}:
        raise Http404
    now, zone = timezone.now(), signed_in(request).time_zone
    note_first_look(by=frame.agent)
    wish, wrong = request.GET.dict(), ""
    listing = LISTINGS.get(name)
    narrowed_by = listing.narrowed_by if listing else REPORTS[name].narrowed_by
    cell, rows = Cell(), None
    try:
        filters = read_filters(wish, zone=zone, now=now).narrowed(narrowed_by)
        if listing:
            cell = read_cell(wish, of=name)
            rows = listing.find(cell, filters, frame.access, now)
    except BadFilter as error:
        wrong, cell = str(error), Cell()
        rest = read_rest(wish, without=error.names, zone=zone, now=now)
        filters = rest.narrowed(narrowed_by)
        rows = listing.find(cell, filters, frame.access, now) if listing else None
    context: dict[str, Any] = {
        "frame": frame,
        "name": name,
        "wrong": wrong,
        "filters": filters,
        "as_of": now.astimezone(filters.zone),
        "choices": _choices(frame, narrowed_by, filters),
        "presets": presets(filters, now=now),
        "zones": dict.fromkeys([zone, settings.TIME_ZONE, *_ZONES]),
        "may_export": frame.access.may(Permission.EXPORT),
        "menu": _menu(name, filters),
    }
    by = ""
    if listing:
        context |= _listed(request, frame, filters, cell, listing, rows, now)
    else:
        built = build(name, filters, frame.access, by=request.GET.get("by", ""), now=now)
        by = built.by
        context |= _report(built) | draw(built, frame.access)
    context["chips"] = chips_of(name, filters, context["choices"], cell, by)
    more = cell.query or ({"by": by} if by else {})
    file = f"{reverse('report-export', args=[name])}?{urlencode(filters.query | more)}"
    return render(request, "reports/report.html", context | {"file": file, "kept": more})


def _emptiness(*, is_empty: bool) -> dict[str, bool]:
    """Say whether there is nothing to show, and whether that is only not yet."""
    is_making = is_empty and (lacks_the_past() or tickets_lack_the_past())
    return {"is_empty": is_empty, "is_making": is_making}


def _menu(name: str, filters: Filters) -> list[dict[str, Any]]:
    titles = {one.name: one.title for one in REPORTS.values()}
    titles |= {one.name: one.title for one in LISTINGS.values()}
    return [
        {"title": title, "url": _address(key, filters.query), "is_current": key == name}
        for key, title in titles.items()
    ]


def _address(name: str, query: Mapping[str, str]) -> str:
    return f"{reverse('report', args=[name])}?{urlencode(query)}"


def _choices(frame: Frame, names: tuple[str, ...], filters: Filters) -> list[dict[str, Any]]:
    """Return what a report can be narrowed by, in the order of its choices."""
    language = get_language() or ""
    topics = Topic.objects.filter(brand__in=frame.brands).order_by("pk")
    # Who is disabled is looked up by an address or a number, not offered.
    people = Agent.objects.filter(Q(is_active=True) | Q(public_id=filters.agent))
    people = people.order_by("sort_name", "pk")
    teams = Team.objects.order_by("sort_name", "pk")
    options: dict[str, Any] = {
        "brand": lambda: [(str(brand.pk), brand.name) for brand in frame.brands],
        "team": lambda: [(str(team.pk), team.name) for team in teams],
        "agent": lambda: list(people.values_list("public_id", "name")),
        "topic": lambda: [(str(topic.pk), topic.label(language)) for topic in topics],
        "channel": lambda: [(value, str(label)) for value, label in Channel.choices],
        "tag": lambda: [(str(tag.pk), tag.name) for tag in _tags(filters.tag)],
        "started_by": lambda: [(side, str(name)) for side, name in STARTED_BY.items()],
    }
    return [
        {
            "key": name,
            "label": ROWS[name],
            "options": options[name](),
            "chosen": filters.query.get(name, ""),
        }
        for name in names
    ]


def _tags(chosen: int | None) -> list[Tag]:
    """Return the first tags by name, and the chosen one: what is not offered would get lost."""
    tags = list(Tag.objects.order_by("folded", "pk")[:TAGS])
    if chosen is not None and all(tag.pk != chosen for tag in tags):
        tags += Tag.objects.filter(pk=chosen)
    return by_name(tags)


def _report(built: Built) -> dict[str, Any]:
    query, by = built.filters.query, {"by": built.by}
    with_day = built.filters.first != built.filters.last and built.by != "day"

    def cell(figure: Figure, value: Any, row: str | None) -> dict[str, Any]:
        opens = {"figure": figure.word} | (by | {"row": row} if row is not None else {})
        zone = built.filters.zone
        return {
            "text": written(value, figure.unit, zone=zone, with_day=with_day),
            "url": _address(figure.listing, query | opens) if _opens(figure, value) else "",
        }

    return {
        "title": built.report.title,
        "columns": built.columns,
        "moments": {figure.key: MOMENTS[figure.counted_at] for figure in built.columns},
        "tiles": [_tile(built, key) for key in built.report.tiles],
        "lines": [
            {
                "name": line.name,
                "cells": [cell(each, line.values[each.key], line.key) for each in built.columns],
            }
            for line in built.lines
        ],
        "totals": [cell(figure, built.totals[figure.key], None) for figure in built.columns],
        **_emptiness(is_empty=not any(built.totals.values())),
        "splits": [
            {
                "title": ROWS[value],
                "url": _address(built.report.name, query | {"by": value}),
                "is_current": value == built.by,
            }
            for value in built.report.by
        ],
        "row_title": ROWS[built.by],
        "compared": _compared(built.filters),
    }


def _opens(figure: Figure, value: Any) -> bool:
    """Return whether anything is behind a value: a share or mean of 0 is made of rows, too."""
    if figure.unit == Unit.COUNT or figure.source == Source.TIME:
        return bool(value)
    return value is not None


def _compared(filters: Filters) -> str:
    """Say with which days the changes compare."""
    if not filters.compare:
        return ""
    first, last = written_day(filters.before.first), written_day(filters.before.last)
    return first if first == last else f"{first} – {last}"


def _tile(built: Built, key: str) -> dict[str, Any]:
    figure = wanted(key)
    now, before = built.totals[key], built.before.get(key)
    better = figure.better * ((now or 0) - (before or 0))
    return {
        "figure": figure,
        "text": written(now, figure.unit, zone=built.filters.zone),
        "change": written_change(now, before, figure.unit),
        "tone": "ok" if better > 0 else "danger" if better < 0 else "",
    }


# Offered beside one's own; any other may be written.
_ZONES = ("Europe/Istanbul", "Europe/Berlin", "Europe/London", "UTC", "America/New_York")


def _listed(
    request: HttpRequest,
    frame: Frame,
    filters: Filters,
    cell: Cell,
    listing: Listing,
    rows: Any,
    now: datetime,
) -> dict[str, Any]:
    wanted_page = request.GET.get("page", "")
    is_number = wanted_page.isascii() and wanted_page.isdecimal() and len(wanted_page) < 6
    page = max(1, int(wanted_page)) if is_number else 1
    start = (page - 1) * PAGE
    found = list(rows.order_by(f"-{listing.moment}", "-pk")[start : start + PAGE + 1])
    shown = found[:PAGE]
    links = listing.links(shown, frame.access)
    columns = {key: column for key, column in listing.columns.items() if column.on_page}
    query = filters.query | cell.query
    history = []
    for row in shown:
        values = listing.show(row, filters, now)
        history.append(
            {
                "url": links.get(row.pk, ""),
                "cells": [
                    (_written(values[key], column, filters), not column.unit)
                    for key, column in columns.items()
                ],
            }
        )
    return {
        "title": listing.title,
        "columns": list(columns.values()),
        "history": history,
        **_emptiness(is_empty=not shown),
        "figure": cell.figure,
        "more_url": _address(listing.name, query | {"page": str(page + 1)})
        if len(found) > PAGE
        else "",
    }


def _written(value: Any, column: Column, filters: Filters) -> str:
    value = column.said(value)
    if value in (None, ""):
        return NOTHING
    if column.unit is None or (column.unit == Unit.COUNT and not isinstance(value, int)):
        return str(value)
    return written(value, column.unit, zone=filters.zone)
