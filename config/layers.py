"""stand-in"""

from typing import Any


def announce(rings: list[tuple[str, dict[str, Any]]]) -> None: ...
