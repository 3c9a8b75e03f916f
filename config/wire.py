"""What goes over a socket, whichever room says it: moments, encoded frames, events.

The channel layer carries frames as content of type `live.frames`: text that each socket forwards as
it is.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def wire_time(at: datetime) -> str:
    """Return a moment such as 2026-11-21T10:00:00.123Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def encode(frame: Mapping[str, Any]) -> str:
    """Return a frame as the text that goes over the wire."""
    return _encode(frame)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event_frame(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an `event` frame."""
    return {"type": "event", "name": name, "data": data}


def frames_content(
    *frames: Mapping[str, Any], sender: str = "", touched: Sequence[str] = ()
) -> dict[str, Any]:
    """Return layer content for frames that are forwarded as they are, encoded once.

    Sockets of `sender` (an agent's public id) don't hear it. Of the chats in `touched` (public ids)
    it may have changed who follows them: sockets look again.
    """
    content: dict[str, Any] = {
        "type": "live.frames",
        "frames": [encode(frame) for frame in frames],
    }
    if touched:
        content["touched"] = list(touched)
    if sender:
        content["sender"] = sender
    return content
