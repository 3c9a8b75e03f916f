"""Moments as every audience sees them."""

from datetime import UTC, datetime


def wire_time(at: datetime) -> str:
    """Return a moment such as 2026-11-21T10:00:00.123Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
