"""How often one may ask, and who counts as one."""

from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from config.cache import SharedCache
from config.web.rate_limits import Limit, TooMany, address_key, address_of, spend
from tests.support import servers

LIMIT = Limit("test", 3, 60)


def test_over_the_limit_the_wait_is_told_and_then_over() -> None:
    with time_machine.travel(1_800_000_010, tick=False):
        for _ in range(3):
            spend(LIMIT, "vera")
        with pytest.raises(TooMany) as refusal:
            spend(LIMIT, "vera")
        spend(LIMIT, "omer")
    with time_machine.travel(1_800_000_010 + refusal.value.retry_after, tick=False):
        spend(LIMIT, "vera")


def test_without_redis_each_process_counts_for_itself(settings: Any) -> None:
    nowhere = f"redis://127.0.0.1:{servers.free_port()}/0"
    settings.CACHES = {"default": {"BACKEND": "config.cache.SharedCache", "LOCATION": nowhere}}
    SharedCache.away_until = 0.0
    try:
        for _ in range(3):
            spend(LIMIT, "alone")
        with pytest.raises(TooMany):
            spend(LIMIT, "alone")
    finally:
        cache.clear()
        SharedCache.away_until = 0.0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "10.0.0.9"),
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        # Fewer hops than proxies: it didn't come through them.
        (2, "6.6.6.6", "10.0.0.9"),
        (1, None, "10.0.0.9"),
        (1, "garbage", None),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: object, proxies: int, forwarded: str | None, expected: str | None
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies  # type: ignore[attr-defined]
    assert address_of("10.0.0.9", forwarded) == expected


def test_one_subscriber_is_one_address_also_with_version_six() -> None:
    assert address_key("2001:db8:1:2::1") == address_key("2001:db8:1:2:ffff::9")
    assert address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")
    assert address_of("::ffff:1.2.3.4", None) == "1.2.3.4"
    assert address_key("1.2.3.4") != address_key("1.2.3.5")
    assert address_key(None) == "unknown"
