"""Where everything is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once


def test_the_data_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "var" / "imece"
    env = {"DATA_DIR": str(data), "REDIS_URL": "", "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", "import config.settings"], env=env, check=True)
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600
