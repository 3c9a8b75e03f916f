"""A database without rows: migrated once for all processes, then copied.

An empty one takes eight seconds of a core, since Django draws all models anew after each step. The
embedded one is kept beside the collected static files, that of PostgreSQL on its server, under a
name made of all that shapes it.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.db import connection
from psycopg import sql

from tests.support import servers
from tests.support.process import ROOT
from tests.support.processes import database_url, process_environment

KEPT = ROOT / "var" / "test-migrated"
DATABASE = "imece.sqlite3"
A_DAY = 24 * 3600
TEMPLATE = "imece_migrated_"


def migrated_dir() -> Path:
    """Return the kept DATA_DIR, only to be copied; made anew if migrations or fields changed."""
    kept = KEPT / _shape()
    with _alone():
        if not kept.exists():
            # One that was cut short never gets the name.
            fresh = Path(tempfile.mkdtemp(prefix="new-", dir=KEPT))
            servers.migrate({"DATA_DIR": str(fresh)})
            fresh.rename(kept)
        os.utime(kept)
        for other in KEPT.glob("*/"):
            # Another run may be copying it, but not one of yesterday.
            if other != kept and other.stat().st_mtime < time.time() - A_DAY:
                shutil.rmtree(other)
    return kept


def copy_database(target: Path) -> None:
    """Put an embedded database without rows at `target`, whatever is there."""
    for beside in ("-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    shutil.copyfile(migrated_dir() / DATABASE, target)


def template_database() -> str:
    """Return the name of a migrated database on the PostgreSQL of this run, only to be copied."""
    name = TEMPLATE + _shape()
    with _alone(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{TEMPLATE}%"])
        there = {row[0] for row in cursor.fetchall()}
        if name in there:
            return name
        for other in there:
            cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(other)))
        # One that was cut short never gets the name.
        fresh = f"{TEMPLATE}new"
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
        servers.migrate(process_environment(DATABASE_URL=database_url(fresh)))
        names = sql.Identifier(fresh), sql.Identifier(name)
        cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
    return name


@contextmanager
def _alone() -> Iterator[None]:
    """Let no other worker migrate meanwhile."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _shape() -> str:
    """Return a name for the steps of all apps, and for what our fields are in this database."""
    digest = hashlib.sha256(django.__version__.encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for step in sorted(Path(app.path).glob("migrations/*.py")):
            digest.update(f"{app.label}/{step.name}".encode())
            digest.update(step.read_bytes())
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            digest.update(
                f"{model._meta.db_table}.{field.column} {field.db_type(connection)}".encode()
            )
    return digest.hexdigest()[:16]
