"""Passing a chat on, to a colleague or to the queue of a team."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent, Team
from agents.presence import AgentHere, with_presence
from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.assignment import (
    PASSED_ON,
    AlreadyTaken,
    AtCapacity,
    NotOnline,
    give,
    put_in_queue,
)
from chat.operations.changes import change_team, name_agent
from chat.operations.conversations import NotAssigned
from chat.operations.entries import NewLine, append
from chat.rights import require_handling
from chat.routing.decision import Reason
from chat.routing.room import rooms_for, teams_for

REASON_MAX = 500


class HasEnded(Exception):
    """Only an open chat is passed on."""


class NotTheirs(Exception):
    """Routing would never give such a chat to that agent or team."""


@transaction.atomic
def transfer(
    *, conversation: Conversation, to: Agent | Team, by: Agent, now: datetime, reason: str = ""
) -> Conversation:
    """Pass a chat on that the assignee of `conversation` has; the start of its wait is kept.

    An agent gets it at once. In a team's queue it stands at the head, and goes back to whoever had
    it only after a while in which nobody else could take it. Raises `HasEnded`, `NotAssigned`,
    `AlreadyTaken` when somebody else has it by now, `NotAuthorised`, `NotTheirs`, and for an agent
    `NotOnline` or `AtCapacity`. Again: changes nothing.
    """
    giver_id = conversation.assignee_id
    receiver_id = to.pk if isinstance(to, Agent) else None
    # Both agents, then the chat: the lock order of live support.
    agents = Agent.objects.filter(pk__in=[pk for pk in (giver_id, receiver_id) if pk])
    locked = with_presence(agents, now).select_for_update(no_key=True, of=("self",))
    people = {agent.pk: agent for agent in locked}
    chat = lock_conversation(conversation)
    if _is_done(chat, to, giver_id):
        return chat
    if not chat.is_open:
        raise HasEnded
    if giver_id is None:
        raise NotAssigned
    if chat.assignee_id != giver_id:
        raise AlreadyTaken
    require_handling(by, chat)
    giver = name_agent("from", chat.assignee)
    if isinstance(to, Agent):
        person = people[to.pk]
        _require_room(person, chat)
        append(chat, _line(by, reason, giver, name_agent("to", person)), now=now)
        give(chat, person, automatic=True, why={}, now=now)
    else:
        if not teams_for(chat, now=now, team_ids=[to.pk]):
            raise NotTheirs
        named = {"team": to.name, "team_id": str(to.pk)}
        change_team(chat, to, by=by, now=now, because=PASSED_ON)
        append(chat, _line(by, reason, giver, named), now=now)
        chat.save(update_fields=["team"])
        put_in_queue(chat, by=by, now=now, at_head=True, reason=PASSED_ON)
    return chat


def _is_done(chat: Conversation, to: Agent | Team, giver_id: int | None) -> bool:
    """Return whether the locked chat is already where it shall go."""
    if isinstance(to, Agent):
        return chat.status == Conversation.Status.ACTIVE and chat.assignee_id == to.pk
    waits = chat.status == Conversation.Status.QUEUED and chat.team_id == to.pk
    return waits and chat.passed_by_id is not None and chat.passed_by_id == giver_id


def _require_room(person: AgentHere, chat: Conversation) -> None:
    """Check that routing itself could give the locked `person` the chat now."""
    [room] = rooms_for(chat, [person])
    if room.reason in {Reason.STATUS, Reason.NOT_PRESENT}:
        raise NotOnline
    if room.reason is not None:
        raise NotTheirs
    if room.free < 1:
        raise AtCapacity


def _line(by: Agent, reason: str, giver: Mapping[str, Any], receiver: Mapping[str, Any]) -> NewLine:
    return NewLine(
        kind=Entry.Kind.TRANSFERRED,
        author_kind=Entry.AuthorKind.AGENT,
        agent=by,
        data={**giver, **receiver, **({"reason": reason[:REASON_MAX]} if reason else {})},
    )
