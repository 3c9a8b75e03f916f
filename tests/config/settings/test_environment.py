"""What is read from the environment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once


@pytest.fixture
def setting(tmp_path: Path) -> Any:
    """Call it for a setting as it is read from these variables, in a process of its own."""

    def read(name: str, **told: str) -> Any:
        env = {"DATA_DIR": str(tmp_path), "SECRET_KEY": "x", "PATH": os.environ["PATH"], **told}
        code = f"import json, config.settings as s; print(json.dumps(s.{name}))"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=env, check=True, text=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    return read


def test_further_host_names_leave_the_own_one_and_loopback_answered(setting: Any) -> None:
    told = {"PUBLIC_URL": "https://desk.example", "ALLOWED_HOSTS": "help.example,yardim.example"}
    assert setting("ALLOWED_HOSTS", **told) == [
        *("desk.example", "127.0.0.1", "localhost", "[::1]"),
        *("help.example", "yardim.example"),
    ]


def test_options_of_the_databases_address_reach_the_driver_beside_ours(setting: Any) -> None:
    url = "postgres://i:p@db.example/i?sslmode=verify-full&options=-c%20search_path%3Ddesk"
    options = setting("DATABASES['default']['OPTIONS']", DATABASE_URL=url)
    assert options["sslmode"] == "verify-full"
    assert "-c statement_timeout=15000 " in options["options"]
    assert options["options"].endswith(" -c search_path=desk")
    assert options["pool"]["max_size"]


def test_options_of_an_sqlite_address_leave_what_must_hold(setting: Any, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.sqlite3?timeout=5&transaction_mode=DEFERRED"
    options = setting("DATABASES['default']['OPTIONS']", DATABASE_URL=url)
    assert (options["timeout"], options["transaction_mode"]) == (5, "IMMEDIATE")
