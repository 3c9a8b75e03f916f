"""Making all facts of one kind anew: newest first, in batches, at once or in parts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from config.outbox.models import OutboxEntry
from config.outbox.operations import enqueue

BATCH = 500
# How long one part of a rebuild works.
PART_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Past:
    """What facts are made of; `kind`: of the effect that makes them in parts."""

    kind: str
    rows: Callable[[], QuerySet[Any]]
    # Writes the facts of rows with these keys; returns how many there are.
    write: Callable[[list[int]], int]

    def rebuild(
        self, *, before: int | None = None, told: Callable[[int], None] | None = None
    ) -> int:
        """Write all facts anew; return how many there are.

        `before`: only of rows with a smaller key. `told` hears the key down to which it is done.
        """
        written = 0
        while pks := self._next(before):
            written += self.write(pks)
            before = pks[-1]
            if told:
                told(before)
        return written

    def begin(self, *, run: int) -> None:
        """Have workers write all facts anew, unless they are at it."""
        # One at a time: its parts follow each other.
        if not OutboxEntry.objects.live().filter(kind=self.kind).exists():
            self._go_on(run=run, before=None)

    def do_part(self, *, run: int, before: int | None) -> None:
        """Write facts anew for some seconds, and have a worker go on from there.

        So no single effect takes longer than a queue allows, and what was done stays done. Newest
        first: reports of these days are whole long before those of years ago.
        """
        until = time.monotonic() + PART_SECONDS
        while pks := self._next(before):
            self.write(pks)
            before = pks[-1]
            if time.monotonic() > until:
                self._go_on(run=run, before=before)
                return

    def _next(self, before: int | None) -> list[int]:
        rows = self.rows().order_by("-pk")
        if before is not None:
            rows = rows.filter(pk__lt=before)
        return list(rows.values_list("pk", flat=True)[:BATCH])

    def _go_on(self, *, run: int, before: int | None) -> None:
        key = f"{self.kind}:{run}:{before or 'newest'}"
        enqueue(kind=self.kind, key=key, payload={"run": run, "before": before})
