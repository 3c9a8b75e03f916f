"""Facts about the life of a chat, from the queue to the archive, and who hears them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from agents.events import agent_group, desk_group
from chat.events.groups import thread_group, visitor_group
from chat.models import Conversation
from config.events import Delivery, Event


@dataclass(frozen=True, kw_only=True)
class ChatEvent(Event):
    """Something happened to one chat."""

    conversation_id: int
    public_id: str
    brand_id: int
    status: str
    assignee_id: int | None
    # The secret's hash, which names the visitor's group; empty for a chat without a visitor.
    visitor: str
    # Only whoever started it hears of it.
    is_rehearsal: bool = False

    @classmethod
    def of(cls, conversation: Conversation, **more: Any) -> Self:
        """Return the event about `conversation` as it stands now."""
        return cls(
            conversation_id=conversation.pk,
            public_id=conversation.public_id,
            brand_id=conversation.brand_id,
            status=conversation.status,
            assignee_id=conversation.assignee_id,
            visitor=conversation.visitor.secret_hash[:32] if conversation.visitor else "",
            is_rehearsal=conversation.kind == Conversation.Kind.REHEARSAL,
            **more,
        )

    def _to_visitor(self, name: str, **data: Any) -> Iterable[Delivery]:
        if self.visitor:
            yield Delivery.of_event(
                visitor_group(self.visitor), name, conversation=self.public_id, **data
            )

    def _to_agents(
        self, name: str, *agent_ids: int | None, touches: bool = False, **data: Any
    ) -> Iterable[Delivery]:
        """Return what agents hear; `touches` when it may change who follows the chat."""
        for agent_id in agent_ids:
            if agent_id is not None:
                yield Delivery.of_event(
                    agent_group(agent_id),
                    name,
                    touched=[self.public_id] if touches else (),
                    conversation=self.public_id,
                    brand=str(self.brand_id),
                    **data,
                )

    def _changed_to_agents(self, agent_id: int | None, **data: Any) -> Iterable[Delivery]:
        yield from self._to_agents("conversation.changed", agent_id, touches=True, **data)

    def _left_to_agents(self, previous_id: int | None, **data: Any) -> Iterable[Delivery]:
        """Return what whoever had the chat until now hears: it rings there no longer."""
        yield from self._changed_to_agents(previous_id, status=self.status, left=True, **data)

    def _to_watchers(self, **data: Any) -> Delivery:
        return Delivery.of_event(
            thread_group(self.conversation_id),
            "conversation.changed",
            touched=[self.public_id],
            conversation=self.public_id,
            brand=str(self.brand_id),
            **data,
        )

    def _list_changed(self) -> Delivery:
        return Delivery.of_event(
            desk_group(self.brand_id), "list.changed", brand=str(self.brand_id)
        )


@dataclass(frozen=True, kw_only=True)
class ConversationQueued(ChatEvent):
    """A chat stands in the queue and may be offered; `previous_id` had it until now."""

    name: ClassVar[str] = "conversation.queued"
    urgent: ClassVar[bool] = True

    previous_id: int | None = None

    def deliveries(self) -> Iterable[Delivery]:
        """Return the alert for the desk, and what the visitor's and last agent's screens show."""
        if self.previous_id is not None:
            yield from self._to_visitor("conversation.changed", status=self.status)
            yield self._to_watchers(status=self.status)
        yield from self._left_to_agents(self.previous_id)
        if self.is_rehearsal:
            return
        yield Delivery.of_event(
            desk_group(self.brand_id),
            self.name,
            conversation=self.public_id,
            brand=str(self.brand_id),
        )
        yield self._list_changed()


@dataclass(frozen=True, kw_only=True)
class ConversationAssigned(ChatEvent):
    """A chat has an agent. `agent` is what the visitor may know of the person."""

    name: ClassVar[str] = "conversation.assigned"

    previous_id: int | None
    agent: dict[str, str]
    # True when the agent did not ask for it: this is what rings.
    automatic: bool
    # How agents call the customer of a chat that a colleague had; else "".
    customer: str = ""

    def deliveries(self) -> Iterable[Delivery]:
        """Return who learns of the new assignee; whoever watches may have lost the right to."""
        yield from self._to_agents(
            self.name,
            self.assignee_id,
            touches=True,
            agent=self.agent,
            automatic=self.automatic,
            transferred=self.previous_id is not None,
            customer=self.customer,
        )
        yield from self._left_to_agents(self.previous_id)
        yield self._to_watchers(status=self.status)
        yield from self._to_visitor(self.name, agent=self.agent)
        yield self._list_changed()


@dataclass(frozen=True, kw_only=True)
class ConversationChanged(ChatEvent):
    """Status, topic or outcome of a chat changed without one of the events above and below."""

    name: ClassVar[str] = "conversation.changed"

    previous_id: int | None = None
    outcome: str = ""

    def deliveries(self) -> Iterable[Delivery]:
        """Return who shows the chat."""
        change = {"status": self.status, "outcome": self.outcome}
        yield from self._changed_to_agents(self.assignee_id, **change)
        if self.previous_id != self.assignee_id:
            yield from self._left_to_agents(self.previous_id, outcome=self.outcome)
        yield self._to_watchers(**change)
        yield from self._to_visitor("conversation.changed", status=self.status)
        yield self._list_changed()


@dataclass(frozen=True, kw_only=True)
class FormOffered(ChatEvent):
    """A visitor in line is offered the offline form, or None: it is taken back."""

    name: ClassVar[str] = "conversation.form_offered"

    form: str | None

    def deliveries(self) -> Iterable[Delivery]:
        """Return what the visitor's screens show."""
        yield from self._to_visitor("conversation.changed", status=self.status, form=self.form)


@dataclass(frozen=True, kw_only=True)
class ConversationLate(ChatEvent):
    """A customer waits too long for an answer: alerts the agent first, then supervisors."""

    name: ClassVar[str] = "conversation.late"

    customer: str
    agent: str
    since: str
    is_first: bool
    supervisor_ids: tuple[int, ...] = ()

    def deliveries(self) -> Iterable[Delivery]:
        """Return the alert of the agent, and of supervisors, who also hear whose chat it is.

        Nobody's ("") is a chat that nobody took.
        """
        wait: dict[str, Any] = {"customer": self.customer, "since": self.since}
        if self.is_first:
            yield from self._to_agents(self.name, self.assignee_id, **wait)
        yield from self._to_agents(self.name, *self.supervisor_ids, agent=self.agent, **wait)


@dataclass(frozen=True, kw_only=True)
class ConversationParked(ConversationChanged):
    """A chat waits for its customer, without an agent and out of the line."""

    name: ClassVar[str] = "conversation.parked"


@dataclass(frozen=True, kw_only=True)
class ConversationLetGo(ChatEvent):
    """A chat in line that rules held for a moment may be offered again: nothing to see."""

    name: ClassVar[str] = "conversation.let_go"
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ConversationEnded(ConversationChanged):
    """A chat was ended by the visitor, an agent or the system."""

    name: ClassVar[str] = "conversation.ended"


@dataclass(frozen=True, kw_only=True)
class ConversationResolved(ConversationChanged):
    """A chat is in the archive; its slot is free."""

    name: ClassVar[str] = "conversation.resolved"
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ConversationReopened(ConversationChanged):
    """An ended chat goes on."""

    name: ClassVar[str] = "conversation.reopened"


@dataclass(frozen=True, kw_only=True)
class ConversationConverted(ConversationChanged):
    """A chat has a ticket, and goes on or stays in the archive."""

    name: ClassVar[str] = "conversation.converted"

    ticket_id: int


@dataclass(frozen=True, kw_only=True)
class ActDue(ChatEvent):
    """An end, resolve or conversion was pressed, undone, done or `dropped`: only screens care."""

    name: ClassVar[str] = "act.due"
    durable: ClassVar[bool] = False

    agent_id: int
    # What did not happen: its id, the customer, and because of what; None when all went well.
    dropped: dict[str, Any] | None = None

    def deliveries(self) -> Iterable[Delivery]:
        """Return what whoever pressed it hears, and who shows the chat."""
        yield from self._to_agents("undo.changed", self.agent_id, dropped=self.dropped)
        yield self._to_watchers(status=self.status)


@dataclass(frozen=True, kw_only=True)
class PartChanged(ChatEvent):
    """An agent joined a chat that another one has, or left it: only screens care."""

    name: ClassVar[str] = "conversation.part"
    durable: ClassVar[bool] = False

    agent_id: int

    def deliveries(self) -> Iterable[Delivery]:
        """Return what the agent hears: what may be said there has changed."""
        yield from self._changed_to_agents(self.agent_id, status=self.status)


@dataclass(frozen=True, kw_only=True)
class ConversationTagged(ChatEvent):
    """A tag was put on a chat or taken off: only who shows the chat sees that."""

    name: ClassVar[str] = "conversation.tagged"

    added: str = ""
    removed: str = ""

    def deliveries(self) -> Iterable[Delivery]:
        """Return who shows the chat."""
        yield self._to_watchers(status=self.status)


@dataclass(frozen=True, kw_only=True)
class RuleNotice(ChatEvent):
    """A rule tells agents something about a chat."""

    name: ClassVar[str] = "rule.notice"

    # Names it among all: one run of a rule may tell several things.
    key: str
    rule: str
    customer: str
    # The rule names a team, and nobody in it.
    to_team: bool = False
    # (agent, text)
    notices: tuple[tuple[int, str], ...]

    def deliveries(self) -> Iterable[Delivery]:
        """Return what each agent hears."""
        for agent_id, text in self.notices:
            told: dict[str, Any] = {"rule": self.rule, "customer": self.customer, "text": text}
            yield from self._to_agents(self.name, agent_id, **told)


@dataclass(frozen=True, kw_only=True)
class WindowOpened(Event):
    """A visitor opened the window of a brand that wants to hear that; nothing was said yet."""

    name: ClassVar[str] = "window.opened"

    brand_id: int
    # Names it among all.
    key: str
    page: str


@dataclass(frozen=True, kw_only=True)
class SlotFreed(Event):
    """An agent may take another chat."""

    name: ClassVar[str] = "slot.freed"
    urgent: ClassVar[bool] = True

    agent_id: int


@dataclass(frozen=True, kw_only=True)
class OfferMade(ChatEvent):
    """A chat rings at an agent."""

    name: ClassVar[str] = "offer.made"

    agent_id: int
    rings_until: str

    def deliveries(self) -> Iterable[Delivery]:
        """Return the ring of the agent's screens."""
        yield from self._to_agents(self.name, self.agent_id, rings_until=self.rings_until)
        yield self._list_changed()


@dataclass(frozen=True, kw_only=True)
class OfferWithdrawn(ChatEvent):
    """A chat no longer rings at an agent; `result` says what became of the offer."""

    name: ClassVar[str] = "offer.withdrawn"
    urgent: ClassVar[bool] = True

    agent_id: int
    result: str

    def deliveries(self) -> Iterable[Delivery]:
        """Return the end of ringing."""
        yield from self._to_agents(self.name, self.agent_id, result=self.result)
