"""Passing chats on, making tickets of them, tagging them and marking spam, from the console."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import Access, access_of
from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast
from agents.models import Agent, Team
from agents.operations.tags import InvalidTag
from agents.presence import online_agents
from chat.console.actions import (
    about,
    handleable_or_404,
    visible_or_404,
)
from chat.models import Conversation
from chat.operations.spam import clear_spam
from chat.operations.tags import TooManyTags, add_tag, remove_tag
from chat.operations.tickets import EmailNeeded
from chat.operations.transfers import REASON_MAX, transfer
from chat.operations.undo import press_convert, press_spam
from chat.queries.people import face_of
from chat.queries.tags import suggested_tags, tags_of
from chat.refusals import (
    TRANSFER_REFUSALS,
    explain_transfer,
    recipient_agent,
    recipient_team,
    refusal_text,
)
from chat.rights import NotAuthorised, may_file
from chat.routing.room import rooms_for, teams_for
from config.text.folding import fold


class TransferForm(forms.Form):
    """To whom ("agent:<id>" or "team:<key>"), and why."""

    to = forms.CharField(max_length=40)
    reason = forms.CharField(max_length=REASON_MAX, required=False)

    def recipient(self) -> Agent | Team | None:
        """Return the colleague or team that was chosen."""
        kind, _colon, key = self.cleaned_data.get("to", "").partition(":")
        return recipient_team(key) if kind == "team" else recipient_agent(key)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def pass_on(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask who shall have a chat, and pass it on."""
    agent = signed_in(request)
    conversation = handleable_or_404(access_of(agent), public_id)
    error = ""
    if request.method == "POST":
        form = TransferForm(request.POST)
        to = form.recipient() if form.is_valid() else None
        if to is not None:
            was_mine = conversation.assignee_id == agent.pk
            try:
                transfer(
                    conversation=conversation,
                    to=to,
                    by=agent,
                    now=timezone.now(),
                    reason=form.cleaned_data["reason"],
                )
            except TRANSFER_REFUSALS as refused:
                text = explain_transfer(refused)[1]
                return answer_toast(about(conversation, text), **{"console:refresh": {}})
            except NotAuthorised as refused:
                return answer_toast(
                    about(conversation, refusal_text(refused)), **{"console:refresh": {}}
                )
            text = about(conversation, _("transferred to {name}").format(name=to.name))
            if was_mine:
                return answer_events({"console:gone": {"id": public_id, "text": text}})
            return answer_toast(text, **{"console:changed": {"id": public_id}})
        error = _("Choose who gets the chat.")
    context = {"error": error, "reason": request.POST.get("reason", "")}
    return render(request, "console/transfer.html", context | _recipients(conversation))


def _recipients(conversation: Conversation) -> dict[str, Any]:
    """Return the teams and Online colleagues that could take a chat."""
    now = timezone.now()
    colleagues = online_agents(now).exclude(pk=conversation.assignee_id or 0)
    rooms = [room for room in rooms_for(conversation, colleagues) if room.reason is None]
    return {
        "id": conversation.public_id,
        "reason_max": REASON_MAX,
        "teams": [
            {
                "value": f"team:{room.team.pk}",
                "name": room.team.name,
                "search": fold(room.team.name),
                "note": _("{n} online").format(n=room.online),
            }
            for room in teams_for(conversation, now=now)
        ],
        "agents": [
            {
                "value": f"agent:{room.agent.public_id}",
                "name": room.agent.name,
                "search": fold(room.agent.name),
                "note": _slots(room.free),
                "is_full": room.free < 1,
            }
            for room in sorted(rooms, key=lambda room: (room.agent.sort_name, room.agent.pk))
        ],
    }


def _slots(free: int) -> str:
    free = max(free, 0)
    return ngettext("{n} free slot", "{n} free slots", free).format(n=free)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def convert(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a ticket of a chat; asks for the address when nobody knows it."""
    agent = signed_in(request)
    conversation = fileable_or_404(access_of(agent), public_id)
    email = request.POST.get("email", "").strip()
    error = ""
    if email:
        try:
            email = forms.EmailField(max_length=254).clean(email)
        except ValidationError:
            error = _("Please check the e-mail address.")
    if request.method == "POST" and not error:
        try:
            press_convert(conversation=conversation, by=agent, now=timezone.now(), email=email)
        except EmailNeeded as refused:
            error = refusal_text(refused)
        except NotAuthorised as refused:
            return answer_toast(
                about(conversation, refusal_text(refused)), **{"console:refresh": {}}
            )
        else:
            return answer_events({"console:due": {}, "console:changed": {"id": public_id}})
    context = {
        "id": public_id,
        "name": face_of(conversation).name,
        "email": email,
        "error": error,
    }
    return render(request, "console/convert.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tags(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a tag on a chat or take one off; GET suggests some for what is typed."""
    agent = signed_in(request)
    conversation = fileable_or_404(access_of(agent), public_id)
    if request.method == "GET":
        suggested = suggested_tags(request.GET.get("q", ""), beside=conversation)
        return render(request, "console/tags.html#suggested", {"tags": suggested})
    error = ""
    try:
        if word := request.POST.get("remove", ""):
            remove_tag(conversation=conversation, name=word, by=agent, now=timezone.now())
        else:
            word = request.POST.get("add", "")
            add_tag(conversation=conversation, name=word, by=agent, now=timezone.now())
    except (InvalidTag, TooManyTags) as refused:
        error = refusal_text(refused)
    except NotAuthorised as refused:
        return answer_toast(about(conversation, refusal_text(refused)), **{"console:refresh": {}})
    context = {"id": public_id, "tags": tags_of(conversation), "may_tag": True, "error": error}
    return render(request, "console/tags.html", context)


@login_required
@require_POST
def spam(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mark a chat as spam, in a moment."""
    agent = signed_in(request)
    conversation = fileable_or_404(access_of(agent), public_id)
    try:
        press_spam(conversation=conversation, by=agent, now=timezone.now())
    except NotAuthorised as refused:
        return answer_toast(about(conversation, refusal_text(refused)), **{"console:refresh": {}})
    if conversation.status == Conversation.Status.RESOLVED:
        return answer_events({"console:due": {}, "console:changed": {"id": public_id}})
    return answer_events({"console:resolved": {"id": public_id}})


@login_required
@require_POST
def not_spam(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the mark off again."""
    agent = signed_in(request)
    conversation = fileable_or_404(access_of(agent), public_id)
    try:
        clear_spam(conversation=conversation, by=agent, now=timezone.now())
    except NotAuthorised as refused:
        return answer_toast(about(conversation, refusal_text(refused)), **{"console:refresh": {}})
    return answer_events({"console:changed": {"id": public_id}})


def fileable_or_404(access: Access, public_id: str) -> Conversation:
    """Return a chat that the agent may tag or make a ticket of, also one of the archive."""
    conversation = visible_or_404(access, public_id)
    if not may_file(access, conversation):
        raise Http404
    return conversation
