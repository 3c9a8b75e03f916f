"""Moments as whole numbers, and many of them as one value: as rows they take most of a report."""

from array import array
from collections.abc import Iterable
from sys import byteorder
from typing import Any

from django.db.models import Aggregate, BigIntegerField, DateTimeField, Func, TextField


class Micros(Func):
    """A moment as whole microseconds since 1970, so that no row's is made an object of.

    SQLite holds moments as words: nineteen letters to the second, and perhaps a dot and six more.
    """

    template = (
        "(CAST(STRFTIME('%%%%s', SUBSTR(%(expressions)s, 1, 19)) AS INTEGER) * 1000000"
        " + CAST(SUBSTR(%(expressions)s, 21) AS INTEGER))"
    )
    output_field = BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Ask as PostgreSQL wants it: exactly, as its seconds are decimals."""
        exact = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"
        return self.as_sql(compiler, connection, template=exact, **more)


class Quarter(Func):
    """The quarter of an hour a moment lies in, for hours of any zone: they begin with one.

    To tell a million moments the hour of a zone takes the database twice as long. `seconds`: of a
    longer part, where hours of the zone begin with that.
    """

    template = (
        "DATETIME(CAST(STRFTIME('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s * %(seconds)s,"
        " 'unixepoch')"
    )
    output_field = DateTimeField()

    def __init__(self, moment: Any, *, seconds: int = 900) -> None:
        super().__init__(moment, seconds=seconds)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Ask as PostgreSQL wants it."""
        binned = "DATE_BIN('%(seconds)s seconds', %(expressions)s, '2000-01-01 00:00+00')"
        return self.as_sql(compiler, connection, template=binned, **more)


class Packed(Aggregate):
    """All numbers of a group, in no order: as their eight bytes each, on SQLite as words."""

    function = "GROUP_CONCAT"
    template = "%(function)s(CAST(%(expressions)s AS TEXT), ',')"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Ask as PostgreSQL wants it."""
        packed = "STRING_AGG(INT8SEND(%(expressions)s), ''::bytea)"
        return self.as_sql(compiler, connection, template=packed, **more)


def unpacked(value: str | bytes) -> Iterable[int]:
    """Return the whole numbers that a database packed into one value: SQLite as text with commas,
    PostgreSQL as eight bytes each, the first of which counts most.
    """
    if isinstance(value, str):
        return map(int, value.split(","))
    numbers = array("q", value)
    if byteorder == "little":
        # As they are sent, the first byte counts most.
        numbers.byteswap()
    return numbers
