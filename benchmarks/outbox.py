"""From a committed event to what follows from it, on an idle system whose mail server hangs.

`measure` starts the workers; this module as a process (`python -m benchmarks.outbox EVENTS`, in the
product's environment) is the one that commits, and prints what each event took in milliseconds.
"""

import contextlib
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from benchmarks import servers
from tests.support.servers import worker_process

EVENTS = 100
PAUSE = 0.1
BUDGET = 500


@contextlib.contextmanager
def hanging_mail_server() -> Iterator[str]:
    """Take connections and never say a word; yield the EMAIL_URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"


def figures(took: list[float]) -> str:
    """Return how long the events took."""
    p95 = sorted(took)[int(len(took) * 0.95)]
    return f"p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms, highest {max(took):.0f} ms"


def measure(embedded: dict[str, str], apart: dict[str, str]) -> list[str]:
    """Return the report: a worker inside the process, and workers behind Redis."""
    lines = ["### From an event to what follows, a mail hanging beside it", ""]
    with hanging_mail_server() as url:
        for name, env in (("SQLite, embedded", embedded), ("PostgreSQL, Redis", apart)):
            env |= {"EMAIL_URL": url, "SWEEP_SECONDS": "60"}
            servers.run("manage", "migrate", "--verbosity=0", env=env)
            with contextlib.ExitStack() as stack:
                if env["EMBEDDED_WORKER"] == "false":
                    for queues in ("realtime,rules", "outbound,mail"):
                        stack.enter_context(worker_process(env, queues=queues))
                took = json.loads(servers.run("benchmarks.outbox", str(EVENTS), env=env))
            lines.append(f"- {name} (p95 ≤ {BUDGET} ms): {figures(took)}")
    return [*lines, ""]


def commit(events: int) -> list[float]:
    """Have mails hang, then commit events; return what each took in milliseconds."""
    import django  # noqa: PLC0415 - only this process is one of the product

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from agents.operations.passwords import MAIL, request_password_reset  # noqa: PLC0415
    from config.embedded import EmbeddedWorker  # noqa: PLC0415
    from config.events import KIND, Event, publish  # noqa: PLC0415
    from config.outbox.models import OutboxEntry  # noqa: PLC0415
    from tests.support.factories import make_agent  # noqa: PLC0415

    @dataclass(frozen=True, kw_only=True)
    class Ticked(Event):
        """Nothing reacts to it: measured is the way."""

        name: ClassVar[str] = "benchmarks.ticked"

    if settings.EMBEDDED_WORKER:
        EmbeddedWorker().start()
    agent = make_agent()
    for _ in range(20):
        request_password_reset(email=agent.email)
    while not OutboxEntry.objects.filter(kind=MAIL, lease_until__isnull=False).exists():
        time.sleep(PAUSE)
    committed = []
    for _ in range(events):
        with transaction.atomic():
            publish(Ticked())
        committed.append(timezone.now())
        time.sleep(PAUSE)
    followed = OutboxEntry.objects.filter(kind=KIND).order_by("pk")
    while followed.filter(done_at=None).exists():
        time.sleep(PAUSE)
    done = followed.values_list("done_at", flat=True)
    assert not OutboxEntry.objects.filter(kind=MAIL, done_at__isnull=False).exists()
    return [
        (end - begin).total_seconds() * 1000 for begin, end in zip(committed, done, strict=True)
    ]


if __name__ == "__main__":
    print(json.dumps(commit(int(sys.argv[1]))), flush=True)
    os._exit(0)
