"""The rehearsal: a test chat from the first word to the archive, each step timed.

A worker goes through it, on the ways of all chats: what does not come is waited for, and then told
in words. It asks again every half second.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import structlog
from django.db import transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.access import access_of
from agents.audit import record
from agents.models import Agent, Brand, Status, Topic
from agents.presence import present_agents
from automation.models import Cursor, Rehearsal
from automation.rules import book
from chat.events.lifecycle import ConversationQueued
from chat.models import Conversation, Entry
from chat.operations.assignment import AtCapacity, NotOnline
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.ratings import rate_conversation
from chat.operations.rehearsing import give_rehearsal, start_rehearsal
from chat.posting.messages import Author, Outgoing, Posted, post_message
from config.events import react_to
from config.outbox.operations import enqueue

log = structlog.get_logger(__name__)

REHEARSE = "automation.rehearse"
# How long each step may take.
PATIENCE = timedelta(seconds=10)
AGAIN = timedelta(seconds=0.5)
_NOTE_MAX = 120

STEPS: Mapping[str, str | Promise] = {
    "start": _("The customer writes"),
    "worker": _("A worker takes it up"),
    "alert": _("You are alerted and have the chat"),
    "reply": _("The automatic answer is said"),
    "answer": _("You answer"),
    "end": _("The chat ends"),
    "rate": _("The customer rates it"),
    "resolve": _("You resolve it"),
    "archive": _("It stands in the archive"),
}
REASONS: Mapping[str, str | Promise] = {
    "worker": _(
        "No worker has taken it up for ten seconds: nothing happens by itself here. Start the "
        "workers, then the rehearsal goes on."
    ),
    "offline": _("You are not Online: set your status in the console, then begin anew."),
    "away": _(
        "You are Online, but no console is open and no phone answers: open the console in "
        "another tab, then begin anew."
    ),
    "full": _("You have as many chats as allowed: end one, then begin anew."),
    "late": _("It did not come within ten seconds. The log of the server may say why."),
    "rules": _("The rules have not looked within ten seconds: the queue “rules” has no worker."),
    "error": _("This step failed. The log of the server says why."),
}


class Came(NamedTuple):
    """A step that came: after how long, and what to say of it."""

    seconds: float
    note: str = ""


@transaction.atomic
def begin_rehearsal(*, brand: Brand, by: Agent, now: datetime) -> Rehearsal:
    """Start a test chat of `brand` that only `by` hears of."""
    topics = Topic.objects.filter(brand=brand, is_active=True)
    topic = topics.order_by("position", "pk").first()
    began = perf_counter()
    with translation.override(by.language):
        text = gettext("This is a rehearsal: is anybody there?")
    chat = start_rehearsal(brand=brand, topic=topic, text=text, by=by, now=now)
    first = {"step": "start", "ms": _ms(perf_counter() - began), "note": ""}
    rehearsal = Rehearsal.objects.create(
        agent=by, brand=brand, conversation=chat, steps=[first], started_at=now, waits_since=now
    )
    record("rehearsal.started", brand, by=by)
    _ask_again(rehearsal, now)
    return rehearsal


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _ask_again(rehearsal: Rehearsal, at: datetime) -> None:
    key = f"rehearse:{rehearsal.pk}:{at.timestamp()}"
    enqueue(kind=REHEARSE, key=key, payload={"rehearsal": rehearsal.pk}, available_at=at)


def rehearse(payload: dict[str, Any]) -> None:
    """Outbox: go through the steps that come, and ask again for the one that doesn't yet."""
    rehearsal = Rehearsal.objects.select_related("agent", "conversation__brand").get(
        pk=payload["rehearsal"]
    )
    while rehearsal.state == Rehearsal.State.RUNNING:
        step = next_step(rehearsal)
        chat = Conversation.objects.select_related("visitor", "topic", "brand").get(
            pk=rehearsal.conversation_id
        )
        now = timezone.now()
        try:
            came = _DO[step](rehearsal, chat, now)
        except Exception:
            log.exception("rehearsal.failed", step=step)
            _fail(rehearsal, "error", now)
            return
        if came is not None:
            _note(rehearsal, step, came, now)
        elif now - rehearsal.waits_since > PATIENCE:
            _fail(rehearsal, _why_not(rehearsal, step, now), now)
        else:
            _ask_again(rehearsal, now + AGAIN)
            return


def next_step(rehearsal: Rehearsal) -> str:
    """Return the step that is waited for."""
    return list(STEPS)[len(rehearsal.steps)]


def _note(rehearsal: Rehearsal, step: str, came: Came, now: datetime) -> None:
    told = {"step": step, "ms": _ms(came.seconds), "note": came.note[:_NOTE_MAX]}
    rehearsal.steps = [*rehearsal.steps, told]
    rehearsal.waits_since = now
    if len(rehearsal.steps) == len(STEPS):
        rehearsal.state = Rehearsal.State.DONE
    rehearsal.save(update_fields=["steps", "waits_since", "state"])


def _fail(rehearsal: Rehearsal, reason: str, now: datetime) -> None:
    """Say why it stops, and leave no chat behind that takes a slot."""
    rehearsal.state, rehearsal.reason = Rehearsal.State.FAILED, reason
    rehearsal.save(update_fields=["state", "reason"])
    end_conversation(conversation=rehearsal.conversation, by=None, now=now)


def _why_not(rehearsal: Rehearsal, step: str, now: datetime) -> str:
    if step == "reply":
        return "rules"
    if step != "alert":
        return "late"
    agent = Agent.objects.get(pk=rehearsal.agent_id)
    if agent.status != Status.ONLINE:
        return "offline"
    if not present_agents(now).filter(pk=agent.pk).exists():
        return "away"
    try:
        give_rehearsal(conversation=rehearsal.conversation, to=agent, now=now)
    except AtCapacity:
        return "full"
    return "late"


def _first(chat: Conversation, kind: str) -> Entry | None:
    line: Entry | None = chat.entries.filter(kind=kind).order_by("seq").first()
    return line


def _since_start(chat: Conversation, line: Entry) -> float:
    return (line.created_at - chat.created_at).total_seconds()


def _worker(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    return Came((now - rehearsal.started_at).total_seconds())


def _alert(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    taken = _first(chat, Entry.Kind.ACCEPTED)
    return Came(_since_start(chat, taken)) if taken is not None else None


def _reply(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    said = _first(chat, Entry.Kind.BOT)
    if said is not None:
        return Came(_since_start(chat, said), said.body)
    is_asked = book.fresh_book().is_holding("incoming", chat.brand_id)
    looked = Cursor.objects.filter(conversation=chat, seq__gte=1, lease_until=None)
    if is_asked and not looked.exists():
        return None
    with translation.override(rehearsal.agent.language):
        return Came(0, gettext("Nothing is switched on that answers here."))


def _answer(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    began = perf_counter()
    with translation.override(chat.language):
        text = gettext("Yes, we are here. This is only a rehearsal.")
    words = Outgoing(
        chat.public_id,
        Author.of_agent(rehearsal.agent),
        text,
        str(uuid5(NAMESPACE_URL, f"imece:rehearsal:{rehearsal.pk}")),
    )
    posted = post_message(words, now=now)
    if not isinstance(posted, Posted):
        raise TypeError(posted)
    return Came(perf_counter() - began)


def _end(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    began = perf_counter()
    end_conversation(conversation=chat, by=rehearsal.agent, now=now)
    return Came(perf_counter() - began)


def _rate(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    began = perf_counter()
    rate_conversation(conversation=chat, score=5, comment="", now=now)
    return Came(perf_counter() - began)


def _resolve(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    began = perf_counter()
    resolve_conversation(conversation=chat, topic=chat.topic, by=rehearsal.agent, now=now)
    return Came(perf_counter() - began)


def _archive(rehearsal: Rehearsal, chat: Conversation, now: datetime) -> Came | None:
    began = perf_counter()
    seen = Conversation.objects.visible_to(access_of(rehearsal.agent))
    if not seen.filter(pk=chat.pk, status=Conversation.Status.RESOLVED).exists():
        return None
    return Came(perf_counter() - began)


type _Do = Callable[[Rehearsal, Conversation, datetime], Came | None]
_DO: Mapping[str, _Do] = {
    "worker": _worker,
    "alert": _alert,
    "reply": _reply,
    "answer": _answer,
    "end": _end,
    "rate": _rate,
    "resolve": _resolve,
    "archive": _archive,
}


def _queued(fact: dict[str, Any]) -> None:
    """A rehearsal stands in line: whoever started it gets it, if they are here and have room."""
    if not fact["is_rehearsal"]:
        return
    now = timezone.now()
    running = Rehearsal.objects.filter(conversation=fact["conversation_id"])
    rehearsal = running.select_related("agent", "conversation").first()
    if rehearsal is None or not present_agents(now).filter(pk=rehearsal.agent_id).exists():
        return
    try:
        give_rehearsal(conversation=rehearsal.conversation, to=rehearsal.agent, now=now)
    except (AtCapacity, NotOnline):
        log.info("rehearsal.not_given", rehearsal=rehearsal.pk)


react_to(ConversationQueued, _queued)
