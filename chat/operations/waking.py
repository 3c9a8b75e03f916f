"""Chats without a slot in which a visitor writes again: they reach somebody."""

from contextlib import suppress
from datetime import datetime

from agents.access import access_of
from agents.models import Agent, Status
from agents.presence import is_present
from chat.events.lifecycle import ConversationChanged
from chat.locks import Moved, lock_agent, lock_conversation, starting_again
from chat.models import Conversation, Entry
from chat.operations.assignment import has_room, put_in_queue
from chat.operations.changes import name_agent
from chat.operations.conversations import (
    AlreadyOpen,
    NotEnded,
    TooLate,
    reopen_conversation,
)
from chat.operations.entries import NewLine, append
from chat.operations.holding import have_rules_look, last_word
from chat.operations.parking import wake_parked
from chat.rights import may_answer
from chat.routing import rule_hooks
from config.events import publish

_WOKE = "woke"


def wake_conversation(*, conversation_id: int, now: datetime) -> None:
    """Let what a visitor wrote in a chat without a slot reach somebody.

    A waiting chat gets a slot of its agent, else the head of the queue, or the end of it where
    nobody ever had it; a resolved one is reopened, unless it has a ticket, which gets the words
    (`add_to_ticket`).
    """
    found = Conversation.objects.select_related("visitor", "ticket")
    chat = found.filter(pk=conversation_id).first()
    if chat is None:
        # Gone by now: demo data that was purged.
        return
    if chat.status == Conversation.Status.WAITING:
        _wake(conversation_id, now)
    elif chat.status == Conversation.Status.RESOLVED:
        if chat.ticket is None or chat.ticket.is_closed_net:
            with suppress(AlreadyOpen, NotEnded, TooLate):
                reopen_conversation(conversation=chat, by=chat.visitor, now=now)
        chat.refresh_from_db(fields=["held_until", "last_seq"])
        if chat.held_until is None and rule_hooks.holds(chat.brand_id, "updated"):
            # The words did not wait for rules, who see them all the same.
            have_rules_look(chat, begin=last_word(chat))


@starting_again
def _wake(conversation_id: int, now: datetime) -> None:
    chat = Conversation.objects.get(pk=conversation_id)
    agent_id = chat.assignee_id
    person = lock_agent(agent_id) if agent_id else None
    lock_conversation(chat)
    if chat.assignee_id != agent_id:
        raise Moved
    if chat.status != Conversation.Status.WAITING:
        return
    if chat.is_parked:
        wake_parked(chat, now=now)
    elif person and _keeps(person, chat, now) and has_room(person, chat):
        chat.status = Conversation.Status.ACTIVE
        chat.holds_slot = True
        chat.save(update_fields=["status", "holds_slot"])
        Agent.objects.filter(pk=person.pk).update(idle_since=now)
        append(chat, *_wake_lines(chat, person), now=now)
        publish(ConversationChanged.of(chat))
    else:
        put_in_queue(chat, by=None, now=now, at_head=True, reason=_WOKE)


def _wake_lines(chat: Conversation, agent: Agent) -> list[NewLine]:
    """Return the lines of a chat that waited for its visitor and goes on with its agent."""
    status = {"from": str(Conversation.Status.WAITING), "to": str(chat.status)}
    named = {**name_agent("from", agent), **name_agent("to", agent)}
    return [
        NewLine(kind=Entry.Kind.STATUS, data={**status, "because": _WOKE}),
        NewLine(kind=Entry.Kind.ASSIGNED, data={**named, "because": _WOKE}),
    ]


def _keeps(agent: Agent, chat: Conversation, now: datetime) -> bool:
    is_here = agent.status != Status.OFFLINE and is_present(agent.pk, now)
    return is_here and may_answer(access_of(agent), chat)
