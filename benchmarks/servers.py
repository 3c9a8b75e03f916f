"""The servers of a benchmark, each a process of its own, pinned to one core."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UVICORN = (
    "--loop=uvloop",
    "--ws=websockets-sansio",
    "--no-access-log",
    "--log-level=warning",
    "--ws-per-message-deflate=false",
)
# Benchmarks measure the path, not the limits; docs/performance.md prints these.
RAISED = {
    "SOCKET_RATE": "1000000",
    "SOCKET_BURST": "1000000",
    "PENDING_SOCKETS_PER_IP": "100000",
    "SESSIONS_PER_MINUTE": "1000000",
}


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return when `url` answers; raise when the process ends or time runs out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own loopback address
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(url)


@contextlib.contextmanager
def running(
    command: list[str], env: Mapping[str, str], port: int, core: int | None = 0, path: str = "/"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on `core` until the block ends."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            try:
                wait_for(f"http://127.0.0.1:{port}{path}", process)
            except (RuntimeError, TimeoutError):
                log.seek(0)
                sys.stderr.write(log.read().decode(errors="replace")[-4000:])
                raise
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def floor(dsn: str, port: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Run benchmarks/floor.py."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.floor:app", f"--port={port}", *UVICORN]
    return running(command, {"FLOOR_DSN": dsn}, port)


def stock(database: str, port: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Run benchmarks/stock.py."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.stock:app", f"--port={port}", *UVICORN]
    return running(command, {"STOCK_DATABASE_URL": database}, port)


def product(
    env: Mapping[str, str], port: int, core: int | None = 0
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Run İmece as `make run` and compose do."""
    command = [sys.executable, "manage.py", "serve"]
    return running(command, {**RAISED, **env, "PORT": str(port)}, port, core, path="/healthz")
