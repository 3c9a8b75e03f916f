"""`manage.py serve`: the one web command of `make run`, compose and tests."""

import fcntl
import logging
import os
import resource
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.db import connections, transaction

from config.database.sqlite.upkeep import gather_statistics, migrate_whole
from config.embedded import EmbeddedWorker
from config.translations import compile_if_changed
from config.web.server import make_server
from config.web.staticfiles import collect_if_changed

logger = logging.getLogger(__name__)

DEMO_LOGINS = ["elif", "mert", "deniz", "selin", "admin"]
DEMO_PASSWORD = "imece-demo"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class House:
    """What there is to be told of at a start."""

    has_demo: bool = True
    has_admin: bool = True

    @classmethod
    def look(cls) -> "House":
        """Look before there is an event loop."""
        brands = apps.get_model("agents", "Brand").objects.filter(is_demo=True, is_active=True)
        people = apps.get_model("agents", "Agent").objects.filter(is_active=True, is_staff=True)
        if not settings.IS_LOOPBACK:
            # There demo accounts can't sign in.
            people = people.filter(is_demo=False)
        return cls(has_demo=brands.exists(), has_admin=people.exists())

    @property
    def pages(self) -> list[str]:
        """Return the demo's own line."""
        shop = f"  Shop page with the widget   {settings.PUBLIC_URL}/demo/"
        return [shop] if self.has_demo else []


class Command(BaseCommand):
    """Serve HTTP and sockets; embedded, also prepare the database, work and beat."""

    help = "Serve the product: web, sockets and, with EMBEDDED_WORKER, worker and beat."
    # CI runs them; a start has five seconds.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        """Prepare, serve until told to stop, then leave in order."""
        # From the settings alone: who may reach us decides whether the demo is open.
        host = settings.LISTEN_HOST
        signal.signal(signal.SIGTERM, _leave)
        allow_files()
        worker: EmbeddedWorker | None = None
        try:
            with one_at_a_time():
                prepare()
            house = House.look() if settings.EMBEDDED_WORKER else House()
            connections.close_all()

            # Before there are threads: two that import parts of it at once may meet in a circle of
            # somebody's package, and each request after that would fail.
            import_module(settings.ROOT_URLCONF)
            if settings.EMBEDDED_WORKER:
                worker = EmbeddedWorker()

            def started() -> None:
                if worker:
                    worker.start()
                self.greet(host, port, house)

            make_server(host=host, port=port, on_started=started).run()
        except KeyboardInterrupt:
            logger.info("interrupted")
        finally:
            # From here on a second signal doesn't cut the rest short.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            finished = worker.stop() if worker else True
            logging.shutdown()
            sys.stdout.flush()
            if not finished:
                # A task hangs in a thread that would keep the interpreter alive. It loses nothing:
                # its outbox row is taken up again when the lease ends.
                os._exit(0)

    def greet(self, host: str, port: int, house: "House") -> None:
        """Print where to go and who may sign in."""
        lines = [f"İmece serves {settings.PUBLIC_URL} (listening on {host}:{port})"]
        if settings.EMBEDDED_WORKER:
            lines += [
                "",
                *house.pages,
                f"  Console                     {settings.PUBLIC_URL}/console/",
                f"  Admin                       {settings.PUBLIC_URL}/admin/",
            ]
        # At another address demo accounts can't sign in: see `may_enter`.
        if settings.SEED_DEMO and settings.IS_LOOPBACK and house.has_demo:
            names = " ".join(f"{name}@example.com" for name in DEMO_LOGINS)
            lines += ["", f"  Demo logins   {names}", f"  Password      {DEMO_PASSWORD}"]
        elif settings.EMBEDDED_WORKER and not house.has_admin:
            lines += [
                "",
                "  Nobody can sign in yet: manage.py createadmin makes the first account.",
            ]
        lines += ["", "  Ctrl-C stops it."] if sys.stdout.isatty() else []
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def allow_files() -> None:
    """Allow as many open files as the machine lets us: each socket is one, and a shell's stock
    limit is a thousand."""
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of this DATA_DIR prepare at a time; a dead one holds no lock."""
    with (settings.DATA_DIR / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare() -> None:
    """Bring texts and static files up to date; embedded, also the database and the demo data."""
    compile_if_changed()
    collect_if_changed()
    if settings.EMBEDDED_WORKER:
        migrate_whole()
        gather_statistics()
    if settings.SEED_DEMO:
        brands = apps.get_model("agents", "Brand").objects
        with transaction.atomic():
            # Demo brands that are there already only follow our address, which may have changed.
            if not brands.exists() or brands.filter(is_demo=True).exists():
                call_command("seed_demo", verbosity=0)
    connections.close_all()


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
