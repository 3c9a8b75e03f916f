"""Supervisors in chats that others have: join, leave, take over.

Whoever joined takes part beside the chat's agent and holds no slot. That is over when they leave,
when the chat becomes theirs (`give` in `assignment.py`), and when it ends (`write_end` in
`closing.py`): the line that tells of the one or the other says enough, and a reopened chat begins
with its agent alone. While the chat goes to another agent or back to the queue they stay.
"""

from datetime import datetime

from django.db import transaction

from agents.audit import record
from agents.models import Agent
from chat.events.lifecycle import PartChanged
from chat.locks import lock_agent, lock_conversation
from chat.models import Conversation, Entry, Participation
from chat.models.participation import ParticipationQuerySet
from chat.operations.assignment import AlreadyTaken, give, require_room
from chat.operations.changes import name_agent
from chat.operations.entries import append, written_by
from chat.operations.transfers import HasEnded
from chat.rights import require_answering, require_supervising
from config.events import publish


class NobodyElse(Exception):
    """Only a chat that another agent has is joined, whispered in or taken over."""


@transaction.atomic
def join(*, conversation: Conversation, by: Agent, now: datetime) -> Conversation:
    """Take part in a chat that another agent has, named to its visitor; again: changes nothing.

    Raises `HasEnded`, `NobodyElse`, or `NotAuthorised` for whoever doesn't supervise it.
    """
    chat = lock_conversation(conversation)
    if _part_of(chat, by).exists():
        return chat
    _require_another(chat, by)
    require_supervising(by, chat)
    Participation.objects.update_or_create(
        conversation=chat, agent=by, defaults={"joined_at": now, "left_at": None}
    )
    append(chat, written_by(by, kind=Entry.Kind.JOINED, data={}), now=now)
    record("conversation.joined", chat, by=by)
    publish(PartChanged.of(chat, agent_id=by.pk))
    return chat


@transaction.atomic
def leave(*, conversation: Conversation, by: Agent, now: datetime) -> Conversation:
    """Take part no longer in a chat that `by` joined; who did not changes nothing."""
    chat = lock_conversation(conversation)
    if _part_of(chat, by).update(left_at=now):
        append(chat, written_by(by, kind=Entry.Kind.LEFT, data={}), now=now)
        publish(PartChanged.of(chat, agent_id=by.pk))
    return chat


@transaction.atomic
def take_over(*, conversation: Conversation, by: Agent, now: datetime) -> Conversation:
    """Take a chat from the agent whom `conversation` names; again: changes nothing.

    Raises `HasEnded`, `NobodyElse`, `AlreadyTaken` when a third one has it by now, `NotAuthorised`
    for whoever doesn't supervise it or could not answer it, `NotOnline` or `AtCapacity`.
    """
    giver_id = conversation.assignee_id
    person = lock_agent(by.pk)
    chat = lock_conversation(conversation)
    if chat.is_open and chat.assignee_id == person.pk:
        return chat
    _require_another(chat, person)
    if chat.assignee_id != giver_id:
        raise AlreadyTaken
    require_supervising(person, chat)
    require_answering(person, chat)
    require_room(person, chat)
    data = {**name_agent("from", chat.assignee), **name_agent("to", person), "took": True}
    append(chat, written_by(person, kind=Entry.Kind.TRANSFERRED, data=data), now=now)
    give(chat, person, automatic=False, why={}, now=now)
    record("conversation.taken_over", chat, by=person, old=data["from"])
    return chat


def require_whispering(chat: Conversation, by: Agent) -> None:
    """Check that `by` may whisper to the agent of a chat.

    Raises `HasEnded`, `NobodyElse` or `NotAuthorised`. The hot path asks the same for itself:
    `may_whisper` in `chat/posting/outsiders.py`.
    """
    _require_another(chat, by)
    require_supervising(by, chat)


def _part_of(chat: Conversation, agent: Agent) -> ParticipationQuerySet:
    return Participation.objects.taking_part(agent.pk).filter(conversation=chat)


def _require_another(chat: Conversation, agent: Agent) -> None:
    """Check that a chat is open and that somebody else has it."""
    if not chat.is_open:
        raise HasEnded
    if chat.kind != Conversation.Kind.CUSTOMER or chat.assignee_id in {None, agent.pk}:
        raise NobodyElse
