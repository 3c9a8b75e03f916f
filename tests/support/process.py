"""A child process of a test, with its output in a file."""

import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
# For clients of our servers, which speak plain HTTP: to read who is trusted on the Internet takes
# 35 ms of a core, each time that a client is made or a start is looked at.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Process:
    """A child process with its output in a file; subclasses say when it is ready."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        name: str = "process",
        **popen: Any,
    ) -> None:
        self.command = list(command)
        self.name = name
        self._env = dict(env) if env is not None else None
        self._popen = popen
        self._log = tempfile.NamedTemporaryFile(prefix=f"imece-{name}-", suffix=".log")  # noqa: SIM115
        self._kept = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def logs(self) -> str:
        """Everything it has written so far."""
        if not self._log.file.closed:
            self._kept = Path(self._log.name).read_text(errors="replace")
        return self._kept

    def start(self, *, timeout: float = 120) -> Self:
        """Start it and wait until it serves."""
        self.spawn()
        self.wait_ready(timeout=timeout)
        return self

    def spawn(self) -> None:
        """Start it without waiting."""
        assert self.returncode is not None or self._process is None, f"{self.name} is running"
        self._process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            **self._popen,
        )

    def wait_ready(self, *, timeout: float = 120) -> None:
        """Return as soon as it serves; fail with its log when it dies or takes too long."""
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if self.returncode is not None:
                raise AssertionError(f"{self.name} ended ({self.returncode}):\n{self.logs}")
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"{self.name} not ready in {timeout} s:\n{self.logs}")
            time.sleep(0.05)

    def wait_for(self, words: str, *, timeout: float = 60) -> None:
        """Return as soon as its log says `words`."""
        deadline = time.monotonic() + timeout
        while words not in self.logs:
            assert time.monotonic() < deadline, f"{self.name} never said {words!r}:\n{self.logs}"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether it serves."""
        return True

    def signal(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, *, timeout: float = 30) -> int:
        """Wait for its end and return the exit code; a process that hangs is killed and fails."""
        assert self._process is not None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end in {timeout} s:\n{self.logs}") from None

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self, *, timeout: float = 30) -> int:
        """SIGTERM, as an orderly deployment does; return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout=timeout)

    def close(self) -> None:
        """End it if it runs; its log file goes, `logs` stays."""
        if self._process is not None and self.returncode is None:
            self.signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._kept = self.logs
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
