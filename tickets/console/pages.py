"""The pages of the ticket desk: the list, and one ticket beside it. `?part=` is a fragment."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from agents.console.frame import Frame
from config.text.cleaning import key_of
from tickets.console.access import desk_access, desk_frame, visible_or_404
from tickets.console.menu import tickets_of
from tickets.console.rows import rows_shown
from tickets.console.showing import beside, earlier, opened
from tickets.models import Ticket
from tickets.queries.choices import (
    agent_choices,
    brand_ids_of,
    tag_choices,
    team_choices,
    topic_choices,
)
from tickets.queries.ticket_list import (
    NOBODY,
    WISHES,
    BadCursor,
    Folder,
    count_mine,
    is_by_opening,
    page_of,
    parts_in,
)

_fresh = cache_control(private=True, no_cache=True)


@login_required
@require_GET
@_fresh
def tickets(request: HttpRequest) -> HttpResponse:
    """Show the list; `part=list` is its fragment, of `shown` rows, `part=page` the next ones,
    `part=filters` what it can be filtered by, `part=counter` the number in the main menu."""
    match request.GET.get("part"):
        case "filters":
            return render(request, "tickets/filters.html", _filters(request))
        case "counter":
            mine = count_mine(desk_access(request))
            return render(request, "tickets/counter.html", {"mine": mine})
    frame = desk_frame(request)
    context = listed(request, frame)
    match request.GET.get("part"):
        case "list":
            return render(request, "tickets/list.html", context | {"beside": True})
        case "page":
            return render(request, "tickets/list.html#rows", context)
    return render(request, "tickets/desk.html", context | {"ticket": None})


@login_required
@require_GET
@_fresh
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one ticket beside the list; `part=ticket` is it alone, `part=thread` what changes of it,
    `part=earlier` lines before, `part=side` what stands beside it, which comes after the page."""
    part = request.GET.get("part")
    if part is None:
        frame = desk_frame(request)
        ticket = visible_or_404(frame.access, number)
        context = opened(request, frame.access, ticket, now=timezone.now()) | listed(request, frame)
        context |= {"reads_runs": frame.access.everything, "current": str(ticket.pk)}
        return render(request, "tickets/desk.html", context)
    access = desk_access(request)
    ticket = visible_or_404(access, number)
    reads = {"reads_runs": access.everything}
    match part:
        case "side":
            return render(request, "tickets/side.html", beside(access, ticket))
        case "earlier":
            shown = earlier(access, ticket, before=key_of(request.GET.get("before")) or 1)
            return render(request, "tickets/ticket.html#lines", shown | reads)
    context = opened(request, access, ticket, now=timezone.now()) | reads
    if part == "thread":
        return render(request, "tickets/ticket.html#update", context | {"beside": True})
    return render(request, "tickets/ticket.html", context)


def listed(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    """Return what the list's template needs."""
    wanted = request.GET.get("folder", "")
    folder = Folder(wanted) if wanted in Folder.values else Folder.MINE
    wish = {name: request.GET[name] for name in WISHES if request.GET.get(name)}
    parts = parts_in(frame.access, folder, brand_id=frame.brand_id, wish=wish)
    try:
        page = page_of(
            parts,
            after=request.GET.get("after", ""),
            by_opening=is_by_opening(wish),
            shown=key_of(request.GET.get("shown")),
        )
    except BadCursor:
        raise Http404 from None
    kept = {"folder": folder.value} if folder is not Folder.MINE else {}
    base = reverse("tickets")
    counts = tickets_of(frame).counts
    return {
        "frame": frame,
        "current": "",
        "rows": rows_shown(page, own=frame.access.agent_id),
        "has_more": bool(page.after),
        "wish": wish,
        "filtered": len(wish.keys() - {"q"}),
        "folder": folder,
        "mine": counts[Folder.MINE],
        "desk_url": base,
        "kept": frame.query(**kept, **wish),
        "list_url": base + frame.query(**kept, **wish, part="list"),
        "more_url": base + frame.query(**kept, **wish, part="page", after=page.after),
        "filters_url": base + frame.query(**kept, **wish, part="filters"),
        "clear_url": base + frame.query(**kept),
        "folders": [
            {
                "label": each.label,
                "count": counts.get(each),
                "url": base + frame.query(folder=each.value if each is not Folder.MINE else ""),
                "is_current": each is folder,
            }
            for each in Folder
        ],
    }


def _filters(request: HttpRequest) -> dict[str, Any]:
    """Return what the list can be filtered by, and what it is filtered by now."""
    access = desk_access(request)
    chosen = {name: request.GET.get(name, "") for name in WISHES}
    none = [(NOBODY, "–")]
    return {
        "chosen": chosen,
        "selects": [
            ("status", Ticket.Status.choices, chosen["status"]),
            ("priority", Ticket.Priority.choices, chosen["priority"]),
            ("type", Ticket.Type.choices, chosen["type"]),
            ("source", Ticket.Source.choices, chosen["source"]),
            ("team", [*none, *team_choices()], chosen["team"]),
            ("agent", [*none, *agent_choices()], chosen["agent"]),
            ("tag", tag_choices(), chosen["tag"]),
        ],
        "topics": topic_choices(brand_ids_of(access)),
    }
