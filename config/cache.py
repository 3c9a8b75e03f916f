"""The cache that all processes share, and what each has instead while Redis is away.

Whoever uses the cache (limits, sign-in, what visitors are shown) goes on without Redis: each
process counts and remembers for itself meanwhile. Nothing that must not be lost is kept here.
"""

from time import monotonic
from typing import Any, cast

import structlog
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# A Redis that was away is not asked again at once: each question may take its whole time-out.
AWAY_SECONDS = 5.0
# Limits are counted here: nobody may push his own count out.
_ENTRIES = 100_000


class OwnCache(LocMemCache):
    """Django's cache in memory, whose entries end when their time has passed, not by the date.

    After a clock that was a day ahead is set back, failed sign-ins of that day would lock their
    accounts and addresses out until it has come.
    """

    # Django's own, by key.
    _expire_info: dict[str, float | None]

    def get_backend_timeout(self, timeout: float | None = DEFAULT_TIMEOUT) -> float | None:
        """Return when an entry ends, by the clock that nobody sets."""
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return None if timeout is None else monotonic() + timeout

    def _has_expired(self, key: str) -> bool:
        ends = self._expire_info.get(key, 0.0)
        return ends is not None and ends <= monotonic()

    def count(self, key: str, amount: int, timeout: int) -> int:
        """Add to a count; see `count`."""
        if self.add(key, amount, timeout=timeout):
            return amount
        try:
            return self.incr(key, amount)
        except ValueError:
            # Gone between the two calls.
            self.set(key, amount, timeout=timeout)
            return amount


class _Redis(RedisCache):
    """Django's Redis cache that also counts, by one question."""

    def count(self, key: str, amount: int, timeout: int) -> int:
        """Add to a count; see `count`."""
        name = self.make_and_validate_key(key)
        both = self._cache.get_client(name, write=True).pipeline()
        both.set(name, 0, ex=timeout, nx=True)
        both.incrby(name, amount)
        counted: int = both.execute()[-1]
        return counted


class SharedCache(BaseCache):
    """Django's Redis cache that answers from this process's memory while Redis does not answer."""

    # Until when no thread of this process asks Redis, by the monotonic clock.
    away_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._shared = _Redis(server, params)
        options = {"OPTIONS": {"MAX_ENTRIES": _ENTRIES}}
        self._own = OwnCache("without-redis", params | options)

    def _ask(self, question: str, *args: Any, **kwargs: Any) -> Any:
        if monotonic() >= SharedCache.away_until:
            try:
                return getattr(self._shared, question)(*args, **kwargs)
            except (RedisError, OSError) as error:
                SharedCache.away_until = monotonic() + AWAY_SECONDS
                log.warning("cache.redis_away", error=type(error).__name__)
        return getattr(self._own, question)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("incr", *args, **kwargs)

    def count(self, key: str, amount: int, timeout: int) -> int:
        """Add to a count; see `count`."""
        counted: int = self._ask("count", key, amount, timeout)
        return counted

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete_many", *args, **kwargs)

    def clear(self) -> Any:
        return self._ask("clear")


def count(key: str, amount: int = 1, *, timeout: int) -> int:
    """Add to a count and return it. It begins with the first call and ends `timeout` seconds later.

    Limits stand before nearly every request: this asks Redis once, as `add` and `incr` do thrice.
    """
    shared = cast("OwnCache | SharedCache", caches[DEFAULT_CACHE_ALIAS])
    return shared.count(key, amount, timeout)
