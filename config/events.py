"""The only road from a commit to the outside.

An operation calls `publish(event)` inside its transaction. The event leaves by two doors:

* a row in the outbox, in the same transaction, from which workers react (rules, pushes, routing);
* after the commit, one send to the channel layer, best effort, content built once per audience.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from config.outbox.operations import (
    Apart,
    Row,
    nudge,
    queue_of,
    register,
    register_together,
    store,
)
from config.realtime.layer import announce
from config.wire import event_frame, frames_content

KIND, URGENT = "event", "event.urgent"
# Events that one call of a reaction gets: what goes ahead waits until they are done.
_TOGETHER = 32


class Delivery(NamedTuple):
    """What one group of sockets hears: `content` is delivered to every consumer in `group`."""

    group: str
    content: dict[str, Any]

    @classmethod
    def of_event(cls, group: str, name: str, /, touched: Sequence[str] = (), **data: Any) -> Self:
        """Return an `event` frame for a group; see `frames_content` for `touched`."""
        return cls(group, frames_content(event_frame(name, data), touched=touched))


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact that has happened. Fields are ids and plain values, never model instances."""

    name: ClassVar[str]
    # False for facts that only screens care about (read marks, drafts): they write no outbox row.
    durable: ClassVar[bool] = True
    # True for facts after which somebody who waits may be served: workers react to them first.
    urgent: ClassVar[bool] = False

    def deliveries(self) -> Iterable[Delivery]:
        """Return who hears it and what they hear; built once, before the commit."""
        return ()


type Reaction = Callable[[dict[str, Any]], None]
type ReactionToMany = Callable[[list[dict[str, Any]]], None]
_reactions: dict[str, list[Reaction]] = {}
_reactions_to_many: dict[str, list[ReactionToMany]] = {}


def react_to(event: type[Event], reaction: Reaction) -> None:
    """Call `reaction(fields)` in a worker after each committed `event` (at least once).

    All reactions share one row: what is slow or may fail only enqueues a row on a queue of its own,
    with a key made of the event's ids, so that it neither delays nor repeats the others.
    """
    reactions = _reactions.setdefault(event.name, [])
    if reaction not in reactions:
        reactions.append(reaction)


def react_to_many(event: type[Event], reaction: ReactionToMany) -> None:
    """Call `reaction` with the fields of several such events that wait one behind the other.

    For what happens so often that a statement for each is too much. Otherwise like `react_to`.
    """
    reactions = _reactions_to_many.setdefault(event.name, [])
    if reaction not in reactions:
        reactions.append(reaction)


def publish(*events: Event) -> None:
    """Announce events, in this order: outbox rows now, by one statement; sockets once the current
    transaction has committed.
    """
    _send(events)


# Apart from `publish`, which every caller has imported: tests have this one note what is published.
def _send(events: Sequence[Event]) -> None:
    rows = [
        Row(
            kind=URGENT if event.urgent else KIND,
            key=f"event:{uuid4().hex}",
            payload={"name": event.name, "data": asdict(event)},
        )
        for event in events
        if event.durable
    ]
    if rows:
        store(rows)
    deliveries = [
        (delivery.group, delivery.content) for event in events for delivery in event.deliveries()
    ]
    if deliveries or rows:
        transaction.on_commit(partial(_leave, deliveries, bool(rows)), robust=True)


def _leave(deliveries: list[tuple[str, dict[str, Any]]], durable: bool) -> None:
    if deliveries:
        announce(deliveries)
    if durable:
        nudge(queue_of(KIND))


def _react(payloads: list[dict[str, Any]]) -> None:
    """Call every reaction, also after one has failed; then the failures bring the row back."""
    name, facts = payloads[0]["name"], [payload["data"] for payload in payloads]
    errors: list[Exception] = []
    calls = [
        *(partial(reaction, fact) for reaction in _reactions.get(name, ()) for fact in facts),
        *(partial(reaction, facts) for reaction in _reactions_to_many.get(name, ())),
    ]
    for call in calls:
        try:
            call()
        except Exception as error:
            errors.append(error)
    if errors and len(facts) > 1:
        raise Apart from errors[0]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup(f"reactions to {name}", errors)


def _alike(payload: dict[str, Any]) -> str | None:
    name: str = payload["name"]
    return name if name in _reactions_to_many else None


def register_events() -> None:
    """Have workers react to what is published."""
    label = _("What follows from an event")
    register_together(KIND, _react, together=_TOGETHER, alike=_alike, label=label)
    label = _("What follows from an event that somebody waits for")
    register(URGENT, lambda payload: _react([payload]), ahead=True, label=label)


register_events()
