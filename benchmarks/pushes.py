"""From a customer's word to the push service, while another one hangs; and a flood of pushes.

`benchmarks/flood.py` speaks for the customers; what takes the pushes is a process of its own.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import servers

AGENTS = 200
DEVICES = 400
WORDS = 200
FLOOD = 10_000
BUDGET = 1000
# Whoever is asked there waits for half a minute, as the product does ten seconds at most.
HANGS = 30.0


def measure(env: dict[str, str]) -> list[str]:
    """Return the report."""
    env |= {"OUTBOUND_PRIVATE": "127.0.0.1", "SWEEP_SECONDS": "60", "VANISH_SECONDS": "3600"}
    servers.run("manage", "migrate", "--verbosity=0", env=env)
    told = servers.run("benchmarks.inside", "benchmarks.flood", str(WORDS), str(FLOOD), env=env)
    return ["### Pushes", "", *json.loads(told.splitlines()[-1]), ""]


async def _take() -> None:
    """Be two push services: one that answers at once and keeps when what came, one that hangs."""
    taken: list[tuple[str, float]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            at = time.time()
            method, path = head.split(b" ", 2)[:2]
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            body = b""
            if method == b"GET":
                body = json.dumps(taken).encode()
            else:
                taken.append((path.decode(), at))
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(HANGS)
        writer.close()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await answer(reader, writer)

    quick = await asyncio.start_server(quietly, "127.0.0.1", 0)
    slow = await asyncio.start_server(hang, "127.0.0.1", 0)
    ports = [each.sockets[0].getsockname()[1] for each in (quick, slow)]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


@contextlib.contextmanager
def services() -> Iterator[tuple[str, str]]:
    """Run both; yield their addresses."""
    command = [sys.executable, "-m", "benchmarks.pushes", "take"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        quick, slow = json.loads(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{quick}", f"http://127.0.0.1:{slow}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_take())
