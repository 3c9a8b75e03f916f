"""Which visitors have a live socket: in this process by memory, across processes in Redis."""

import logging
import time

import redis
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

TTL_SECONDS = 60
_KEY = "imece:visitor:"

_here: dict[str, list[object]] = {}
_client: redis.Redis | None = None


def attach(secret_hash: str, socket: object) -> list[object]:
    """Remember a socket of a visitor; return all of theirs in this process, oldest first."""
    sockets = _here.setdefault(secret_hash[:32], [])
    sockets.append(socket)
    return sockets


def detach(secret_hash: str, socket: object) -> None:
    """Forget a socket."""
    key = secret_hash[:32]
    sockets = _here.get(key)
    if sockets and socket in sockets:
        sockets.remove(socket)
        if not sockets:
            del _here[key]


def is_connected(secret_hash: str) -> bool:
    """Return whether the visitor has a socket, here or (by Redis, if there is one) elsewhere."""
    key = secret_hash[:32]
    if key in _here:
        return True
    try:
        shared = _shared()
        return shared is not None and bool(shared.exists(_KEY + key))
    except RedisError:
        return False


def renew() -> None:
    """Tell the other processes who is here; blocks on Redis, so call it in a thread."""
    try:
        shared = _shared()
        if shared is None or not _here:
            return
        now = int(time.time())
        pipe = shared.pipeline(transaction=False)
        for key in list(_here):
            pipe.set(_KEY + key, now, ex=TTL_SECONDS)
        pipe.execute()
    except RedisError:
        logger.warning("presence.not_renewed")


def _shared() -> redis.Redis | None:
    global _client
    if _client is None and settings.REDIS_URL:
        _client = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1
        )
    return _client
