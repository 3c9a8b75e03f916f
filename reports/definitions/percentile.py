"""What so large a share of all values reach at most, as an aggregate of both databases."""

from typing import Any

from django.db.models import Aggregate, FloatField


class Percentile(Aggregate):
    """The value at a place of all in order, between two of them in proportion."""

    name = "Percentile"
    # Of SQLite: `config/database/sqlite/percentile.py`.
    function = "percentile"
    template = "%(function)s(%(expressions)s, %(share)s)%(filter)s"

    def __init__(self, what: Any, *, share: float, **more: Any) -> None:
        super().__init__(what, share=share, output_field=FloatField(), **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Ask as PostgreSQL wants it."""
        ordered = "percentile_cont(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)%(filter)s"
        return self.as_sql(compiler, connection, template=ordered, **more)
