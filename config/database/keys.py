"""Primary keys that are known before their rows are there."""

from django.db import connection, models


def next_key(model: type[models.Model]) -> int:
    """Take the next primary key out of a table's sequence; a row may get it later, or none."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        else:
            # The row of a table is there from its first insert on.
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT %s, 0"
                " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
                [table, table],
            )
            cursor.execute(
                "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = %s RETURNING seq", [table]
            )
        return int(cursor.fetchone()[0])
