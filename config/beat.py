"""What is asked for by the clock, also by a clock that is set back or while the broker is away."""

from datetime import timedelta
from typing import Any

import structlog
from celery.beat import ScheduleEntry, Scheduler, SchedulingError
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

# Clocks are set right by less than this all the time.
_STEP = timedelta(seconds=5)


class Beat(Scheduler):
    """Celery's scheduler with its schedule in memory.

    Celery asks for nothing before the clock has come to where it was: after a day ahead it would
    be silent for a day. And it writes a traceback for each task that a broker which is away does
    not take; here it is one line when the broker goes, and one when it is back.
    """

    _is_broker_away = False

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

    def apply_async(self, entry: ScheduleEntry, *args: Any, **options: Any) -> Any:
        """Ask for one task; None when the broker does not take it."""
        try:
            asked = super().apply_async(entry, *args, **options)
        except SchedulingError as error:
            # What was raised first: anything but a broker's absence is a fault, told in full.
            if not isinstance(error.__context__, OperationalError):
                raise
            self._note_away(error.__context__)
            return None
        if self._is_broker_away:
            self._is_broker_away = False
            log.info("beat.broker_back")
        return asked

    def _ensure_connected(self) -> Any:
        """Wait for the broker at the start: Celery's own would tell each try."""
        return self.connection.ensure_connection(
            lambda error, _pause: self._note_away(error),
            self.app.conf.broker_connection_max_retries,
        )

    def _note_away(self, error: Exception) -> None:
        if not self._is_broker_away:
            self._is_broker_away = True
            log.warning("beat.broker_away", error=type(error).__name__)
