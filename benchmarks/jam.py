"""Twenty sockets of one address that say nothing, as fast as they can, beside people at work.

Each kind of noise is made twice: by sockets that stay away once they are closed, and by ones that
come back at once. Limits are those of the product. Who makes the noise is a process of its own,
`python -m benchmarks.jam`, so that what is measured is the server and not this process.
"""

import asyncio
import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks import servers
from benchmarks.client import Load, Result
from benchmarks.measure import cpu_seconds, resident_kib
from benchmarks.message_path import product_sides
from tests.support.servers import ROOT, Web

NOISY = 20
# A megabyte a second for each of them.
CHUNK = 50_000
PAUSE = 0.05
CALM_SECONDS = 8.0
# As often as somebody asks who is measured.
EVERY = 0.03
# A slice of all that each kind may keep a core busy with.
PAIRS = 8
RATE = 40.0


def frame(opcode: int, data: bytes = b"", *, fin: bool = True) -> bytes:
    """Return one small frame of a client."""
    return bytes([(fin << 7) | opcode, 0x80 | len(data)]) + b"\0\0\0\0" + data


@dataclass(frozen=True)
class Noise:
    """What a socket says over and over, what it says first, and whether it hears answers."""

    again: bytes
    first: bytes = b""
    reads: bool = True


NOISES = {
    "pings": Noise(frame(9)),
    "pongs": Noise(frame(10)),
    "empty continuations": Noise(frame(0, fin=False), frame(1, fin=False)),
    "unread pongs": Noise(frame(9, b"x" * 125), reads=False),
    "our own ping": Noise(frame(1, b'{"type":"ping"}')),
}


async def make_noise(port: int, token: str, noise: Noise, counts: Counter[str]) -> None:
    """Come in, say hello, and go on until the server has had enough."""
    door = socket.create_connection(("127.0.0.1", port))
    if not noise.reads:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    door.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=door, limit=4096)
    try:
        key = base64.b64encode(os.urandom(16))
        writer.write(
            b"GET /ws/visitor/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
            % key
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer[:20]:
            counts["refused"] += 1
            await asyncio.sleep(PAUSE)
            return
        counts["let in"] += 1
        hello = json.dumps({"type": "hello", "token": token}).encode()
        length = bytes([0x81, 0xFE]) + len(hello).to_bytes(2)
        writer.write(length + b"\0\0\0\0" + hello)
        await reader.read(100)
        writer.write(noise.first)
        chunk = noise.again * (CHUNK // len(noise.again))
        hearing = asyncio.create_task(_hear(reader)) if noise.reads else None
        while hearing is None or not hearing.done():
            writer.write(chunk)
            await writer.drain()
            counts["sent"] += len(chunk)
            await asyncio.sleep(PAUSE)
    finally:
        writer.transport.abort()


async def _hear(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(65536):
            pass


async def be_noisy(
    port: int, token: str, noise: Noise, counts: Counter[str], *, again: bool
) -> None:
    """Make noise, and after the end once more if `again`."""
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await make_noise(port, token, noise, counts)
        counts["ended"] += 1
        if not again:
            return


async def crowd(port: int, kind: str, again: bool, seconds: float, tokens: list[str]) -> None:
    """Be all of them, and tell what became of it."""
    counts: Counter[str] = Counter()
    tasks = [
        asyncio.create_task(be_noisy(port, token, NOISES[kind], counts, again=again))
        for token in tokens
    ]
    await asyncio.sleep(seconds)
    print(json.dumps(counts), flush=True)
    for task in tasks:
        task.cancel()


@dataclass
class People:
    """Visitors and agents at work."""

    web: Web
    token: str
    load: Load
    # The most memory that the server had while they worked, in MB.
    peak: float = 0.0

    async def work(self, seconds: float) -> tuple[float, Result]:
        """Return the 95th percentile of calls in milliseconds, and how the words went."""
        took: list[float] = []
        self.peak = 0.0
        ends = time.monotonic() + seconds
        asking = asyncio.create_task(self._ask(took, ends))
        said = await self.load.fixed_rate(RATE, seconds)
        await asking
        return sorted(took)[int(len(took) * 0.95)], said

    def cut(self) -> int:
        """Return how many agents have lost their socket."""
        return sum(pair.agent.closed.done() for pair in self.load.pairs)

    async def _ask(self, took: list[float], ends: float) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers, timeout=60) as client:
            while time.monotonic() < ends:
                began = time.perf_counter()
                answer = await client.get(f"{self.web.url}/api/widget/v1/availability")
                answer.raise_for_status()
                took.append((time.perf_counter() - began) * 1000)
                self.peak = max(self.peak, resident_kib(self.web.pid) / 1024)
                await asyncio.sleep(EVERY)


async def one_kind(
    people: People, tokens: list[str], kind: str, *, again: bool, seconds: float
) -> str:
    """Measure calm, noise and what is left of it; return a row."""
    pid = people.web.pid
    calm, _ = await people.work(CALM_SECONDS)
    memory, spent = people.peak, cpu_seconds(pid)
    port = people.web.url.rpartition(":")[2]
    said_to = [port, kind, str(int(again)), str(seconds), json.dumps(tokens)]
    command = [sys.executable, "-m", "benchmarks.jam", *said_to]
    noisy = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    during, said = await people.work(seconds + 1)
    output, _ = await noisy.communicate()
    counts: dict[str, Any] = json.loads(output)
    spent = cpu_seconds(pid) - spent
    row = (
        f"| {kind}{', again and again' if again else ''} | {calm:.1f} | {during:.1f} "
        f"| {during / calm:.2f} | {said.quantile(0.95):.1f} | {said.lost} "
        f"| {people.peak - memory:+.1f} "
        f"| {people.cut()} | {counts.get('let in', 0)} | {counts.get('refused', 0)} "
        f"| {counts.get('sent', 0) / 1e6:.1f} | {spent:.1f} |"
    )
    await people.load.close()
    return row


async def measure(env: dict[str, str], seconds: float) -> list[str]:
    """Have every kind of noise made beside people at work."""
    data = json.loads(servers.run("tests.support.world", str(PAIRS), str(NOISY + 1), env=env))
    # The limits of the product, but for those that whoever measures would meet from one address.
    kept = {"READS_PER_MINUTE": "1000000", "SOCKET_RATE": "1000", "SOCKET_BURST": "1000"}
    lines = [
        f"### {NOISY} sockets that say nothing as fast as they can",
        "",
        "| noise | calls, calm p95 ms | meanwhile | × calm (≤ 3) | words p95 ms | lost (0) "
        "| memory MB (≤ 20) | agents cut (0) | let in | refused | MB sent | server CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    *tokens, own = data["idle"]
    with servers.core(0):
        web = Web({**env, **kept})
        web.start()
    with web:
        for kind in NOISES:
            for again in (False, True):
                people = People(web, own, await Load.open(product_sides(data, web, web)))
                row = await one_kind(people, tokens, kind, again=again, seconds=seconds)
                lines.append(row)
    return [*lines, ""]


if __name__ == "__main__":
    port, kind, again, seconds, tokens = sys.argv[1:]
    asyncio.run(crowd(int(port), kind, again == "1", float(seconds), json.loads(tokens)))
