"""From a customer's word to the push service, while another one hangs; and a flood of pushes.

`benchmarks/flood.py` speaks for the customers; what takes the pushes is a process of its own, and
so are workers where there is Redis. All of them share all cores.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import servers
from benchmarks.measure import cpu_with_children
from tests.support.servers import worker_process

AGENTS = 200
DEVICES = 400
WORDS = 200
FLOOD = 10_000
WARM_UP = 9
# A push's CPU in a worker, in milliseconds.
PUSH_BUDGET = 8
BUDGET = 1000
# Whoever is asked there waits for half a minute, as the product does ten seconds at most.
HANGS = 30.0


def measure(embedded: dict[str, str], apart: dict[str, str], flood: int) -> list[str]:
    """Return the report: a worker inside the process, and workers behind Redis."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    lines = ["### Pushes", ""]
    for name, env in (("SQLite, embedded", embedded), ("PostgreSQL, Redis", apart)):
        env |= {"OUTBOUND_PRIVATE": "127.0.0.1", "SWEEP_SECONDS": "60", "VANISH_SECONDS": "3600"}
        servers.run("manage", "migrate", "--verbosity=0", env=env)
        is_embedded = env["EMBEDDED_WORKER"] != "false"
        workers: dict[str, int] = {}
        with contextlib.ExitStack() as stack:
            for queues in () if is_embedded else ("realtime,rules", "push"):
                workers[queues] = stack.enter_context(worker_process(env, queues=queues)).pid
            counts = str(WORDS), str(0 if is_embedded else flood)
            before = {queues: cpu_with_children(pid) for queues, pid in workers.items()}
            told = servers.run("benchmarks.inside", "benchmarks.flood", *counts, env=env)
            spent = {
                queues: cpu_with_children(pid) - before[queues] for queues, pid in workers.items()
            }
        lines += [f"{name}:", "", *json.loads(told.splitlines()[-1])]
        if spent:
            lines.append(_wanted(spent["realtime,rules"], spent["push"], flood))
        lines.append("")
    return lines


def _wanted(hearing: float, handing: float, flood: int) -> str:
    """Say what the workers alone took: customers, databases and push services stand beside them."""
    # Of the words, those to the service that hangs are told, too.
    words, pushes = WARM_UP + WORDS + flood / 2, 2 * (WARM_UP + WORDS) + flood
    a_word, a_push = hearing / words, handing / pushes
    minute = FLOOD / 2 * a_word + FLOOD * a_push
    return (
        f"- CPU of the workers alone: a word heard {a_word * 1000:.1f} ms, a push handed over "
        f"{a_push * 1000:.1f} ms (aim {PUSH_BUDGET}); {FLOOD:,} pushes of {FLOOD // 2:,} words in "
        f"a minute take {minute / 60:.1f} cores"
    )


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
