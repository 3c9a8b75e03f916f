"""Messages a second from a visitor to the agent's socket, beside the limit and the stock set-up.

`make bench` prints a Markdown report; the newest one and the budgets stand in
docs/performance.md. Every figure is a ratio of interleaved runs against servers on one core; the
client and the databases share the other.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks import servers
from benchmarks.client import Load, Result, Side, connect
from benchmarks.measure import cpu_seconds, private_kib, ratio
from tests.support.servers import Web, postgres_server, redis_server

PAIRS = 64
NO_STORE = "echo"


@dataclass
class Target:
    """A running server with its connected load, and what each round gave."""

    name: str
    pids: list[int]
    load: Load
    per_cpu_second: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)

    async def round(self, seconds: float) -> None:
        """Run all conversations for `seconds`."""
        before = sum(map(cpu_seconds, self.pids))
        result = await self.load.closed_loop(seconds)
        spent = sum(map(cpu_seconds, self.pids)) - before
        if result.lost:
            raise RuntimeError(f"{self.name} lost {result.lost} messages")
        self.per_cpu_second.append(result.messages / spent)
        self.rates.append(result.rate)

    async def one_at_a_time(self, seconds: float) -> None:
        """Run one conversation for `seconds`."""
        result = await self.load.closed_loop(seconds, pairs=1)
        self.single.append(result.quantile(0.5))


def prepare(env: dict[str, str], pairs: int, idle: int = 0) -> dict[str, Any]:
    """Fill the product's database."""
    output = servers.run("tests.support.world", str(pairs), str(idle), env=env)
    data: dict[str, Any] = json.loads(output)
    return data


def product_sides(data: dict[str, Any], visitors: Web, agents: Web) -> list[tuple[Side, Side]]:
    """Return the sockets of the product's conversations."""
    return [
        (
            Side(f"{visitors.ws_url}/ws/visitor/", pair["visitor"], "", pair["conversation"]),
            Side(f"{agents.ws_url}/ws/console/", pair["agent"], "", pair["conversation"]),
        )
        for pair in data["pairs"]
    ]


def plain_sides(port: int) -> list[tuple[Side, Side]]:
    """Return the sockets of the floor and the stock set-up."""
    url = f"ws://127.0.0.1:{port}/ws/"
    return [
        (Side(url, f"v:{room}", "", str(room)), Side(url, f"a:{room}", "", str(room)))
        for room in range(PAIRS)
    ]


def echo_sides(port: int) -> list[tuple[Side, Side]]:
    """Return sockets that hear themselves."""
    side = Side(f"ws://127.0.0.1:{port}/echo/", "", "", NO_STORE)
    return [(side, side) for _ in range(PAIRS)]


@contextlib.contextmanager
def environment(database: str, redis: str = "") -> Iterator[dict[str, str]]:
    """Return the product's environment for one database, with a data folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        yield {
            "DATABASE_URL": database or f"sqlite:///{folder}/imece.sqlite3",
            "REDIS_URL": redis,
            "EMBEDDED_WORKER": "true",
            "SEED_DEMO": "false",
            "SECRET_KEY": "benchmark",
            "DATA_DIR": folder,
        }


async def interleave(targets: list[Target], rounds: int, seconds: float) -> None:
    """Warm every target up, then run them in turn."""
    for target in targets:
        await target.load.closed_loop(0.5)
    for number in range(rounds):
        for target in targets if number % 2 else reversed(targets):
            await target.round(seconds)
        for target in targets:
            await target.one_at_a_time(seconds / 4)


def line(name: str, target: Target) -> str:
    """Return one row of a table of absolute figures."""
    return (
        f"| {name} | {statistics.median(target.rates):,.0f} "
        f"| {statistics.median(target.per_cpu_second):,.0f} "
        f"| {statistics.median(target.single):.2f} |"
    )


def backlog(database: str) -> int:
    """Return how many outbox rows are still to be done."""
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT count(*) FROM outbox_outboxentry WHERE done_at IS NULL AND dead_at IS NULL"
        ).fetchone()
        return int(row[0]) if row else 0


async def drained(database: str) -> int:
    """Return the backlog ten seconds after the end at the latest."""
    left = await asyncio.to_thread(backlog, database)
    for _ in range(100):
        if not left:
            break
        await asyncio.sleep(0.1)
        left = await asyncio.to_thread(backlog, database)
    return left


def paced(result: Result) -> str:
    """Return what a fixed rate gave."""
    return (
        f"p50 {result.quantile(0.5):.1f} ms, p99 {result.quantile(0.99):.1f} ms, lost {result.lost}"
    )


async def on_postgres(rounds: int, seconds: float) -> list[str]:
    """Measure against the limit and the stock set-up on PostgreSQL."""
    with postgres_server(fsync="on") as postgres, contextlib.ExitStack() as stack:
        database = servers.create_database(postgres, "product")
        env = stack.enter_context(environment(database))
        data = prepare(env, PAIRS)
        limit = stack.enter_context(servers.floor(servers.create_database(postgres, "floor")))
        plain = stack.enter_context(servers.stock(servers.create_database(postgres, "stock")))
        web = stack.enter_context(servers.product(env))
        floor = Target("floor", [limit.pid], await Load.open(plain_sides(limit.port)))
        echo = Target("echo", [limit.pid], await Load.open(echo_sides(limit.port)))
        stock = Target("stock", [plain.pid], await Load.open(plain_sides(plain.port)))
        ours = Target("imece", [web.pid], await Load.open(product_sides(data, web, web)))
        await interleave([floor, stock, ours, echo], rounds, seconds)
        left = await drained(database)
        steady = await ours.load.fixed_rate(500, 6)
        for target in (floor, echo, stock, ours):
            await target.load.close()
    sound = statistics.median(floor.per_cpu_second) / statistics.median(echo.per_cpu_second)
    return [
        "### PostgreSQL, one web process, local layer, drain running",
        "",
        "| | messages/s | per server-CPU-second | one at a time, p50 ms |",
        "|---|---|---|---|",
        line("raw echo (stores nothing)", echo),
        line("limit (floor.py)", floor),
        line("stock (stock.py)", stock),
        line("İmece", ours),
        "",
        f"- × limit (≥ 0.2): {ratio(ours.per_cpu_second, floor.per_cpu_second)}",
        f"- × stock (≥ 4): {ratio(ours.per_cpu_second, stock.per_cpu_second)}",
        f"- one at a time, p50 × stock (≤ 1.1): {ratio(ours.single, stock.single)}",
        f"- floor / echo: {sound:.2f} (the run is void below 0.3)",
        f"- outbox backlog within 10 s of the end (0): {left}",
        f"- at 500 messages/s (p50 ≤ 5 ms, p99 ≤ 50 ms): {paced(steady)}",
        "",
    ]


async def on_sqlite(rounds: int, seconds: float) -> list[str]:
    """Measure against the stock set-up on SQLite."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        env = stack.enter_context(environment(""))
        data = prepare(env, PAIRS)
        plain = stack.enter_context(servers.stock(f"sqlite:///{folder}/stock.sqlite3"))
        web = stack.enter_context(servers.product(env))
        stock = Target("stock", [plain.pid], await Load.open(plain_sides(plain.port)))
        ours = Target("imece", [web.pid], await Load.open(product_sides(data, web, web)))
        await interleave([stock, ours], rounds, seconds)
        for target in (stock, ours):
            await target.load.close()
    return [
        "### SQLite at synchronous=FULL, one process with everything embedded",
        "",
        "| | messages/s | per server-CPU-second | one at a time, p50 ms |",
        "|---|---|---|---|",
        line("stock (stock.py)", stock),
        line("İmece", ours),
        "",
        f"- × stock (≥ 3): {ratio(ours.per_cpu_second, stock.per_cpu_second)}",
        f"- one at a time, p50 × stock (≤ 1.1): {ratio(ours.single, stock.single)}",
        "",
    ]


async def across_processes(rounds: int, seconds: float) -> list[str]:
    """Measure visitors on one web process and agents on another, beside a single process."""
    with (
        postgres_server(fsync="on") as postgres,
        redis_server() as redis,
        contextlib.ExitStack() as stack,
    ):
        alone_env = stack.enter_context(environment(servers.create_database(postgres, "alone")))
        pair_env = stack.enter_context(
            environment(servers.create_database(postgres, "pair"), redis.url)
        )
        pair_env["EMBEDDED_WORKER"] = "false"
        alone_data, pair_data = prepare(alone_env, PAIRS), prepare(pair_env, PAIRS)
        web = stack.enter_context(servers.product(alone_env))
        first = stack.enter_context(servers.product(pair_env))
        second = stack.enter_context(servers.product(pair_env))
        alone = Target("alone", [web.pid], await Load.open(product_sides(alone_data, web, web)))
        pair = Target(
            "pair",
            [first.pid, second.pid],
            await Load.open(product_sides(pair_data, first, second)),
        )
        await interleave([alone, pair], rounds, seconds)
        for target in (alone, pair):
            await target.load.close()
    return [
        "### Two web processes and Redis, each message crosses",
        "",
        "| | messages/s | per server-CPU-second | one at a time, p50 ms |",
        "|---|---|---|---|",
        line("one process, local layer", alone),
        line("two processes, Redis", pair),
        "",
        f"- × one process, per process (≥ 0.6): {ratio(pair.per_cpu_second, alone.per_cpu_second)}",
        "",
    ]


async def idle_sockets(rounds: int, seconds: float, idle: int = 2000) -> list[str]:
    """Measure what idle widgets cost: memory beside a stock consumer, and delivery."""
    with postgres_server(fsync="on") as postgres, contextlib.ExitStack() as stack:
        quiet_env = stack.enter_context(environment(servers.create_database(postgres, "quiet")))
        full_env = stack.enter_context(environment(servers.create_database(postgres, "full")))
        quiet_data, full_data = prepare(quiet_env, PAIRS), prepare(full_env, PAIRS, idle)
        quiet_web = stack.enter_context(servers.product(quiet_env))
        full_web = stack.enter_context(servers.product(full_env))
        plain = stack.enter_context(servers.stock(servers.create_database(postgres, "stock")))
        quiet = Target(
            "quiet",
            [quiet_web.pid],
            await Load.open(product_sides(quiet_data, quiet_web, quiet_web)),
        )
        full = Target(
            "full", [full_web.pid], await Load.open(product_sides(full_data, full_web, full_web))
        )
        widget = f"{full_web.ws_url}/ws/visitor/"
        ours_kib = await grow(full_web.pid, [Side(widget, token) for token in full_data["idle"]])
        stock_kib = await grow(
            plain.pid,
            [Side(f"ws://127.0.0.1:{plain.port}/ws/", f"i:{n}") for n in range(idle)],
        )
        await interleave([quiet, full], rounds, seconds)
        for target in (quiet, full):
            await target.load.close()
    return [
        f"### {idle:,} idle widget sockets",
        "",
        f"- memory, KiB a socket: İmece {ours_kib:.1f}, stock consumer {stock_kib:.1f}, "
        f"ratio {ours_kib / stock_kib:.2f} (≤ 1.3)",
        "- delivery with them × without (≥ 0.9): "
        f"{ratio(full.per_cpu_second, quiet.per_cpu_second)}",
        "",
    ]


async def grow(pid: int, sides: list[Side]) -> float:
    """Open `sides` and return what one costs the server, in KiB."""
    for side in sides[:100]:
        await connect(side)
    before = private_kib(pid)
    for start in range(100, len(sides), 50):
        await asyncio.gather(*(connect(side) for side in sides[start : start + 50]))
    await asyncio.sleep(2)
    return (private_kib(pid) - before) / (len(sides) - 100)
