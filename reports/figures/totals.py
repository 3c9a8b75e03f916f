"""Rows and what they are together, of facts that are read once."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Aggregate, IntegerField, QuerySet

type Row = Mapping[str, Any]


class _Grouping(Aggregate):
    """0 in a row of a group, 1 in that of all groups together (PostgreSQL)."""

    function = "GROUPING"
    output_field = IntegerField()


def rows_and_total(
    facts: QuerySet[Any], group: Any, parts: Mapping[str, Any], whole: Mapping[str, Any]
) -> tuple[Iterable[Row], Row]:
    """Return `parts` of each group as rows with its value as g0, and `whole` of all together.

    SQLite, which knows no GROUPING SETS, reads the facts twice.
    """
    if connection.vendor != "postgresql":
        return facts.values(g0=group).annotate(**parts), facts.aggregate(**whole)
    asked = facts.values(g0=group).annotate(is_total=_Grouping(group), **parts, **whole)
    try:
        compiler = asked.query.get_compiler(connection=connection)
        statement, values = compiler.as_sql()
    except EmptyResultSet:
        return [], facts.aggregate(**whole)
    grouped = " GROUP BY 1"
    if not statement.endswith(grouped):
        raise ValueError(statement)
    statement = statement.removesuffix(grouped) + " GROUP BY GROUPING SETS ((1), ())"
    names = [alias for _expression, _sql, alias in compiler.select]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    rows = [row for row in found if not row["is_total"]]
    [total] = [row for row in found if row["is_total"]]
    return rows, total
