"""What agents do to chats from the console: one checked fetch, one operation, one answer.

Answers are fragments, or nothing, with events in a header that the page's scripts hear.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.access import Access, access_of
from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast, with_events
from agents.models import Agent, Topic
from chat.console.frame import offer_shown
from chat.models import Conversation, Offer
from chat.operations.assignment import AlreadyTaken, AtCapacity, NotOnline, accept
from chat.operations.conversations import (
    AlreadyOpen,
    AlreadyResolved,
    NotAssigned,
    NotEnded,
    TopicNeeded,
    WrongTopic,
    reopen_conversation,
    set_topic,
)
from chat.operations.drafts import InvalidDraft, save_draft
from chat.operations.offers import decline
from chat.operations.undo import press_end, press_resolve
from chat.queries.chat_list import open_chats
from chat.queries.gone import what_became
from chat.queries.on_duty import open_offers
from chat.queries.panel import find_chat, topics
from chat.queries.people import face_of
from chat.refusals import refusal_text
from chat.rights import NotAuthorised, may_answer, may_handle
from config.text.cleaning import key_of
from config.text.folding import fold

# How many of the queue to try when others take chats at the same moment.
TRIES = 20


@login_required
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Give the agent the chat that waits longest."""
    agent = signed_in(request)
    access = access_of(agent)
    brand = key_of(request.GET.get("brand"))
    waiting = open_chats(access, brand_id=brand or None).in_line(timezone.now())
    for conversation in waiting.in_order()[:TRIES]:
        if not may_answer(access, conversation):
            continue
        try:
            accept(conversation=conversation, agent=agent, now=timezone.now())
        except (AlreadyTaken, NotAuthorised):
            continue
        except (AtCapacity, NotOnline) as error:
            return answer_toast(refusal_text(error))
        return answer_events({"console:open": {"id": conversation.public_id}})
    return answer_toast(_("Nobody is waiting."), **{"console:refresh": {}})


@login_required
@require_POST
def take(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give the agent a queued chat."""
    agent = signed_in(request)
    conversation = answerable_or_404(access_of(agent), public_id)
    try:
        accept(conversation=conversation, agent=agent, now=timezone.now())
    except (AlreadyTaken, AtCapacity, NotAuthorised, NotOnline) as error:
        text = _why_not(error, agent, public_id)
        return answer_toast(about(conversation, text), **{"console:refresh": {}})
    return answer_events({"console:open": {"id": conversation.public_id}})


def _why_not(error: Exception, agent: Agent, public_id: str) -> str:
    """Return who was faster, or what else keeps the agent from taking a chat."""
    told = what_became(access_of(agent), public_id) if isinstance(error, AlreadyTaken) else ""
    return told or refusal_text(error)


@login_required
@never_cache
@require_GET
def offers(request: HttpRequest) -> HttpResponse:
    """Show the chats that ring at the agent now."""
    shown = [offer_shown(offer) for offer in open_offers(signed_in(request))]
    return render(request, "console/offers.html", {"offers": shown})


@login_required
@require_POST
def answer_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or decline a chat that rings."""
    agent = signed_in(request)
    offer = get_object_or_404(
        Offer.objects.select_related("conversation__visitor", "conversation__contact"),
        pk=pk,
        agent=agent,
    )
    chat = offer.conversation
    # It may have rung before a role was taken away.
    if not may_answer(access_of(agent), chat):
        raise Http404
    events: dict[str, Any] = {}
    if request.POST.get("answer") == "accept":
        try:
            accept(conversation=chat, agent=agent, now=timezone.now())
            events = {"console:open": {"id": chat.public_id}}
        except (AlreadyTaken, AtCapacity, NotAuthorised, NotOnline) as error:
            text = about(chat, _why_not(error, agent, chat.public_id))
            events = {"console:toast": {"text": text}, "console:refresh": {}}
    else:
        decline(conversation=chat, agent=agent, now=timezone.now())
    shown = [offer_shown(each) for each in open_offers(agent)]
    return with_events(render(request, "console/offers.html", {"offers": shown}), events)


@login_required
@require_POST
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    """End a chat that the agent handles."""
    agent = signed_in(request)
    conversation = handleable_or_404(access_of(agent), public_id)
    try:
        press_end(conversation=conversation, by=agent, now=timezone.now())
    except (NotAssigned, NotAuthorised) as error:
        return answer_toast(about(conversation, refusal_text(error)), **{"console:refresh": {}})
    return answer_events({"console:due": {}, "console:changed": {"id": public_id}})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def resolve(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask for the topic, and put the chat into the archive under it."""
    ask = {"url": reverse("console-resolve", args=[public_id]), "button": _("Resolve")}
    return with_topic(
        request, public_id, do=press_resolve, tell="console:resolved", ask=ask, is_end=True
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def topic(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask what an unresolved chat is about, and note it."""
    ask = {"url": reverse("console-topic", args=[public_id]), "button": _("Set topic")}
    return with_topic(request, public_id, do=set_topic, tell="console:changed", ask=ask)


def with_topic(
    request: HttpRequest,
    public_id: str,
    *,
    do: Callable[..., Any],
    tell: str,
    ask: dict[str, str],
    is_end: bool = False,
) -> HttpResponse:
    """Ask for a topic; once one is chosen, `do` it with the chat and `tell` the page.

    At the end of a chat none may be chosen, where its brand asks for none.
    """
    agent = signed_in(request)
    conversation = handleable_or_404(access_of(agent), public_id)
    error = ""
    may_skip = is_end and not conversation.brand.needs_topic
    if request.method == "POST":
        chosen = chosen_topic(request, conversation)
        if chosen or (may_skip and not request.POST.get("topic")):
            try:
                do(conversation=conversation, topic=chosen, by=agent, now=timezone.now())
            except (
                WrongTopic,
                TopicNeeded,
                NotAssigned,
                NotAuthorised,
                AlreadyResolved,
            ) as failure:
                return answer_toast(
                    about(conversation, refusal_text(failure)), **{"console:refresh": {}}
                )
            return answer_events({tell: {"id": public_id}})
        error = _("Choose a topic.")
    return topic_dialog(request, conversation, error=error, may_skip=may_skip, **ask)


def chosen_topic(request: HttpRequest, conversation: Conversation) -> Topic | None:
    """Return the topic that the form names, if it is one of the chat's brand."""
    key = key_of(request.POST.get("topic"))
    return Topic.objects.filter(pk=key, brand=conversation.brand_id, is_active=True).first()


def topic_dialog(
    request: HttpRequest,
    conversation: Conversation,
    *,
    url: str,
    button: str,
    error: str,
    may_skip: bool,
) -> HttpResponse:
    """Show the topics to choose from; what the visitor chose is chosen already."""
    context = {
        "topics": [
            {"id": pk, "name": name, "search": fold(name)} for pk, name in topics(conversation)
        ],
        "chosen": conversation.topic_id or conversation.chosen_topic_id,
        "url": url,
        "button": button,
        "error": error,
        "may_skip": may_skip,
    }
    return render(request, "console/topic.html", context)


@login_required
@require_POST
def reopen(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go on with an ended chat."""
    agent = signed_in(request)
    conversation = answerable_or_404(access_of(agent), public_id)
    try:
        reopen_conversation(conversation=conversation, by=agent, now=timezone.now())
    except (NotEnded, AlreadyOpen, AtCapacity, NotAuthorised, NotOnline) as error:
        conversation.refresh_from_db()
        # A second press finds done what it asks for.
        is_done = conversation.is_open and conversation.assignee_id == agent.pk
        if not is_done:
            return answer_toast(about(conversation, refusal_text(error)), **{"console:refresh": {}})
    return answer_events({"console:open": {"id": public_id}})


@login_required
@require_POST
def draft(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep what the agent has begun to write."""
    agent = signed_in(request)
    try:
        save_draft(
            conversation=visible_or_404(access_of(agent), public_id),
            agent=agent,
            text=request.POST.get("text", ""),
            mode=request.POST.get("mode", "reply"),
        )
    except InvalidDraft:
        return HttpResponse(status=400)
    return HttpResponse(status=204)


def visible_or_404(access: Access, public_id: str) -> Conversation:
    """Return the conversation if the agent may see it; else it is not found."""
    try:
        return find_chat(access, public_id)
    except Conversation.DoesNotExist:
        raise Http404 from None


def handleable_or_404(access: Access, public_id: str) -> Conversation:
    """Return a chat that the agent may end, resolve or give a topic; else it is not found."""
    conversation = visible_or_404(access, public_id)
    if not may_handle(access, conversation):
        raise Http404
    return conversation


def answerable_or_404(access: Access, public_id: str) -> Conversation:
    """Return a conversation that the agent may take or reopen; else it is not found."""
    conversation = visible_or_404(access, public_id)
    if not may_answer(access, conversation):
        raise Http404
    return conversation


def about(conversation: Conversation, text: str) -> str:
    """Return a sentence with the customer's name before it: by then another may be looked at."""
    return f"{face_of(conversation).name}: {text}"
