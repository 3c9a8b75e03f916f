"""An embedded database without rows: migrated once for all processes and runs, then copied.

An empty file takes eight seconds of a core, since Django draws all models anew after each step. It
is kept beside the collected static files, under a name made of all that shapes it.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import django
from django.apps import apps
from django.db import connection

from tests.support import servers
from tests.support.process import ROOT

KEPT = ROOT / "var" / "test-migrated"
DATABASE = "imece.sqlite3"
A_DAY = 24 * 3600


def migrated_dir() -> Path:
    """Return the kept DATA_DIR, only to be copied; made anew if migrations or fields changed."""
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / _shape()
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            # One that was cut short never gets the name.
            fresh = Path(tempfile.mkdtemp(prefix="new-", dir=KEPT))
            servers.manage("migrate", "--verbosity=0", env={"DATA_DIR": str(fresh)})
            fresh.rename(kept)
        os.utime(kept)
        for other in KEPT.glob("*/"):
            # Another run may be copying it, but not one of yesterday.
            if other.stat().st_mtime < time.time() - A_DAY:
                shutil.rmtree(other)
    return kept


def copy_database(target: Path) -> None:
    """Put an embedded database without rows at `target`, whatever is there."""
    for beside in ("-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    shutil.copyfile(migrated_dir() / DATABASE, target)


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
