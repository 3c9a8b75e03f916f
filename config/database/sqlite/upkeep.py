"""What SQLite leaves to its owner: knowing how its tables have grown."""

from django.db import connection

# Rows of an index that are looked at: milliseconds, however large the table.
SAMPLE = 400


def gather_statistics() -> None:
    """Tell the query planner how many rows there are of what; connections to come will know.

    Without it SQLite takes an index on the brand for as good as one on the agent's open chats.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit={SAMPLE}")
            cursor.execute("ANALYZE")
