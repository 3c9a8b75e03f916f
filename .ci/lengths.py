"""Say which files are too long to be read at one sitting: split them by noun."""

import subprocess
import sys
from pathlib import Path

LIMITS = {".py": 400, ".js": 500, ".css": 500}


def long_files() -> list[str]:
    """Return a sentence for each file of the project that is over its limit."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    found = []
    for path in map(Path, filter(None, names)):
        limit = LIMITS.get(path.suffix)
        if limit is None or "migrations" in path.parts or not path.exists():
            continue
        if (lines := path.read_text().count("\n")) > limit:
            found.append(f"{path}: {lines} lines, {limit} are the most")
    return found


if __name__ == "__main__":
    found = long_files()
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(bool(found))
