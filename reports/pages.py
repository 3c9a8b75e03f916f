"""The pages of reports, in the console's frame."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from agents.callers import signed_in
from agents.console.frame import Frame, frame_of
from agents.models import Agent, Channel, Permission, Tag, Team, Topic
from reports import charts, sessions
from reports.building import Built, build
from reports.definitions import FIGURES, MOMENTS, REPORTS
from reports.facts.keeping import lacks_the_past
from reports.filters import BadFilter, Filters, default_filters, presets, read_filters
from reports.writing import written, written_change, written_seconds


@login_required
@require_GET
def report(request: HttpRequest, name: str = "agents") -> HttpResponse:
    """Show a report; what is wrong with the address is said above the usual thirty days."""
    frame = frame_of(request, area="reports")
    if not frame.access.may(Permission.REPORTS) or name not in {*REPORTS, sessions.NAME}:
        raise Http404
    now, zone = timezone.now(), signed_in(request).time_zone
    wish, wrong = request.GET.dict(), ""
    try:
        filters = read_filters(wish, zone=zone, now=now)
        cell = sessions.read_cell(wish) if name == sessions.NAME else sessions.Cell()
        stays = sessions.stays_of(cell, filters, frame.access)
    except BadFilter as error:
        wrong, filters, cell = str(error), default_filters(zone, now=now), sessions.Cell()
        stays = sessions.stays_of(cell, filters, frame.access)
    context: dict[str, Any] = {
        "frame": frame,
        "name": name,
        "wrong": wrong,
        "filters": filters,
        "as_of": now.astimezone(filters.zone),
        "choices": _choices(frame),
        "presets": presets(filters, now=now),
        "may_export": frame.access.may(Permission.EXPORT),
        "menu": _menu(name, filters),
    }
    by = ""
    if name == sessions.NAME:
        context |= _history(request, frame, filters, cell, stays)
    else:
        built = build(name, filters, frame.access, by=request.GET.get("by", ""), now=now)
        by = built.by
        context |= _report(built)
    more = cell.query or ({"by": by} if by else {})
    file = f"{reverse('api-report-csv', args=[name])}?{urlencode(filters.query | more)}"
    return render(request, "reports/report.html", context | {"file": file, "kept": more})


def _emptiness(*, is_empty: bool) -> dict[str, bool]:
    """Say whether there is nothing to show, and whether that is only not yet."""
    return {"is_empty": is_empty, "is_making": is_empty and lacks_the_past()}


def _menu(name: str, filters: Filters) -> list[dict[str, Any]]:
    titles = {one.name: one.title for one in REPORTS.values()} | {sessions.NAME: sessions.TITLE}
    return [
        {"title": title, "url": _address(key, filters.query), "is_current": key == name}
        for key, title in titles.items()
    ]


def _address(name: str, query: Mapping[str, str]) -> str:
    return f"{reverse('report', args=[name])}?{urlencode(query)}"


def _choices(frame: Frame) -> dict[str, list[tuple[str, str]]]:
    language = get_language() or ""
    topics = Topic.objects.filter(brand__in=frame.brands).order_by("pk")
    people = Agent.objects.filter(is_active=True).order_by("name")
    return {
        "brand": [(str(brand.pk), brand.name) for brand in frame.brands],
        "team": [(str(pk), name) for pk, name in Team.objects.values_list("pk", "name")],
        "agent": list(people.values_list("public_id", "name")),
        "topic": [(str(topic.pk), topic.label(language)) for topic in topics],
        "channel": [(value, str(label)) for value, label in Channel.choices],
        "tag": [(str(pk), name) for pk, name in Tag.objects.values_list("pk", "name")[:200]],
        "started_by": [("visitor", _("Visitor")), ("agent", _("Agent"))],
    }


def _report(built: Built) -> dict[str, Any]:
    query, by = built.filters.query, {"by": built.by}

    def cell(key: str, value: float | None, row: str | None) -> dict[str, Any]:
        opens = {"figure": key} | (by | {"row": row} if row is not None else {})
        return {
            "text": written(value, FIGURES[key].unit),
            "url": _address(sessions.NAME, query | opens) if value and row != "" else "",
        }

    return {
        "title": built.report.title,
        "columns": built.figures,
        "moments": {key: MOMENTS[FIGURES[key].counted_at] for key in built.keys},
        "tiles": [_tile(built, key) for key in built.report.tiles],
        "lines": [
            {
                "name": line.name,
                "cells": [cell(key, line.values[key], line.key) for key in built.keys],
            }
            for line in built.lines
        ],
        "totals": [cell(key, built.totals[key], None) for key in built.keys],
        **_emptiness(is_empty=not any(built.totals.values())),
        "splits": [
            {
                "title": _BY[value],
                "url": _address(built.report.name, query | {"by": value}),
                "is_current": value == built.by,
            }
            for value in built.report.by
        ],
        "row_title": _BY[built.by],
    } | _charts(built)


def _charts(built: Built) -> dict[str, Any]:
    lead = FIGURES[built.report.keys[0]]
    found: dict[str, Any] = {"heat": charts.heat_map(built.hours)}
    if built.by == "day":
        drawn = [lead] + ([FIGURES["missed"]] if "missed" in built.report.keys else [])
        found["lines_chart"] = charts.line_chart(
            str(lead.name),
            [str(figure.name) for figure in drawn],
            [line.name for line in built.lines],
            [[line.values[figure.key] or 0 for line in built.lines] for figure in drawn],
        )
    else:
        rows = [
            (line.name, line.values[lead.key] or 0, written(line.values[lead.key], lead.unit))
            for line in built.lines[:12]
        ]
        found |= {"bars": charts.bars(rows), "bars_title": lead.name}
    return found


def _tile(built: Built, key: str) -> dict[str, Any]:
    figure = FIGURES[key]
    now, before = built.totals[key], built.before.get(key)
    change = written_change(now, before, figure.unit)
    better = figure.better * ((now or 0) - (before or 0))
    return {
        "figure": figure,
        "text": written(now, figure.unit),
        "change": change,
        "tone": "ok" if better > 0 else "danger" if better < 0 else "",
    }


_BY = {
    "agent": gettext_lazy("Agent"),
    "day": gettext_lazy("Day"),
    "channel": gettext_lazy("Channel"),
    "topic": gettext_lazy("Topic"),
    "brand": gettext_lazy("Brand"),
    "started_by": gettext_lazy("Started by"),
}


def _history(
    request: HttpRequest, frame: Frame, filters: Filters, cell: sessions.Cell, stays: Any
) -> dict[str, Any]:
    wanted = request.GET.get("page", "")
    page = max(1, int(wanted)) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 6 else 1
    start = (page - 1) * sessions.PAGE
    facts = list(stays[start : start + sessions.PAGE + 1])
    shown = facts[: sessions.PAGE]
    may_open = sessions.openable(shown, frame.access)
    query = filters.query | cell.query
    return {
        "title": sessions.TITLE,
        "history": [
            {
                "fact": fact,
                "started": fact.started_at.astimezone(filters.zone),
                "topic": fact.topic.label(get_language() or "") if fact.topic else "",
                "wait": _seconds(fact.wait),
                "first_response": _seconds(fact.first_response),
                "duration": _seconds(fact.session_duration),
                "outcome": fact.conversation.Outcome(fact.outcome).label if fact.outcome else "",
                "url": _chat_address(fact) if fact.conversation_id in may_open else "",
            }
            for fact in shown
        ],
        **_emptiness(is_empty=not shown),
        "figure": FIGURES.get(cell.figure),
        "more_url": _address(sessions.NAME, query | {"page": str(page + 1)})
        if len(facts) > sessions.PAGE
        else "",
    }


def _seconds(value: float | None) -> str:
    return "–" if value is None else written_seconds(value)


def _chat_address(fact: Any) -> str:
    resolved = fact.conversation.status == "resolved"
    page = "console-archived" if resolved else "console-chat"
    return reverse(page, args=[fact.conversation.public_id])
