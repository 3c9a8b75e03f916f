"""The wallboard in the console: live, with what a supervisor can do from it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.access import Access, access_of, supervises_agent
from agents.callers import signed_in
from agents.console.frame import Frame, frame_of
from agents.models import Agent, Brand, BreakReason, Permission, Status
from agents.operations import AgentDisabled
from chat.models import Conversation
from chat.operations.statuses import KEEP, REQUEUE, NotAllowed, OpenChats, change_status
from config.text.cleaning import key_of
from reports.models import Screen
from reports.wall import operations
from reports.wall.board import reaches_of
from reports.wall.operations import (
    TooManyScreens,
    make_screen,
    may_set_targets,
    sees_brand,
    set_targets,
)
from reports.wall.showing import shown_board
from reports.wall.snapshot import forget


def _frame(request: HttpRequest) -> Frame:
    frame = frame_of(request, area="wall")
    if not reaches_of(frame.access):
        raise Http404
    return frame


@login_required
@never_cache
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """Show the wallboard of the chosen brand, or of all that the agent reaches."""
    frame = _frame(request)
    own = Screen.objects.filter(made_by=frame.agent, revoked_at=None).select_related("brand")
    context = {
        "frame": frame,
        "screens": own.order_by("-pk"),
        "may_set": may_set_targets(frame.access, frame.brand_id),
        "source": reverse("wall-board") + (f"?brand={frame.brand_id}" if frame.brand else ""),
        **_board(frame.access, frame.brand),
    }
    return render(request, "reports/wall/console.html", context)


@login_required
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Return what the wallboard shows now; without the frame, whose parts are asked of the rows."""
    access = access_of(signed_in(request))
    key = key_of(request.GET.get("brand"))
    brand = Brand.objects.filter(pk=key).first() if key else None
    if bool(key) is not bool(brand) or not sees_brand(access, key or None):
        raise Http404
    return render(request, "reports/wall/board.html", _board(access, brand))


def _board(access: Access, brand: Brand | None) -> dict[str, Any]:
    found = shown_board(
        access, brand=brand.pk if brand else None, language=get_language() or "", now=timezone.now()
    )
    title = brand.name if brand else _("All brands")
    return {**found, "title": title, "may_change": access.may(Permission.SUPERVISE)}


def supervised(access: Access, public_id: str) -> Agent:
    """Return an agent whom somebody supervises; others are not found."""
    agent = get_object_or_404(Agent, public_id=public_id, is_active=True)
    if not supervises_agent(access, agent):
        raise Http404
    return agent


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show an agent's open chats, and change their status."""
    frame = _frame(request)
    agent, error = supervised(frame.access, public_id), ""
    if request.method == "POST":
        name, _sign, reason_id = request.POST.get("status", "").partition(":")
        if name not in Status.values:
            raise Http404
        confirm = request.POST.get("confirm")
        reasons = BreakReason.objects.filter(pk=key_of(reason_id), is_active=True)
        try:
            change_status(
                agent=agent,
                status=name,
                reason=reasons.first() if name == Status.BREAK else None,
                confirm=confirm if confirm in {KEEP, REQUEUE} else None,
                by=signed_in(request),
                now=timezone.now(),
            )
        except OpenChats:
            error = _("There are open chats: say what happens to them.")
        except (NotAllowed, AgentDisabled):
            raise Http404 from None
        else:
            forget()
            return redirect("wall-agent", public_id)
    chats = Conversation.objects.supervised_by(frame.access).unresolved().filter(assignee=agent)
    language = get_language() or ""
    context = {
        "frame": frame,
        "person": agent,
        "reason": agent.break_reason.label(language) if agent.break_reason else "",
        "error": error,
        "chats": [
            {
                "url": reverse("console-chat", args=[chat.public_id]),
                "topic": chat.topic.label(language) if chat.topic else chat.topic_text,
                "brand": chat.brand.name,
                "status": chat.get_status_display(),
                "since": chat.accepted_at or chat.created_at,
                "unanswered_since": chat.unanswered_since,
            }
            for chat in chats.select_related("topic", "brand").order_by("accepted_at", "pk")[:50]
        ],
    }
    return render(request, "reports/wall/person.html", context)


@login_required
@require_POST
def screens(request: HttpRequest) -> HttpResponse:
    """Make a screen, or switch one off; the link of a new one is shown once."""
    frame = _frame(request)
    now, back = timezone.now(), reverse("wall") + frame.query()
    if wanted := request.POST.get("revoke"):
        screen = get_object_or_404(Screen, public_id=wanted, made_by=frame.agent)
        operations.revoke_screen(screen=screen, by=frame.agent, now=now)
        return redirect(back)
    try:
        _screen, secret = make_screen(
            name=request.POST.get("name", ""), brand=frame.brand, by=frame.agent, now=now
        )
    except TooManyScreens:
        messages.error(request, _("There are fifty screens already. Switch one off first."))
        return redirect(back)
    except operations.NotAllowed:
        raise Http404 from None
    # Not by what a request calls us: the link opens the board, and is passed on.
    link = settings.PUBLIC_URL + reverse("wall-link", args=[secret])
    return render(request, "reports/wall/link.html", {"frame": frame, "link": link, "back": back})


@login_required
@require_POST
def targets(request: HttpRequest) -> HttpResponse:
    """Say what the wallboard of the chosen brand should not pass."""
    frame = _frame(request)
    brand: Brand | None = frame.brand
    limits = {"queue": 1000, "wait_seconds": 86_400, "service_level": 100}
    values: dict[str, int] = {}
    for name, most in limits.items():
        text = request.POST.get(name, "")
        if not (text.isascii() and text.isdecimal() and len(text) < 7 and int(text) <= most):
            messages.error(request, _("Targets are whole numbers; the share goes up to 100."))
            return redirect(reverse("wall") + frame.query())
        values[name] = int(text)
    try:
        set_targets(
            brand=brand,
            queue=values["queue"],
            wait_seconds=values["wait_seconds"],
            service_level=values["service_level"],
            by=frame.agent,
        )
    except operations.NotAllowed:
        raise Http404 from None
    return redirect(reverse("wall") + frame.query())
