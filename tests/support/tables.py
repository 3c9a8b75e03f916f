"""An end for the rows of tests that commit."""

import functools

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, OperationalError, connection, transaction


def empty_tables() -> None:
    """Delete all rows, in any order: foreign keys are checked at the end of the transaction.

    Django's own flush truncates, which locks whole tables against a site at work, and makes
    content types and permissions anew, which takes longer than most tests.
    """
    for attempt in range(5):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for statement in _statements():
                    cursor.execute(statement)
            return
        except (IntegrityError, OperationalError):
            # A site at work added to a row that was being deleted, or won a deadlock.
            if attempt == 4:
                raise
            connection.close()


@functools.cache
def _statements() -> list[str]:
    """Return what deletes all; PostgreSQL takes it in one go."""
    models = apps.get_models(include_auto_created=True)
    tables = [m._meta.db_table for m in models if m not in (ContentType, Permission)]
    # A proxy has the table of another model.
    names = map(connection.ops.quote_name, dict.fromkeys(tables))
    deletes = [" ".join(("DELETE FROM", name)) for name in names]
    return [";".join(deletes)] if connection.vendor == "postgresql" else deletes
