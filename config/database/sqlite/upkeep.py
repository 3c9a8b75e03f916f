"""What SQLite leaves to its owner: beginning whole, knowing how its tables have grown."""

from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections

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


def migrate_whole() -> None:
    """Bring the database up to date; a new file gets its name once all tables are there.

    Django notes a migration after it has committed it. A first start that dies between the two
    could not be made good: the tables are there, and nothing says so.
    """
    name = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or (name.exists() and name.stat().st_size):
        call_command("migrate", interactive=False, verbosity=0)
        return
    fresh = name.with_name(f"{name.name}.new")
    for left in fresh.parent.glob(f"{fresh.name}*"):
        left.unlink()
    connections.close_all()
    connection.settings_dict["NAME"] = str(fresh)
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        # The last connection to leave brings the journal into the file.
        connections.close_all()
        connection.settings_dict["NAME"] = str(name)
    fresh.rename(name)
