"""The pages of the desk: active chats, one chat, the archive. `?part=` answers with a fragment."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_GET

from agents.access import Access, access_of
from agents.callers import signed_in
from agents.console.frame import frame_of
from chat.console.chat import Chat, chat_of
from chat.console.frame import chats_in
from chat.models import Conversation
from chat.queries import archive as archived
from chat.queries.chat_list import chat_rows, group_rows
from chat.queries.gone import what_became
from chat.queries.panel import find_chat

# What the page says of a chat that has gone.
TOLD_HEADER = "Console-Told"
# The browser asks again each time, and is told "not changed" by the ETag.
_fresh = cache_control(private=True, no_cache=True)


@login_required
@require_GET
@_fresh
def chats(request: HttpRequest) -> HttpResponse:
    """Show the active chats; `part=list` is the list, `part=counters` what counts around it."""
    match request.GET.get("part"):
        case "list":
            return _list(request)
        case "counters":
            context = {"frame": frame_of(request, area="chats"), "beside": True}
            return render(request, "console/counters.html", context)
    return render(request, "console/chats.html", _list_part(request) | {"chat": None})


@conditional_page
def _list(request: HttpRequest) -> HttpResponse:
    return render(request, "console/list.html", _list_part(request) | {"beside": True})


@login_required
@require_GET
@_fresh
def chat(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one active chat beside the list; `part=chat` and `part=head` are its fragments."""
    if part := request.GET.get("part"):
        return _chat_part(request, public_id, part, area="chats")
    frame = frame_of(request, area="chats")
    shown = _chat(request, frame.access, public_id, area="chats")
    return render(request, "console/chats.html", _list_part(request) | {"chat": shown})


@login_required
@require_GET
@_fresh
def archive(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """Show the resolved chats, newest first, and one of them; `part=page` is the next rows."""
    part = request.GET.get("part")
    if public_id and part:
        return _chat_part(request, public_id, part, area="archive")
    frame = frame_of(request, area="archive")
    if not chats_in(frame).may_archive:
        raise Http404
    try:
        page = archived.page(
            frame.access, brand_id=frame.brand_id, after=request.GET.get("after", "")
        )
    except archived.BadCursor:
        raise Http404 from None
    context: dict[str, Any] = {
        "frame": frame,
        "page": page,
        "more_url": frame.home + frame.query(after=page.after, part="page") if page.after else "",
    }
    if part == "page":
        return render(request, "console/archive.html#rows", context)
    context["chat"] = _chat(request, frame.access, public_id, area="archive") if public_id else None
    return render(request, "console/archive.html", context)


def _list_part(request: HttpRequest) -> dict[str, Any]:
    frame = frame_of(request, area="chats")
    tab = chats_in(frame).tab
    found = chat_rows(
        frame.access, frame.agent, tab=tab, brand_id=frame.brand_id, now=timezone.now()
    )
    return {"frame": frame, "groups": group_rows(found, tab, brand_id=frame.brand_id)}


def _chat(request: HttpRequest, access: Access, public_id: str, *, area: str) -> Chat:
    try:
        conversation = find_chat(access, public_id)
    except Conversation.DoesNotExist:
        raise Http404 from None
    # Which list it was opened from: links of the fragment lead back there.
    kept = {name: request.GET[name] for name in ("tab", "brand") if request.GET.get(name)}
    return chat_of(signed_in(request), access, conversation, area=area, kept=kept)


def _chat_part(request: HttpRequest, public_id: str, part: str, *, area: str) -> HttpResponse:
    template = {"chat": "console/chat.html", "head": "console/chat.html#update"}.get(part)
    if template is None:
        raise Http404
    access = access_of(signed_in(request))
    try:
        shown = _chat(request, access, public_id, area=area)
    except Http404:
        told = what_became(access, public_id)
        # It was theirs until now: nothing went wrong, and no browser is to complain of it.
        response = HttpResponse(status=204 if told else 404)
        response[TOLD_HEADER] = json.dumps(told)
        return response
    return render(request, template, {"chat": shown, "beside": part == "head"})
