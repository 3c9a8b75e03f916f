"""The product's settings with what a test run needs: cheap hashing, a database file."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="imece-tests-"))
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("EMBEDDED_WORKER", "false")

from config.settings import *  # noqa: E402, F403
from config.settings import DATA_DIR, DATABASES, IS_SQLITE  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if IS_SQLITE:
    # A file, so that threads and other processes see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
