"""What a socket does beside its frames, when it ends before that has begun."""

import asyncio
import gc
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from chat.sockets.connection import Connection
from chat.sockets.watch import Watch


@pytest.fixture(autouse=True)
def _nothing_is_left_waiting() -> Iterator[None]:
    # Only what the test makes is looked through, not all that is loaded.
    gc.freeze()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
        gc.collect()
    gc.unfreeze()
    assert [str(each.message) for each in told if "never awaited" in str(each.message)] == []


async def _work(_about: str) -> None:
    raise AssertionError


def test_a_socket_that_ends_at_once_leaves_no_work_waiting() -> None:
    async def end_at_once() -> None:
        socket: Any = Connection()
        socket.channel_name = ""
        socket._spawn(_work, "a chat")
        socket._forget()

    asyncio.run(end_at_once())


def test_a_loop_that_ends_at_once_leaves_no_work_of_its_watch_waiting() -> None:
    async def end_at_once() -> None:
        Watch.here().later(_work, "a chat")
        # As a loop does with all that is left.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(end_at_once())
