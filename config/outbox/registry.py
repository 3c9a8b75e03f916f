"""Which kinds of effects exist, who does them, and on which worker queue."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.functional import Promise

DEFAULT_QUEUE = "realtime"
LEASE = timedelta(seconds=120)

type Handler = Callable[[dict[str, Any]], None]
type HandlerOfMany = Callable[[list[dict[str, Any]]], None]
# What the payloads of effects that are done by one call have in common; None: it is done alone.
type Alike = Callable[[dict[str, Any]], Hashable | None]


class UnknownQueue(Exception):
    """No worker serves a queue of this name."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known about one kind of effect."""

    handler: HandlerOfMany
    queue: str
    at_most_once: bool
    lease: timedelta
    parallel: int
    label: str | Promise
    # How many effects one call may get, if they are alike.
    together: int = 1
    alike: Alike = lambda payload: None
    ahead: bool = False
    in_turn: str = ""


_kinds: dict[str, Registration] = {}


def register(
    kind: str,
    handler: Handler,
    *,
    queue: str = DEFAULT_QUEUE,
    at_most_once: bool = False,
    lease: timedelta = LEASE,
    parallel: int = 1,
    ahead: bool = False,
    in_turn: str = "",
    label: str | Promise = "",
) -> None:
    """Let `handler(payload)` do the effects of `kind`; slow ones name a queue of their own.

    `lease`: how long after its worker vanished an effect is taken up again. It is renewed while
    the handler runs, however long that is.
    `parallel`: how many effects of the queue one process does at the same time, in threads. The
    most that a kind of the queue asks for counts; where none asks, effects run one by one in the
    order in which they became due.
    `ahead`: whether they are done before all others of the queue, as somebody waits for them.
    `in_turn`: where effects of a parallel queue say in their payloads whom they wait for. In one
    process those that say the same, or nothing, follow one another in the order in which they
    became due. It counts for the whole queue, whichever of its kinds asks for it.
    `label`: what admins read instead of the code.

    Raises `UnknownQueue` for one that `settings.QUEUES` does not name.
    """
    _add(
        kind,
        Registration(
            handler=lambda payloads: handler(payloads[0]),
            queue=queue,
            at_most_once=at_most_once,
            lease=lease,
            parallel=parallel,
            ahead=ahead,
            in_turn=in_turn,
            label=label or kind,
        ),
    )


def register_together(
    kind: str,
    handler: HandlerOfMany,
    *,
    together: int,
    alike: Alike,
    queue: str = DEFAULT_QUEUE,
    parallel: int = 1,
    label: str | Promise,
) -> None:
    """Let `handler(payloads)` do up to `together` effects of `kind` by one call.

    They are due at one time, and `alike(payload)` is the same of each; where effects run one by one
    they also stand one behind the other. If the handler raises, all of them failed; if it raises
    `Apart`, each is done alone at once. What has been tried before comes alone: it may be what
    kills its workers. Otherwise like `register`.
    """
    _add(
        kind,
        Registration(
            handler=handler,
            queue=queue,
            at_most_once=False,
            lease=LEASE,
            parallel=parallel,
            label=label,
            together=together,
            alike=alike,
        ),
    )


def _add(kind: str, known: Registration) -> None:
    if known.queue not in settings.QUEUES:
        raise UnknownQueue(known.queue)
    _kinds[kind] = known


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


def lease_of(kind: str) -> timedelta:
    """Return how long an effect of `kind` stays with a worker that is not heard of."""
    known = _kinds.get(kind)
    return known.lease if known else LEASE


def longest_lease() -> timedelta:
    """Return how long any effect may stay with a worker that is not heard of."""
    return max((known.lease for known in _kinds.values()), default=LEASE)


def parallel_of(queue: str) -> int:
    """Return how many effects of `queue` one process does at the same time."""
    return max((known.parallel for _, known in _of(queue)), default=1)


def in_turn_of(queue: str) -> str:
    """Return where payloads of `queue` say what follows one another; empty where nothing does."""
    return max((known.in_turn for _, known in _of(queue)), default="")


def kinds_of(queue: str) -> list[str]:
    """Return the kinds that are registered for `queue`."""
    return [kind for kind, _ in _of(queue)]


def kinds_elsewhere() -> list[str]:
    """Return the kinds that are not done on the default queue."""
    return [kind for kind, known in _kinds.items() if known.queue != DEFAULT_QUEUE]


def kinds_at_most_once(queue: str) -> list[str]:
    """Return the kinds of `queue` that must not be repeated when nobody knows what happened."""
    return [kind for kind, known in _of(queue) if known.at_most_once]


def kinds_ahead(queue: str) -> list[str]:
    """Return the kinds of `queue` that are done before its others."""
    return [kind for kind, known in _of(queue) if known.ahead]


def _of(queue: str) -> list[tuple[str, Registration]]:
    return [(kind, known) for kind, known in _kinds.items() if known.queue == queue]
