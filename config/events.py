"""The only road from a commit to the outside.

An operation calls `publish(event)` inside its transaction. The event leaves by two doors:

* a row in the outbox, in the same transaction, from which workers react (rules, pushes, routing);
* after the commit, one send to the channel layer, best effort, content built once per audience.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple
from uuid import uuid4

from django.db import transaction

from config.layers import announce
from config.outbox.operations import enqueue, register


class Ring(NamedTuple):
    """What one group of sockets hears: `content` is delivered to every consumer in `group`."""

    group: str
    content: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact that has happened. Fields are ids and plain values, never model instances."""

    name: ClassVar[str]
    # False for facts that only screens care about (read marks, drafts): they write no outbox row.
    durable: ClassVar[bool] = True

    def rings(self) -> Iterable[Ring]:
        """Return who hears it and what they hear; built once, before the commit."""
        return ()


type Reaction = Callable[[dict[str, Any]], None]
_reactions: dict[str, list[Reaction]] = {}


def react_to(event: type[Event], reaction: Reaction) -> None:
    """Call `reaction(fields)` in a worker after each committed `event` (at least once)."""
    _reactions.setdefault(event.name, []).append(reaction)


def publish(event: Event) -> None:
    """Announce `event`: outbox row now, sockets once the current transaction has committed."""
    if event.durable:
        enqueue(
            kind="event",
            key=f"event:{uuid4().hex}",
            payload={"name": event.name, "data": asdict(event)},
        )
    if rings := [(ring.group, ring.content) for ring in event.rings()]:
        transaction.on_commit(lambda: announce(rings), robust=True)


def _react(payload: dict[str, Any]) -> None:
    for reaction in _reactions.get(payload["name"], ()):
        reaction(payload["data"])


register("event", _react)
