"""Weekdays by hours in colours, the same on every page."""


def darkness(count: int, *, top: int) -> int:
    """Return how dark an hour is, 0 to 5; the lightest colour is for what is not nothing."""
    return 1 + min(4, int(count / top * 4.999)) if count else 0
