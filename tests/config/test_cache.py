"""The shared cache without Redis: everybody goes on, each process for itself."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from config.cache import OwnCache, SharedCache
from tests.support import servers


@pytest.fixture
def shared(settings: Any, redis_server: servers.Redis) -> Iterator[SharedCache]:
    """The product's cache on a Redis of this test's own."""
    settings.CACHES = {
        "default": {
            "BACKEND": "config.cache.SharedCache",
            "LOCATION": redis_server.url,
            "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3},
        }
    }
    SharedCache.away_until = 0.0
    cache = caches["default"]
    assert isinstance(cache, SharedCache)
    yield cache
    SharedCache.away_until = 0.0
    cache._own.clear()


def test_what_one_process_says_another_reads(
    shared: SharedCache, redis_server: servers.Redis
) -> None:
    shared.set("a", 1)
    other = SharedCache(redis_server.url, {})
    assert other.get("a") == 1
    assert other.incr("a") == 2
    assert other.get_many(["a", "b"]) == {"a": 2}


def test_what_several_processes_count_is_one_count_that_ends(
    shared: SharedCache, redis_server: servers.Redis
) -> None:
    other = SharedCache(redis_server.url, {})
    counted = [each.count("a", amount, 100) for each in (shared, other) for amount in (1, 5)]
    assert counted == [1, 6, 7, 12]
    assert other.get("a") == 12
    seconds = shared._shared._cache.get_client().ttl(shared._shared.make_key("a"))
    assert 90 < seconds <= 100


def test_a_process_of_its_own_counts_alike() -> None:
    own = OwnCache("counts", {})
    assert [own.count("a", 1, 100), own.count("a", 5, 100)] == [1, 6]
    own.delete("a")
    assert own.count("a", 2, 100) == 2


@pytest.mark.parametrize("away", ["gone", "frozen"])
def test_every_call_is_answered_without_redis(
    shared: SharedCache, redis_server: servers.Redis, away: str
) -> None:
    shared.set("a", 1)
    if away == "gone":
        redis_server.stop()
    else:
        os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        assert shared.add("b", 1)
        assert not shared.add("b", 2)
        assert shared.incr("b") == 2
        assert shared.count("b", 2, 10) == 4
        assert shared.get_or_set("c", lambda: 3, timeout=None) == 3
        shared.set_many({"d": 4, "e": 5})
        assert shared.get_many(["a", "d"]) == {"d": 4}
        assert shared.touch("d", 10)
        assert shared.has_key("e")
        shared.delete_many(["d"])
        assert shared.delete("e")
        shared.clear()
        assert shared.get("b") is None
    finally:
        if away == "frozen":
            os.kill(redis_server.pid, signal.SIGCONT)


def test_a_redis_that_does_not_answer_is_not_asked_again_at_once(
    shared: SharedCache, redis_server: servers.Redis
) -> None:
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        shared.get("a")
        assert SharedCache.away_until > time.monotonic()
        asked: list[str] = []
        shared._shared.get = lambda *args, **kwargs: asked.append("again")  # type: ignore[method-assign]
        shared.get("a")
        assert asked == []
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)


def test_redis_is_asked_again_after_a_while(
    shared: SharedCache, redis_server: servers.Redis
) -> None:
    redis_server.stop()
    shared.set("a", "own")
    redis_server.start()
    SharedCache.away_until = 0.0
    assert shared.get("a") is None
    shared.set("a", "shared")
    assert SharedCache(redis_server.url, {}).get("a") == "shared"
