"""Which visitors the processes hold, in Redis: a sorted set a visitor, of processes by time.

All of it happens in one thread with short time-outs. A Redis that is away costs nobody anything; it
makes the answer unknown.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

# Renewed every 15 s; a process that died without a word is believed so long.
HELD_SECONDS = 50
_TIMEOUT = 1.0
# A Redis that was away is not asked again at once.
_PAUSE = 5.0
_PREFIX = "imece.here."


class Shared:
    """This process's word in what all of them know; without Redis it is alone."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._process = secrets.token_hex(8)
        self._executor: ThreadPoolExecutor | None = None
        self._redis: Redis | None = None
        self._lock = threading.Lock()
        self._away_until = 0.0

    async def hold(self, keys: Sequence[str]) -> None:
        """Say that these visitors are in this process, for `HELD_SECONDS` from now."""

        def say(redis: Redis) -> bool:
            pipe = redis.pipeline(transaction=False)
            for key in keys:
                pipe.zadd(_PREFIX + key, {self._process: time.time()})
                pipe.expire(_PREFIX + key, HELD_SECONDS)
            pipe.execute()
            return True

        await self._ask(say, alone=True)

    async def release(self, key: str) -> None:
        """Say that the visitor is not in this process any more."""
        await self._ask(lambda redis: bool(redis.zrem(_PREFIX + key, self._process)), alone=True)

    async def held(self, keys: Sequence[str]) -> frozenset[str] | None:
        """Return which of these are in any process; None when nobody knows."""
        nobody: frozenset[str] = frozenset()
        return await self._ask(partial(_held, keys), alone=nobody)

    def holds(self, key: str) -> bool:
        """Return whether a visitor is in any process, from a thread that may wait; unknown: no."""
        if not settings.REDIS_URL:
            return False
        return bool(self._answer(settings.REDIS_URL, partial(_held, [key])))

    async def _ask[R](self, question: Callable[[Redis], R], *, alone: R) -> R | None:
        url = settings.REDIS_URL if self._url is None else self._url
        if not url:
            return alone
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(1, thread_name_prefix="presence")
            executor = self._executor
        return await asyncio.get_running_loop().run_in_executor(
            executor, self._answer, url, question
        )

    def _answer[R](self, url: str, question: Callable[[Redis], R]) -> R | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            if self._redis is None:
                self._redis = Redis.from_url(
                    url,
                    socket_timeout=_TIMEOUT,
                    socket_connect_timeout=_TIMEOUT,
                    retry=Retry(NoBackoff(), 0),
                )
            return question(self._redis)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + _PAUSE
            logger.warning("presence.redis_away %s", type(error).__name__)
            return None


def _held(keys: Sequence[str], redis: Redis) -> frozenset[str]:
    pipe = redis.pipeline(transaction=False)
    for key in keys:
        pipe.zcount(_PREFIX + key, time.time() - HELD_SECONDS, "+inf")
    counts = pipe.execute()
    return frozenset(key for key, held in zip(keys, counts, strict=True) if held)


shared = Shared()
