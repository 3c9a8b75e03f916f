"""The life of a chat once it has begun: end, resolve, reopen, topic."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from agents.access import access_of
from agents.actors import Rule
from agents.models import Agent, Status, Team, Topic
from chat.events.lifecycle import (
    ConversationChanged,
    ConversationEnded,
    ConversationQueued,
    ConversationReopened,
    ConversationResolved,
    SlotFreed,
)
from chat.locks import (
    Moved,
    lock_agent,
    lock_conversation,
    lock_conversations,
    lock_visitor,
    starting_again,
)
from chat.models import Conversation, Entry, Visitor
from chat.operations.assignment import (
    AtCapacity,
    NotOnline,
    put_in_queue,
    require_room,
)
from chat.operations.changes import (
    SET,
    TOPIC,
    change_priority,
    change_team,
    change_topic,
    name_agent,
)
from chat.operations.closing import (
    CLOSED,
    LEFT,
    TIMED_OUT,
    Actor,
    close_chat,
    has_answered,
    line_by,
    outcome_of,
    why_ended,
    write_end,
)
from chat.operations.entries import NewLine, append
from chat.operations.holding import held_until, hold, last_word
from chat.operations.offers import withdraw_offers
from chat.operations.parking import leave_parked, parked_of
from chat.operations.tickets import promise_answer
from chat.rights import may_answer, require_answering, require_handling
from chat.routing.room import teams_for
from config.events import publish
from tickets.operations.safety_nets import reopen_net


class AlreadyOpen(Exception):
    """The visitor has an open chat with this brand."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(conversation.public_id)
        self.conversation = conversation


class NotAssigned(Exception):
    """Only a chat that an agent has can be ended or resolved by agents."""


class WrongTopic(Exception):
    """A chat is resolved with a topic of its own brand."""


class TopicNeeded(Exception):
    """The brand wants to know what each chat was about, and has topics for it."""


class WrongTeam(Exception):
    """Nobody of that team answers such chats: there it would wait for ever."""


class AlreadyResolved(Exception):
    """What a chat in the archive was about stays as it was resolved."""


class NotEnded(Exception):
    """Only an ended chat can be reopened."""


class TooLate(Exception):
    """The reopen window has closed."""


@transaction.atomic
def end_conversation(
    *,
    conversation: Conversation,
    by: Actor,
    now: datetime,
    outcome: str = "",
    because: str = "",
) -> Conversation:
    """End an open chat; ending it again changes nothing.

    With an agent it goes to wrap-up and keeps its slot. A visitor who leaves the queue abandons
    the chat. The system (`by` None) or a rule may name the `outcome` and why (`because`), and
    closes the chat for good. What remains as a ticket then is told by mail, unless a rule ends it,
    which has words of its own. For an agent raises `NotAuthorised`, or `NotAssigned` for a chat in
    the queue.
    """
    chat = lock_conversation(conversation)
    if not chat.is_open:
        return chat
    is_nobody = by is None or isinstance(by, Rule)
    is_late = is_nobody and outcome == Conversation.Outcome.TIMED_OUT
    why = LEFT if isinstance(by, Visitor) else TIMED_OUT if is_late else CLOSED
    because = because or why
    if isinstance(by, Agent):
        require_handling(by, chat)
        if chat.assignee_id is None:
            raise NotAssigned
    write_end(chat, by=by, because=because, now=now)
    if is_nobody or chat.assignee_id is None:
        spoke = is_nobody and chat.accepted_at is not None and has_answered(chat)
        otherwise = Conversation.Outcome.ANSWERED if spoke else Conversation.Outcome.ABANDONED
        ending = outcome_of(chat, otherwise=otherwise)
        close_chat(chat, outcome=outcome or ending, by=None, because=because, now=now)
        if not isinstance(by, Rule):
            promise_answer(chat, now=now)
        publish(ConversationResolved.of(chat, outcome=chat.outcome))
    else:
        chat.save(update_fields=["status", "held_until", "ended_at"])
        publish(ConversationEnded.of(chat))
    return chat


@transaction.atomic
def resolve_conversation(
    *, conversation: Conversation, topic: Topic | None, by: Agent, now: datetime
) -> Conversation:
    """Put a chat that an agent has, or had, in the archive under `topic`; frees its slot.

    Without one, where the brand asks for none, its topic stays. Raises `NotAuthorised`,
    `WrongTopic`, `TopicNeeded`, or `NotAssigned` for a chat in the queue. Again: changes nothing.
    """
    chat = lock_conversation(conversation)
    if chat.status == Conversation.Status.RESOLVED:
        return chat
    require_handling(by, chat)
    require_topic(chat, topic)
    if chat.assignee_id is None:
        raise NotAssigned
    because = CLOSED
    if chat.is_open:
        write_end(chat, by=by, because=because, now=now)
    else:
        because = why_ended(chat)
    if topic is not None:
        change_topic(chat, topic, by=by, now=now, because="resolved")
    outcome = outcome_of(chat, otherwise=Conversation.Outcome.ANSWERED)
    close_chat(chat, outcome=outcome, by=by, because=because, now=now)
    publish(ConversationResolved.of(chat, outcome=chat.outcome))
    return chat


def require_topic(chat: Conversation, topic: Topic | None) -> None:
    """Check that the chat may be resolved with `topic`. Raises `WrongTopic` or `TopicNeeded`."""
    if topic is None:
        if chat.brand.needs_topic:
            raise TopicNeeded
    elif topic.brand_id != chat.brand_id:
        raise WrongTopic


@transaction.atomic
def set_topic(
    *, conversation: Conversation, topic: Topic, by: Agent | Rule | None, now: datetime
) -> Conversation:
    """Say what a chat is about; its agent keeps it.

    One that waits then stands in the queue of the topic's teams, and rings nowhere else. Raises
    `WrongTopic`, `AlreadyResolved`, or for an agent `NotAuthorised`.
    """
    chat = lock_conversation(conversation)
    if topic.brand_id != chat.brand_id:
        raise WrongTopic
    if chat.status == Conversation.Status.RESOLVED:
        raise AlreadyResolved
    if isinstance(by, Agent):
        require_handling(by, chat)
    if chat.topic_id == topic.pk:
        return chat
    change_topic(chat, topic, by=by, now=now)
    change_team(chat, None, by=by, now=now, because=TOPIC)
    chat.save(update_fields=["topic", "team"])
    _let_routing_look(chat, now)
    return chat


@transaction.atomic
def set_team(
    *, conversation: Conversation, team: Team, by: Agent | Rule | None, now: datetime
) -> Conversation:
    """Say in whose line a chat stands; its agent keeps it.

    Raises `AlreadyResolved`, or `WrongTeam` when nobody there answers such chats.
    """
    chat = lock_conversation(conversation)
    if chat.status == Conversation.Status.RESOLVED:
        raise AlreadyResolved
    if chat.team_id == team.pk:
        return chat
    if not teams_for(chat, now=now, team_ids=[team.pk]):
        raise WrongTeam
    change_team(chat, team, by=by, now=now, because=SET)
    chat.save(update_fields=["team"])
    _let_routing_look(chat, now)
    return chat


@transaction.atomic
def set_priority(
    *, conversation: Conversation, priority: int, by: Agent | Rule | None, now: datetime
) -> Conversation:
    """Let a chat stand before or behind others in its line. Raises `AlreadyResolved`."""
    chat = lock_conversation(conversation)
    if chat.status == Conversation.Status.RESOLVED:
        raise AlreadyResolved
    change_priority(chat, priority, by=by, now=now)
    chat.save(update_fields=["priority"])
    publish(ConversationChanged.of(chat))
    return chat


def _let_routing_look(chat: Conversation, now: datetime) -> None:
    """Have a locked chat whose topic or team changed ring where it belongs now."""
    if chat.status == Conversation.Status.QUEUED and not chat.is_held(now):
        withdraw_offers(chat, now=now)
        publish(ConversationQueued.of(chat))
    else:
        publish(ConversationChanged.of(chat))


@starting_again
def reopen_conversation(*, conversation: Conversation, by: Actor, now: datetime) -> Conversation:
    """Let an ended chat go on: with its agent if there is room, else in the queue.

    An agent who reopens gets the chat. Raises `NotEnded`, `AlreadyOpen`, `TooLate` (visitors only,
    after the reopen window), and for an agent `NotAuthorised`, `NotOnline` or `AtCapacity`.
    """
    peek = Conversation.objects.get(pk=conversation.pk)
    person_id = by.pk if isinstance(by, Agent) else peek.assignee_id
    person = lock_agent(person_id) if person_id else None
    if peek.visitor_id:
        # Whom a new chat waits for, too: of the two only one becomes the visitor's open one.
        lock_visitor(peek.visitor_id)
    parked = parked_of(peek.visitor_id, peek.brand_id)
    if parked is not None:
        # Both in the order of their keys.
        lock_conversations([peek.pk, parked.pk])
    chat = lock_conversation(conversation)
    if chat.is_open:
        raise NotEnded
    if isinstance(by, Agent):
        require_answering(by, chat)
    elif chat.assignee_id != person_id:
        raise Moved
    if parked is not None:
        leave_parked(parked, now=now)
    _require_reopenable(chat, by, now)
    had_nobody = chat.outcome == Conversation.Outcome.TIMED_OUT and chat.accepted_at is None
    previous, held_slot, ended_as = chat.assignee, chat.holds_slot, chat.status
    goes_on = person is not None and _can_go_on(person, chat, by)
    chat.outcome = ""
    chat.ended_at = chat.resolved_at = chat.resolved_by = None
    chat.status = Conversation.Status.ACTIVE if goes_on else Conversation.Status.WAITING
    chat.assignee = person if goes_on else chat.assignee
    chat.holds_slot = goes_on
    chat.accepted_at = (chat.accepted_at or now) if goes_on else None
    if not goes_on:
        chat.queued_at = now
    chat.save(
        update_fields=[
            "outcome",
            "ended_at",
            "resolved_at",
            "resolved_by",
            "status",
            "assignee",
            "holds_slot",
            "accepted_at",
            "queued_at",
        ]
    )
    sides = {
        "from": str(ended_as),
        "to": str(Conversation.Status.ACTIVE if goes_on else Conversation.Status.QUEUED),
    }
    lines = [line_by(Entry.Kind.REOPENED, by, data=sides)]
    if person is not None and goes_on:
        named = {**name_agent("from", previous), **name_agent("to", person)}
        if person == previous:
            line = NewLine(kind=Entry.Kind.ASSIGNED, data={**named, "because": "reopened"})
        else:
            line = line_by(Entry.Kind.ACCEPTED, person, data={"automatic": False, **named})
        lines.append(line)
    append(chat, *lines, now=now)
    if chat.ticket is not None:
        reopen_net(ticket=chat.ticket, now=now)
    publish(ConversationReopened.of(chat, previous_id=previous.pk if previous else None))
    if previous and held_slot and goes_on and person != previous:
        publish(SlotFreed(agent_id=previous.pk))
    if not goes_on:
        held = held_until(chat.brand_id, "updated", now=now) if isinstance(by, Visitor) else None
        put_in_queue(chat, by=None, now=now, at_head=not had_nobody, reason="woke", held_until=held)
        if held:
            hold(chat, begin=last_word(chat))
    return chat


def _require_reopenable(chat: Conversation, by: Actor, now: datetime) -> None:
    window = timedelta(hours=settings.IMECE["REOPEN_HOURS"])
    if not isinstance(by, Agent) and chat.ended_at and now - chat.ended_at > window:
        raise TooLate
    others = Conversation.objects.filter(
        kind=Conversation.Kind.CUSTOMER,
        visitor=chat.visitor,
        brand=chat.brand,
        status__in=Conversation.OPEN,
    )
    if chat.visitor and (open_one := others.first()):
        raise AlreadyOpen(open_one)


def _can_go_on(person: Agent, chat: Conversation, by: Actor) -> bool:
    """Return whether the locked `person` takes the chat now; an agent who asks must be able to."""
    if not may_answer(access_of(person), chat):
        # Their roles have changed since they had it: they would not even see it.
        return False
    if chat.holds_slot and chat.assignee_id == person.pk and person.status != Status.OFFLINE:
        return True
    try:
        require_room(person, chat)
    except (NotOnline, AtCapacity):
        if isinstance(by, Agent):
            raise
        return False
    return True
