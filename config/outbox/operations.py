"""stand-in"""

from typing import Any


def enqueue(*, kind: str, key: str, payload: dict[str, Any]) -> None: ...
def register(kind: str, handler: Any) -> None: ...
