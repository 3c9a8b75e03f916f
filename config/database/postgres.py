"""Few waits and few plans on PostgreSQL, for statements that run all day with unchanging texts.

The ORM sends a statement, waits for its answer, and has it parsed and planned each time. On SQLite
nothing here makes a difference.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg.pq import TransactionStatus

PREPARE_AFTER = 2


def database() -> BaseDatabaseWrapper:
    """Return this thread's connection; `django.db.connection` looks it up at each attribute."""
    found: BaseDatabaseWrapper = connections[DEFAULT_DB_ALIAS]
    return found


@contextmanager
def together() -> Iterator[None]:
    """Send statements whose answers nobody waits for along with the next ones (PostgreSQL).

    Stands right inside `transaction.atomic()`, whose commit goes along too.
    """
    here = database()
    here.ensure_connection()
    if here.vendor != "postgresql":
        yield
        return
    raw = here.connection
    raw.prepare_threshold = PREPARE_AFTER
    with here.wrap_database_errors:
        if begins := raw.pgconn.transaction_status == TransactionStatus.IDLE:
            # Or psycopg sends a BEGIN of its own, and waits for it.
            raw.autocommit = True
    with here.wrap_database_errors, raw.pipeline():
        if begins:
            raw.execute("BEGIN", prepare=False)
        yield
        # Not asked of psycopg: until the pipeline ends it knows nothing of our BEGIN.
        if begins and not here.savepoint_ids and not here.needs_rollback:
            # Django's own commit then finds nothing left to do.
            raw.execute("COMMIT", prepare=False)


@contextmanager
def roomy() -> Iterator[None]:
    """Have what is asked in here sorted in memory, and not compiled before it runs (PostgreSQL).

    For the few statements that read a year: sorted on disk, or read in the order of an index
    to spare the sorting, they take several times as long.
    """
    here = database()
    if here.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), here.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '96MB'")
        cursor.execute("SET LOCAL jit = off")
        yield


def take_turn(name: str) -> None:
    """Wait until no other transaction has this turn, and have it until our own ends (PostgreSQL).

    For work whose rows others may not be kept from. On SQLite a transaction is alone anyway.
    """
    here = database()
    if here.vendor == "postgresql":
        with here.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def planned_cursor() -> Any:
    """Return a cursor whose statements PostgreSQL plans once (see `DATABASES`).

    Plans are kept only on connections that have been in `together()`.
    """
    here = database()
    if here.vendor != "postgresql":
        return here.cursor()
    here.ensure_connection()
    cursor_class: Any = ServerBindingCursor
    wrap = here.make_debug_cursor if here.queries_logged else here.make_cursor
    return wrap(cursor_class(here.connection))
