"""How often rules were looked at, and how often they held."""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.utils import timezone

from automation.models import Rule

_SECONDS = 30.0

# What several processes count is added up, which `bulk_create` can't.
_ADD = """
    INSERT INTO automation_tally (rule_id, day, looked, matched) VALUES (%s, %s, %s, %s)
    ON CONFLICT (rule_id, day) DO UPDATE
    SET looked = automation_tally.looked + excluded.looked,
        matched = automation_tally.matched + excluded.matched
"""


class Tallies:
    """How often rules were looked at and held, kept for a moment and then written together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Those that are looked at together are most often the same: counted as one.
        self._looked: Counter[tuple[tuple[int, ...], str]] = Counter()
        self._matched: Counter[tuple[int, str]] = Counter()
        self._written_at = time.monotonic()

    def add(self, looked: Iterable[int], matched: Iterable[int], now: datetime) -> None:
        """Count which rules were looked at for one event, and which of them held."""
        day = timezone.localdate(now).isoformat()
        with self._lock:
            self._looked[tuple(looked), day] += 1
            for rule_id in matched:
                self._matched[rule_id, day] += 1

    def write_now_and_then(self) -> None:
        """Write what was counted, unless that was done a moment ago."""
        if time.monotonic() - self._written_at > _SECONDS:
            self.write()

    def write(self) -> None:
        """Write what was counted; of rules that are gone by now nothing is kept."""
        with self._lock:
            together, self._looked = self._looked, Counter()
            matched, self._matched = self._matched, Counter()
            self._written_at = time.monotonic()
        looked: Counter[tuple[int, str]] = Counter()
        for (rules, day), times in together.items():
            for rule in rules:
                looked[rule, day] += times
        there = set(Rule.objects.values_list("pk", flat=True))
        rows = [
            (rule, day, times, matched[rule, day])
            for (rule, day), times in sorted(looked.items())
            if rule in there
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(_ADD, rows)


tallies = Tallies()
