"""Facts about what is said, and who hears them."""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from typing import ClassVar

from chat.events.groups import thread_group
from config.events import Delivery, Event
from config.wire import event_frame, frames_content


@dataclass(frozen=True, kw_only=True)
class _Prepared(Event):
    """What the sockets hear is built by whoever publishes it, not from ids."""

    prepared: InitVar[Iterable[Delivery]] = ()

    def __post_init__(self, prepared: Iterable[Delivery]) -> None:
        object.__setattr__(self, "_prepared", tuple(prepared))

    def deliveries(self) -> Iterable[Delivery]:
        """Return them as they were built."""
        prepared: tuple[Delivery, ...] = self.__dict__["_prepared"]
        return prepared


@dataclass(frozen=True, kw_only=True)
class MessagesPosted(_Prepared):
    """Messages or notes were stored; one event per transaction, however many they are."""

    name: ClassVar[str] = "messages.posted"
    entry_ids: list[int]
    # Of customers' words alone nothing is looked up that only agents' can mean.
    from_agents: bool


@dataclass(frozen=True, kw_only=True)
class EntriesAppended(_Prepared):
    """Lines without words (accepted, ended …) were stored: only screens need to know."""

    name: ClassVar[str] = "entries.appended"
    durable: ClassVar[bool] = False
    conversation_id: int


@dataclass(frozen=True, kw_only=True)
class FactsAppended(_Prepared):
    """Lines were stored that no other event tells of: a rating, another topic or team."""

    name: ClassVar[str] = "facts.appended"
    conversation_id: int
    entry_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class ConversationWoke(Event):
    """The visitor wrote in a chat that holds no slot (waiting, resolved): routing must act."""

    name: ClassVar[str] = "conversation.woke"
    conversation_id: int


@dataclass(frozen=True, kw_only=True)
class TicketedWords(Event):
    """Something was said in a chat that has a ticket already: the ticket must hold it too."""

    name: ClassVar[str] = "messages.ticketed"
    conversation_id: int


@dataclass(frozen=True, kw_only=True)
class MarksMoved(_Prepared):
    """A side has read, or its screens have received, up to an entry."""

    name: ClassVar[str] = "marks.moved"
    durable: ClassVar[bool] = False
    conversation_id: int


@dataclass(frozen=True, kw_only=True)
class VisitorChanged(Event):
    """More is known of the visitor of these open chats (key and public id)."""

    name: ClassVar[str] = "visitor.changed"
    durable: ClassVar[bool] = False

    chats: tuple[tuple[int, str], ...]

    def deliveries(self) -> Iterable[Delivery]:
        """Return who shows the chats."""
        for pk, public_id in self.chats:
            frame = event_frame(self.name, {"conversation": public_id})
            yield Delivery(thread_group(pk), frames_content(frame))
