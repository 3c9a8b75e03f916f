"""Which kinds of effects exist, who does them, and on which worker queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

DEFAULT_QUEUE = "realtime"

type Handler = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known about one kind of effect."""

    handler: Handler
    queue: str
    at_most_once: bool
    label: str | Promise


_kinds: dict[str, Registration] = {}


def register(
    kind: str,
    handler: Handler,
    *,
    queue: str = DEFAULT_QUEUE,
    at_most_once: bool = False,
    label: str | Promise = "",
) -> None:
    """Let `handler(payload)` do the effects of `kind`; slow ones name a queue of their own.

    `label` is what admins read instead of the code.
    """
    _kinds[kind] = Registration(handler, queue, at_most_once, label or kind)


def registered(kind: str) -> Registration | None:
    """Return what is known about `kind`."""
    return _kinds.get(kind)


def label_of(kind: str) -> str:
    """Return what people call effects of `kind`; the code itself where nobody named it."""
    known = _kinds.get(kind)
    return str(known.label) if known else kind


def labels() -> list[tuple[str, str]]:
    """Return every kind with its name."""
    return [(kind, label_of(kind)) for kind in _kinds]


def queue_of(kind: str) -> str:
    """Return the worker queue that does effects of `kind`."""
    known = _kinds.get(kind)
    return known.queue if known else DEFAULT_QUEUE


def queues() -> set[str]:
    """Return every queue that has work of some kind."""
    return {DEFAULT_QUEUE, *(known.queue for known in _kinds.values())}


def kinds_elsewhere() -> list[str]:
    """Return the kinds that are not done on the default queue."""
    return [kind for kind, known in _kinds.items() if known.queue != DEFAULT_QUEUE]


def kinds_at_most_once() -> list[str]:
    """Return the kinds that must not be repeated when nobody knows whether they happened."""
    return [kind for kind, known in _kinds.items() if known.at_most_once]
