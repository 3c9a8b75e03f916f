"""The product's settings with what a test run needs: cheap hashing, a database file."""

import atexit
import os
import shutil
import tempfile

if "DATA_DIR" not in os.environ:
    # Workers of pytest-xdist and the `site` process inherit it; who made it removes it.
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="imece-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests-only")
os.environ.setdefault("EMBEDDED_WORKER", "false")

from config.settings import *  # noqa: F403
from config.settings import (
    CACHES,
    CHANNEL_LAYERS,
    DATA_DIR,
    DATABASES,
    IMECE,
    IS_SQLITE,
    REDIS_URL,
)

# Rules are late on a busy machine, and then the chat goes on without them.
IMECE["RULES_HOLD_SECONDS"] = 20.0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if IS_SQLITE:
    # A file, so that threads and other processes see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

if REDIS_URL:
    # Each xdist worker has its own database number; pub/sub knows none, so channels get a prefix.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    REDIS_URL = f"{REDIS_URL.rsplit('/', 1)[0]}/{int(worker.removeprefix('gw'))}"
    CACHES["default"]["LOCATION"] = REDIS_URL
    CELERY_BROKER_URL = REDIS_URL
    CHANNEL_LAYERS["default"]["CONFIG"] = {"hosts": [REDIS_URL], "prefix": f"test-{worker}"}
