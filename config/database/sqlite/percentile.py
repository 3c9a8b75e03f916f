"""An aggregate that PostgreSQL has and SQLite lacks, to the last digit the same."""


class Percentile:
    """`percentile(value, share)`: what `percentile_cont(share)` is in PostgreSQL."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._share = 0.5

    def step(self, value: float | None, share: float) -> None:
        """Take in a row; what is missing is none."""
        self._share = share
        if value is not None:
            self._values.append(value)

    def finalize(self) -> float | None:
        """Return the value at that place of all in order, between two of them in proportion."""
        if not self._values:
            return None
        self._values.sort()
        place = self._share * (len(self._values) - 1)
        below = int(place)
        low = self._values[below]
        if place == below:
            return low
        return low + (place - below) * (self._values[below + 1] - low)
