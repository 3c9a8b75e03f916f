"""Names in the order of the alphabet where a query sorts, and the table holds no `sort_name`."""

from typing import Any

from django.db.models import Case, QuerySet, Value, When

from config.text.folding import by_name


def in_alphabet(rows: QuerySet[Any], *, path: str = "pk") -> Case:
    """Return the place of each of these few rows, to order by; `path`: to it from what is ordered.

    The databases order letters each in its own way, none as Turkish dictionaries do.
    """
    keys = [row.pk for row in by_name(rows.only("name"))]
    # Of no rows there would be no expression.
    return Case(*(When(**{path: key}, then=Value(at)) for at, key in enumerate(keys or [0])))
