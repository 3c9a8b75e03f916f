"""All that `make bench` measures; it prints a Markdown report.

The newest report and the budgets stand in docs/performance.md.
"""

import argparse
import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import desk, jam, mailing, outbox, pushes, reconnect, reports, servers, tickets
from benchmarks.measure import machine
from benchmarks.message_path import (
    across_processes,
    environment,
    idle_sockets,
    on_postgres,
    on_sqlite,
)
from tests.support.servers import postgres_server, redis_server


async def come_back(_rounds: int, _seconds: float, widgets: int) -> list[str]:
    """Measure how all widgets come back at once from a killed server, on both databases."""
    lines = [f"### {widgets:,} widgets reconnect at once", ""]
    with environment("") as env:
        lines += ["SQLite, one process with everything embedded:", ""]
        lines += await reconnect.herd(env, widgets)
    with (
        postgres_server(fsync="on") as postgres,
        environment(servers.create_database(postgres, "herd")) as env,
    ):
        lines += ["PostgreSQL, one web process with an embedded worker:", ""]
        lines += await reconnect.herd(env, widgets)
    return lines


async def jammed(_rounds: int, seconds: float) -> list[str]:
    """Measure what others notice of sockets that say nothing as fast as they can."""
    with environment("") as env:
        return await jam.measure(env, 10 * seconds)


async def at_the_desk(rounds: int, _seconds: float) -> list[str]:
    """Measure what agents wait for."""
    with environment("") as empty, environment("") as full:
        return await asyncio.to_thread(desk.measure, empty, full, rounds)


async def what_follows(_rounds: int, _seconds: float) -> list[str]:
    """Measure how soon workers do what follows from an event."""
    with (
        postgres_server(fsync="on") as postgres,
        redis_server() as redis,
        environment("") as embedded,
        environment(servers.create_database(postgres, "outbox"), redis.url) as apart,
    ):
        apart["EMBEDDED_WORKER"] = "false"
        return await asyncio.to_thread(outbox.measure, embedded, apart)


async def mails_that_come(_rounds: int, _seconds: float) -> list[str]:
    """Measure how fast one worker takes mails in, on both databases."""
    with (
        postgres_server(fsync="on") as postgres,
        environment("") as embedded,
        environment(servers.create_database(postgres, "mails")) as apart,
    ):
        return await asyncio.to_thread(mailing.measure, embedded, apart)


async def told_on_phones(_rounds: int, _seconds: float, flood: int) -> list[str]:
    """Measure how soon pushes are handed over."""
    with (
        postgres_server(fsync="on") as postgres,
        redis_server() as redis,
        environment("") as embedded,
        environment(servers.create_database(postgres, "pushes"), redis.url) as apart,
    ):
        apart["EMBEDDED_WORKER"] = "false"
        return await asyncio.to_thread(pushes.measure, embedded, apart, flood)


async def over_a_year(rounds: int, _seconds: float, chats: int) -> list[str]:
    """Measure what a supervisor waits for."""
    with (
        postgres_server(fsync="on") as postgres,
        environment(servers.create_database(postgres, "reports")) as env,
    ):
        return await asyncio.to_thread(reports.measure, env, rounds, chats)


async def at_the_ticket_desk(rounds: int, _seconds: float, count: int) -> list[str]:
    """Measure what agents wait for among a million tickets."""
    with (
        postgres_server(fsync="on") as postgres,
        environment(servers.create_database(postgres, "tickets")) as env,
    ):
        # It would make figures of all those tickets meanwhile, which have come by COPY: for a
        # quarter of an hour, beside the pages and in their process.
        env["EMBEDDED_WORKER"] = "false"
        return await asyncio.to_thread(tickets.measure, env, rounds, count)


async def two_hundred_rules(_rounds: int, _seconds: float) -> list[str]:
    """Measure what rules cost that look at an event and don't hold."""
    with environment("") as env:
        took = json.loads(servers.run("benchmarks.inside", "benchmarks.many_rules", env=env))
    told = f"median {took['median']:.1f} ms, highest {took['highest']:.1f} ms"
    return ["### Rules", "", f"- 200 rules, one event, CPU (≤ 10 ms): {told}", ""]


type Part = Callable[[int, float], Coroutine[Any, Any, list[str]]]
PARTS: dict[str, Part] = {
    "postgres": on_postgres,
    "sqlite": on_sqlite,
    "processes": across_processes,
    "idle": idle_sockets,
    "jam": jammed,
    "desk": at_the_desk,
    "rules": two_hundred_rules,
    "outbox": what_follows,
    "pushes": partial(told_on_phones, flood=pushes.FLOOD),
    "reconnect": partial(come_back, widgets=1000),
    "reports": partial(over_a_year, chats=1_000_000),
    "mails": mails_that_come,
    "tickets": partial(at_the_ticket_desk, count=1_000_000),
}


def main() -> None:
    """Run the chosen parts and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--widgets", type=int, default=1000, help="how many reconnect at once")
    parser.add_argument("--chats", type=int, default=1_000_000, help="how many reports count")
    parser.add_argument(
        "--pushes", type=int, default=pushes.FLOOD, help="how many are asked for in a minute"
    )
    parser.add_argument("--tickets", type=int, default=1_000_000, help="how many a desk has")
    options = parser.parse_args()
    PARTS["reconnect"] = partial(come_back, widgets=options.widgets)
    PARTS["reports"] = partial(over_a_year, chats=options.chats)
    PARTS["pushes"] = partial(told_on_phones, flood=options.pushes)
    PARTS["tickets"] = partial(at_the_ticket_desk, count=options.tickets)
    os.sched_setaffinity(0, {1})
    floors = {
        name: hashlib.sha256((Path(__file__).parent / name).read_bytes()).hexdigest()[:16]
        for name in ("floor.py", "stock.py")
    }
    print(f"Machine: {machine()}\n")
    print(f"Floors: {', '.join(f'{name} {digest}' for name, digest in floors.items())}\n")
    print(f"Raised for the run: {', '.join(f'{k}={v}' for k, v in servers.RAISED.items())}\n")
    for part in options.parts:
        for text in uvloop.run(PARTS[part](options.rounds, options.seconds)):
            print(text, flush=True)
