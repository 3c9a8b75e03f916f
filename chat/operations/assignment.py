"""Giving chats to agents and taking them back, never past a limit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.access import access_of
from agents.actors import Rule
from agents.models import Agent, Permission, Status
from agents.presence import online_agents
from chat.events.lifecycle import (
    ConversationAssigned,
    ConversationQueued,
    SlotFreed,
)
from chat.locks import Moved, lock_agent, lock_conversation, lock_conversations, starting_again
from chat.models import Conversation, Entry, Participation
from chat.operations.changes import name_agent
from chat.operations.entries import NewLine, append, written_by
from chat.operations.holding import join_line
from chat.operations.offers import make_offer, withdraw_offers
from chat.queries.people import given_name
from chat.rights import NotAuthorised, require_answering
from chat.rights.visitors import public_agent
from chat.routing.candidates import as_candidates, load_of
from chat.routing.decision import Assignment, Decision, decide
from chat.routing.queue import offerable, read_queue
from chat.routing.room import free_slots
from config.events import publish

# Why a chat is in the queue again: its agent transferred it to a team.
PASSED_ON = "transferred"
_HELD_BY_AGENT = (Conversation.Status.ACTIVE, Conversation.Status.WAITING)


# Of more than so many who were left out for one reason, the line names these.
_NAMED = 3


class AlreadyTaken(Exception):
    """Somebody else was faster, or the chat has ended."""


class AtCapacity(Exception):
    """The agent has as many chats as allowed."""


class NotOnline(Exception):
    """Only an Online agent receives work."""


def route(*, now: datetime) -> Decision | None:
    """Offer the queue to the agents; None when nobody waits.

    The peek is unlocked: a chat that queues a moment later routes for itself.
    """
    return _route(now=now) if offerable(now).exists() else None


@starting_again
def _route(*, now: datetime) -> Decision:
    people = {
        agent.pk: agent for agent in online_agents(now).select_for_update(no_key=True, of=("self",))
    }
    load = load_of()
    candidates = as_candidates(people.values(), load)
    queue, policy = read_queue(offerable(now), load)
    decision = decide(queue=queue, candidates=candidates, policy=policy, now=now)
    if not decision.assignments:
        return decision
    wanted = [assignment.conversation_id for assignment in decision.assignments]
    chats = {chat.pk: chat for chat in lock_conversations(wanted)}
    # Taken, ringing elsewhere, or in another team's queue by now.
    again, _policy = read_queue(offerable(now).filter(pk__in=wanted), load)
    if again != [waiting for waiting in queue if waiting.id in chats] or len(again) < len(wanted):
        raise Moved
    for assignment in decision.assignments:
        chat, agent = chats[assignment.conversation_id], people[assignment.agent_id]
        why = _explained(decision, assignment, load.held, people)
        if assignment.ring_seconds:
            make_offer(chat, agent, seconds=assignment.ring_seconds, why=why, now=now)
        else:
            give(chat, agent, automatic=True, why=why, now=now)
    return decision


def _explained(
    decision: Decision,
    assignment: Assignment,
    held: Mapping[int, int],
    people: Mapping[int, Agent],
) -> dict[str, Any]:
    """Return what the timeline keeps of a decision: "why me?"."""
    why = decision.why(assignment.conversation_id)
    names: dict[str, list[str]] = {}
    for agent_id, reason in sorted(why.items(), key=lambda one: people[one[0]].sort_name):
        names.setdefault(str(reason), []).append(people[agent_id].name)
    return {
        "routing": {
            "open": held[assignment.agent_id],
            "left_out": {reason: len(names[reason]) for reason in sorted(names)},
            "names": {reason: names[reason][:_NAMED] for reason in sorted(names)},
        }
    }


@transaction.atomic
def accept(*, conversation: Conversation, agent: Agent, now: datetime) -> Conversation:
    """Take a queued chat, also one that rules hold; of several at once exactly one gets it.

    Raises `NotAuthorised`, `NotOnline`, `AtCapacity` or `AlreadyTaken`; accepting one's own chat
    again is fine.
    """
    person = lock_agent(agent.pk)
    chat = lock_conversation(conversation)
    if chat.status == Conversation.Status.ACTIVE and chat.assignee_id == person.pk:
        return chat
    if chat.status != Conversation.Status.QUEUED:
        raise AlreadyTaken
    require_answering(person, chat)
    require_room(person, chat)
    withdraw_offers(chat, now=now, accepted_by=person.pk)
    give(chat, person, automatic=False, why={}, now=now)
    return chat


@transaction.atomic
def assign_conversation(
    *, conversation: Conversation, to: Agent, by: Agent | Rule | None, now: datetime
) -> Conversation:
    """Give an open chat to an Online agent with a free slot, also when somebody has it now.

    Raises `NotOnline`, `NotAuthorised`, `AtCapacity`, or `AlreadyTaken` when it has ended.
    """
    person = lock_agent(to.pk)
    chat = lock_conversation(conversation)
    if chat.assignee_id == person.pk and chat.status == Conversation.Status.ACTIVE:
        return chat
    if not chat.is_open:
        raise AlreadyTaken
    if not access_of(person).may_in(Permission.CHAT, chat.brand_id, chat.channel):
        raise NotAuthorised
    require_room(person, chat)
    withdraw_offers(chat, now=now, accepted_by=person.pk)
    if chat.assignee_id is not None or (by is not None and by != person):
        kind = Entry.Kind.TRANSFERRED if chat.assignee_id else Entry.Kind.ASSIGNED
        data = {**name_agent("from", chat.assignee), **name_agent("to", person)}
        append(chat, written_by(by, kind=kind, data=data), now=now)
    give(chat, person, automatic=by != person, why={}, now=now)
    return chat


@transaction.atomic
def requeue(
    *,
    conversation: Conversation,
    by: Agent | None,
    now: datetime,
    at_head: bool = True,
    reason: str = "returned",
) -> Conversation:
    """Take an agent's chat back into the queue; the start of the wait is kept.

    A chat whose agent vanished returns to that agent if it is still unassigned by then.
    """
    chat = lock_conversation(conversation)
    if chat.status in _HELD_BY_AGENT:
        put_in_queue(chat, by=by, now=now, at_head=at_head, reason=reason)
    return chat


def require_room(agent: Agent, chat: Conversation) -> None:
    """Check that `agent`, whose row is locked, is Online and may hold one more chat like `chat`."""
    if agent.status != Status.ONLINE or not agent.is_active:
        raise NotOnline
    if not has_room(agent, chat):
        raise AtCapacity


def has_room(agent: Agent, chat: Conversation) -> bool:
    """Return whether `agent`, whose row is locked, may hold `chat` within the limit."""
    return free_slots(chat, agent) > 0


def put_in_queue(
    chat: Conversation,
    *,
    by: Agent | None,
    now: datetime,
    at_head: bool,
    reason: str,
    held_until: datetime | None = None,
) -> None:
    """Move a locked chat to the queue, tell its visitor, and free the slot it held.

    With `held_until` it will stand there once rules have looked, or then.
    """
    previous = chat.assignee
    chat.status = Conversation.Status.QUEUED
    chat.assignee = None
    # Of a chat that waited without an agent: who had it before that.
    before = previous or chat.returning_to
    chat.returning_to = before if reason in {"vanished", "woke"} else None
    is_passed = reason == PASSED_ON
    chat.passed_by, chat.passed_at = (previous, now) if is_passed else (None, None)
    chat.queued_at = None if held_until else chat.queued_at or now
    chat.held_until = held_until
    chat.form_offered = ""
    freed, chat.holds_slot = chat.holds_slot, False
    if at_head and not chat.is_at_head:
        chat.priority += Conversation.HEAD
    chat.save(
        update_fields=[
            "status",
            "assignee",
            "returning_to",
            "passed_by",
            "passed_at",
            "queued_at",
            "held_until",
            "form_offered",
            "holds_slot",
            "priority",
        ]
    )
    if not held_until:
        line = NewLine(
            kind=Entry.Kind.QUEUED,
            author_kind=Entry.AuthorKind.AGENT if by else Entry.AuthorKind.SYSTEM,
            agent=by,
            data={"reason": reason, "at_head": chat.is_at_head, **name_agent("from", previous)},
        )
        append(chat, line, now=now)
        publish(ConversationQueued.of(chat, previous_id=previous.pk if previous else None))
    if freed and previous:
        publish(SlotFreed(agent_id=previous.pk))


def _waited(chat: Conversation, now: datetime) -> dict[str, str]:
    """Return how long the customer stood in line, as a clock shows it in any language."""
    seconds = int((now - chat.queued_at).total_seconds()) if chat.queued_at else 0
    if seconds < 1 or chat.accepted_at != now:
        return {}
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return {"waited": f"{head}:{rest:02}"}


def give(
    chat: Conversation, agent: Agent, *, automatic: bool, why: dict[str, Any], now: datetime
) -> None:
    """Make `agent` the assignee of a locked chat; agent and room are locked and checked."""
    join_line(chat, now=now)
    previous = chat.assignee
    kept_slot = chat.holds_slot
    chat.status = Conversation.Status.ACTIVE
    chat.assignee = agent
    chat.returning_to = chat.passed_by = chat.passed_at = None
    chat.holds_slot = True
    chat.accepted_at = chat.accepted_at or now
    if previous != agent:
        # Whoever had it was told how long the customer waits; this agent was not.
        chat.late_told_at = None
    if chat.is_at_head:
        chat.priority -= Conversation.HEAD
    chat.save(
        update_fields=[
            "status",
            "late_told_at",
            "assignee",
            "returning_to",
            "passed_by",
            "passed_at",
            "holds_slot",
            "accepted_at",
            "priority",
        ]
    )
    Agent.objects.filter(pk=agent.pk).update(idle_since=now)
    # Whoever has it does not take part beside somebody else.
    Participation.objects.taking_part(agent.pk).filter(conversation=chat).update(left_at=now)
    moved = previous is not None and previous.pk != agent.pk
    line = NewLine(
        kind=Entry.Kind.ACCEPTED,
        author_kind=Entry.AuthorKind.AGENT,
        agent=agent,
        data={
            "automatic": automatic,
            **name_agent("from", previous),
            **name_agent("to", agent),
            **why,
            **_waited(chat, now),
        },
    )
    append(chat, line, now=now)
    publish(
        ConversationAssigned.of(
            chat,
            previous_id=previous.pk if previous and moved else None,
            agent=public_agent(agent),
            automatic=automatic,
            customer=given_name(chat) if moved else "",
        )
    )
    if previous and moved and kept_slot:
        publish(SlotFreed(agent_id=previous.pk))
