"""What is asked for by the clock, also by a clock that is set back."""

from datetime import timedelta
from typing import Any

import structlog
from celery.beat import Scheduler

log = structlog.get_logger(__name__)

# Clocks are set right by less than this all the time.
_STEP = timedelta(seconds=5)


class Beat(Scheduler):
    """Celery's scheduler with its schedule in memory.

    Celery asks for nothing before the clock has come to where it was: after a day ahead it would
    be silent for a day.
    """

    def tick(self, *args: Any, **options: Any) -> Any:
        """Ask for what is due; return after how many seconds to look again."""
        now = self.app.now()
        entries = self.schedule.values()
        ahead = [entry for entry in entries if (entry.last_run_at or now) > now + _STEP]
        if ahead:
            log.warning("beat.clock_was_ahead")
            for entry in ahead:
                entry.last_run_at = now
            self.populate_heap()
        return super().tick(*args, **options)
