"""Real servers for tests: PostgreSQL, Redis, and the product's own processes.

Each is a context manager that leaves nothing behind:

    with postgres_server() as postgres, redis_server() as redis:
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "SECRET_KEY": "x" * 50}
        migrate(env)
        with web_process(env) as web, worker_process(env), beat_process(env):
            httpx.get(web.url + "/readyz")
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis as redis_client

from tests.support.process import NO_AUTHORITIES, ROOT, Process, free_port

POSTGRES_HOMES = Path("/usr/lib/postgresql")
QUEUES = "realtime,rules,push,outbound,mail,media,maintenance,exports"


def absent(server: str, package: str) -> RuntimeError:
    """Return the error that a server isn't installed; skips the test instead, except under CI."""
    reason = f"No {server} here: apt-get install {package}"
    if "PYTEST_CURRENT_TEST" in os.environ and not os.environ.get("CI"):
        pytest.skip(reason)
    return RuntimeError(reason)


# PostgreSQL


def _postgres_binaries() -> Path:
    """Return the directory of the newest PostgreSQL on this machine."""
    if installed := sorted(POSTGRES_HOMES.glob("*/bin/postgres"), key=_version):
        return installed[-1].parent
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    raise absent("PostgreSQL", "postgresql")


def _version(path: Path) -> float:
    return float(path.parent.parent.name)


class Postgres(Process):
    """A cluster in a temporary directory, without authentication, on a free port."""

    def __init__(self, directory: Path, *, options: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"postgres://imece@127.0.0.1:{self.port}/imece"
        self._data = directory / "data"
        self._bin = _postgres_binaries()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            owner = pwd.getpwnam("postgres")
            os.chown(directory, owner.pw_uid, owner.pw_gid)
            self._user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(directory)]
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            # Durable against killed processes, which is what tests kill; not against power loss.
            "fsync": "off",
            "max_connections": "100",
            "shared_buffers": "64MB",
        }
        for name, value in (settings | dict(options)).items():
            command += ["-c", f"{name}={value}"]
        super().__init__(command, name="postgres", **self._user)

    def create(self) -> None:
        """Make the cluster, start it, make the role's database."""
        subprocess.run(
            [
                *(str(self._bin / "initdb"), "-D", str(self._data), "-U", "imece"),
                *("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd="/",
            **self._user,
        )
        self.start()
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE imece")

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=imece dbname={database} connect_timeout=2"

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self._dsn("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it: connections cut and committed data kept, or `immediate`, like a crash."""
        self.signal(signal.SIGQUIT if immediate else signal.SIGINT)
        self.wait()

    def restart(self, *, immediate: bool = False) -> None:
        """Stop and start again with the same data and port."""
        self.stop(immediate=immediate)
        self.start()

    def close(self) -> None:
        self.signal(signal.SIGQUIT)
        super().close()


@contextmanager
def postgres_server(**options: str) -> Iterator[Postgres]:
    """Run PostgreSQL with an empty database; `options` are server settings (`fsync="on"`)."""
    with (
        tempfile.TemporaryDirectory(prefix="imece-pg-", ignore_cleanup_errors=True) as directory,
        Postgres(Path(directory), options=options) as server,
    ):
        server.create()
        yield server


# Redis


class Redis(Process):
    """Redis without persistence on a free port."""

    def __init__(self, directory: Path, *, password: str = "") -> None:
        self.port = free_port()
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0".replace("//:@", "//")
        self._password = password or None
        binary = shutil.which("redis-server")
        if binary is None:
            raise absent("Redis", "redis-server")
        super().__init__(
            [
                *(binary, "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--dir", str(directory), "--save", "", "--appendonly", "no"),
                *(["--requirepass", password] if password else []),
            ],
            name="redis",
        )

    def is_ready(self) -> bool:
        with redis_client.Redis(
            port=self.port, password=self._password, socket_connect_timeout=1
        ) as client:
            try:
                return bool(client.ping())
            except redis_client.RedisError:
                return False

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        self.kill()

    def restart(self) -> None:
        """Stop and start empty on the same port."""
        self.stop()
        self.start()


@contextmanager
def redis_server(*, password: str = "") -> Iterator[Redis]:
    """Run an empty Redis."""
    with (
        tempfile.TemporaryDirectory(prefix="imece-redis-") as directory,
        Redis(Path(directory), password=password) as server,
    ):
        server.start()
        yield server


# The product's own processes


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what a process of the product sees: `env` and, from here, only where things are.

    Nothing that steers this test run (its database, its settings module) leaks into it.
    """
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        # Collected once for all of them, and again only when a source changed.
        "STATIC_ROOT": str(ROOT / "var" / "test-static"),
        **env,
    }


def manage(*arguments: str, env: Mapping[str, str], timeout: float = 120) -> str:
    """Run one `manage.py` command to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(env),
        timeout=timeout,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}"
    return done.stdout


def migrate(env: Mapping[str, str]) -> None:
    """Bring the database of `env` to the newest shape, on a busy machine in its own time."""
    manage("migrate", "--verbosity=0", env=env, timeout=600)


class Web(Process):
    """The product's web process: the one command of `make run`, compose and tests."""

    def __init__(self, env: Mapping[str, str], *, command: Sequence[str] | None = None) -> None:
        port = int(env.get("PORT") or free_port())
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"
        defaults = {"PORT": str(port)}
        if "PUBLIC_URL" not in env:
            defaults["PUBLIC_URL"] = self.url
        super().__init__(
            command or [sys.executable, "manage.py", "serve"],
            env=environment({**env, **defaults}),
            name="web",
        )

    def is_ready(self) -> bool:
        try:
            return httpx.get(
                f"{self.url}/readyz", timeout=2, trust_env=False, verify=NO_AUTHORITIES
            ).is_success
        except httpx.TransportError:
            return False


class Celery(Process):
    """A Celery worker or beat of the product; ready when it says so."""

    def __init__(self, env: Mapping[str, str], arguments: Sequence[str], *, sign: str) -> None:
        self._sign = sign
        super().__init__(
            [sys.executable, "-m", "celery", "-A", "config.celery", *arguments],
            env=environment(env),
            name=f"celery-{arguments[0]}",
            start_new_session=True,
        )

    def is_ready(self) -> bool:
        return self._sign in self.logs

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        super().kill()


@contextmanager
def web_process(env: Mapping[str, str], *, timeout: float = 120) -> Iterator[Web]:
    """Run a web process; without DATABASE_URL in `env` it is embedded SQLite in its DATA_DIR."""
    with _data_dir(env) as complete, Web(complete) as web:
        web.start(timeout=timeout)
        yield web


@contextmanager
def worker_process(env: Mapping[str, str], *, queues: str = QUEUES) -> Iterator[Celery]:
    """Run a Celery worker; killing it takes its children along."""
    arguments = ["worker", "-Q", queues, "--concurrency=2", "--loglevel=INFO"]
    with _data_dir(env) as complete, Celery(complete, arguments, sign=" ready.") as worker:
        worker.start()
        yield worker


@contextmanager
def beat_process(env: Mapping[str, str]) -> Iterator[Celery]:
    """Run Celery beat, which keeps its schedule in memory."""
    arguments = ["beat", "--scheduler=config.beat:Beat", "--loglevel=INFO"]
    with _data_dir(env) as complete, Celery(complete, arguments, sign="beat: Starting") as beat:
        beat.start()
        yield beat


@contextmanager
def _data_dir(env: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Give a process that names no DATA_DIR one of its own, so that it never uses `var/`."""
    if "DATA_DIR" in env:
        yield env
        return
    with tempfile.TemporaryDirectory(prefix="imece-data-", ignore_cleanup_errors=True) as path:
        yield {**env, "DATA_DIR": path}


def main() -> None:
    """Run PostgreSQL and Redis until SIGTERM, with their addresses in the file named by argv[1].

    For the suite on both: `python -m tests.support.servers env & . env` (see .ci/run).
    """
    target = Path(sys.argv[1])
    with postgres_server() as postgres, redis_server() as redis:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        fresh = target.with_suffix(".new")
        fresh.write_text(f"DATABASE_URL={postgres.url}\nREDIS_URL={redis.url}\n")
        fresh.replace(target)
        signal.pause()


if __name__ == "__main__":
    main()
