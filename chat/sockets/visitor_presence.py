"""Which visitors are here: sockets in this process, and whether another process has one too.

Agents are told only of visitors with a chat that their sockets follow; of all others nothing is
kept but the socket itself. Nobody is gone before `AWAY_SECONDS` have passed: pages are reloaded.
"""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.utils import timezone

from chat.events.groups import thread_group
from chat.sockets.visitor_presence_redis import shared
from config.realtime.layer import announce
from config.wire import wire_time

type State = Literal["here", "away", "unknown"]

_here: dict[str, list[object]] = {}
# What agents may watch of the visitors who are here: key and public id of their chats.
_chats: dict[str, dict[int, str]] = {}
_leaving: dict[str, asyncio.TimerHandle] = {}
_works: set[asyncio.Task[None]] = set()


def key_of(secret_hash: str) -> str:
    """Return by what a visitor is known here."""
    return secret_hash[:32]


def attach(secret_hash: str, socket: object) -> list[object]:
    """Remember a socket of a visitor; return all of theirs in this process, oldest first."""
    sockets = _here.setdefault(key_of(secret_hash), [])
    sockets.append(socket)
    return sockets


def detach(secret_hash: str, socket: object) -> None:
    """Forget a socket."""
    key = key_of(secret_hash)
    sockets = _here.get(key)
    if sockets and socket in sockets:
        sockets.remove(socket)
        if not sockets:
            del _here[key]
            if key in _chats:
                loop = asyncio.get_running_loop()
                # Was here for a moment without following anything.
                if timer := _leaving.pop(key, None):
                    timer.cancel()
                _leaving[key] = loop.call_later(
                    settings.IMECE["AWAY_SECONDS"], _left, key, timezone.now()
                )


def follow(secret_hash: str, pk: int, public_id: str) -> None:
    """Tell the agents of a chat that its visitor is here; nothing new, nothing told."""
    key = key_of(secret_hash)
    if timer := _leaving.pop(key, None):
        timer.cancel()
    chats = _chats.setdefault(key, {})
    if pk not in chats:
        chats[pk] = public_id
        _later(_say_here(key, pk, public_id, timezone.now()))


async def states(secret_hashes: Collection[str]) -> Mapping[str, State]:
    """Return for each visitor whether they are here, in any process."""
    keys = [key_of(each) for each in secret_hashes]
    elsewhere = [key for key in keys if key not in _here and key not in _chats]
    held = await shared.held(elsewhere) if elsewhere else frozenset()
    return {each: _state(key_of(each), held) for each in secret_hashes}


def is_here(secret_hash: str) -> bool:
    """Return whether a visitor is here, in any process; for threads that may wait."""
    key = key_of(secret_hash)
    return key in _here or key in _chats or shared.holds(key)


def _state(key: str, held: Collection[str] | None) -> State:
    if key in _here or key in _chats or (held is not None and key in held):
        return "here"
    return "unknown" if held is None else "away"


async def renew() -> None:
    """Tell the other processes that those who are here still are."""
    if _chats:
        await shared.hold(list(_chats))


def _left(key: str, at: datetime) -> None:
    _leaving.pop(key, None)
    if key not in _here and (chats := _chats.pop(key, None)):
        _later(_say_gone(key, chats, at))


async def _say_here(key: str, pk: int, public_id: str, at: datetime) -> None:
    # Held first: who is told asks, maybe in another process.
    await shared.hold([key])
    if key in _chats:
        _tell({pk: public_id}, "here", at)


async def _say_gone(key: str, chats: dict[int, str], at: datetime) -> None:
    await shared.release(key)
    held = await shared.held([key])
    state = _state(key, held)
    if state != "here":
        _tell(chats, state, at)


def _tell(chats: Mapping[int, str], state: State, at: datetime) -> None:
    # No frame but what is said: each socket tells its agent only what is new there.
    announce(
        [
            (
                thread_group(pk),
                {
                    "type": "live.frames",
                    "frames": [],
                    "presence": presence_data(public_id, state, at),
                },
            )
            for pk, public_id in chats.items()
        ]
    )


def presence_data(public_id: str, state: State, at: datetime) -> dict[str, str]:
    """Return the data of a `presence` event."""
    return {"conversation": public_id, "visitor": state, "at": wire_time(at)}


def _later(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _works.add(task)
    task.add_done_callback(_works.discard)
