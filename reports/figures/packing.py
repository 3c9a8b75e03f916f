"""Many whole numbers as one value: a million of them as rows would take most of a report's time."""

from array import array
from collections.abc import Iterable
from sys import byteorder
from typing import Any

from django.db.models import Aggregate, TextField


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
    """Return the numbers."""
    if isinstance(value, str):
        return map(int, value.split(","))
    numbers = array("q", value)
    if byteorder == "little":
        # As they are sent, the first byte counts most.
        numbers.byteswap()
    return numbers
