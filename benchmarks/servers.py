"""The servers of a benchmark, each a process of its own, pinned to one core."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import httpx
import psycopg

from tests.support.servers import ROOT, Postgres, Process, Web, environment, free_port

UVICORN = (
    "--loop=uvloop",
    "--ws=websockets-sansio",
    "--no-access-log",
    "--log-level=warning",
    "--ws-per-message-deflate=false",
)
# Benchmarks measure the path, not the limits; the report prints these.
RAISED = {
    "SOCKET_RATE": "1000000",
    "SOCKET_BURST": "1000000",
    "SOCKETS_PER_ADDRESS": "100000",
    "PENDING_SOCKETS_PER_IP": "100000",
    "HELLOS_PER_MINUTE": "1000000",
    "SESSIONS_PER_MINUTE": "1000000",
    "SESSIONS_IN_LINE_PER_ADDRESS": "100000",
}


@contextlib.contextmanager
def core(number: int) -> Iterator[None]:
    """Let what is started in the block run on one core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Plain(Process):
    """One of the floors under uvicorn, with the options of the product's own server."""

    def __init__(self, app: str, env: Mapping[str, str]) -> None:
        self.port = free_port()
        super().__init__(
            [sys.executable, "-m", "uvicorn", app, f"--port={self.port}", *UVICORN],
            env=environment(env),
            name="floor",
        )

    def is_ready(self) -> bool:
        try:
            httpx.get(f"http://127.0.0.1:{self.port}/", trust_env=False)
        except httpx.TransportError:
            return False
        return True


def floor(dsn: str) -> Plain:
    """Start benchmarks/floor.py on the first core."""
    with core(0):
        return Plain("benchmarks.floor:app", {"FLOOR_DSN": dsn}).start()


def stock(database: str) -> Plain:
    """Start benchmarks/stock.py on the first core."""
    with core(0):
        return Plain("benchmarks.stock:app", {"STOCK_DATABASE_URL": database}).start()


def product(env: Mapping[str, str]) -> Web:
    """Start İmece as `make run` and compose do, on the first core."""
    with core(0):
        return Web({**RAISED, **env}).start()


def create_database(postgres: Postgres, name: str) -> str:
    """Make an empty database and return its address."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return postgres.url.rsplit("/", 1)[0] + f"/{name}"


def run(module: str, *arguments: str, env: Mapping[str, str]) -> str:
    """Run a module to its end in the product's environment and return what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(env), stdout=subprocess.PIPE, check=True, text=True
    )
    return done.stdout
