"""Frames in: which there are, and what their fields may hold."""

import json
import re
from typing import Any, NamedTuple

from django.conf import settings

from chat.protocol.constants import (
    ATTACHMENTS_MAX,
    OLDEST_PROTOCOL,
    RESUMED_CONVERSATIONS_MAX,
    Audience,
)
from config.text.cleaning import is_blank


class BadFrame(Exception):
    """The client sent something that is no frame of this protocol."""


class Field(NamedTuple):
    """How one field of a frame is checked; `required` without `default`."""

    check: Any
    required: bool = True
    default: Any = None
    # What makes one spelling of it.
    form: Any = None


_ID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_TICKET = re.compile(r"[1-9][0-9]{0,8}\Z")
_CID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_SEQ_MAX = 2**31 - 1


def is_cid(value: object) -> bool:
    """Return whether `value` is a client id: a UUID in text."""
    return type(value) is str and _CID.match(value) is not None


def is_id(value: object) -> bool:
    """Return whether `value` can be one of our opaque ids."""
    return type(value) is str and _ID.match(value) is not None


def _is_ticket(value: object) -> bool:
    return type(value) is str and _TICKET.match(value) is not None


def is_seq(value: object) -> bool:
    """Return whether `value` can be a number of an entry."""
    return type(value) is int and 0 <= value <= _SEQ_MAX


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_mode(value: object) -> bool:
    return type(value) is str and value in {"reply", "note", "whisper"}


def _told_mode(value: str) -> str:
    """Return how screens show it: a whisper is a note to one."""
    return "reply" if value == "reply" else "note"


def _is_ids(value: object) -> bool:
    return type(value) is list and len(value) <= ATTACHMENTS_MAX and all(map(is_id, value))


def _is_number(value: object) -> bool:
    return type(value) is int


def _is_token(value: object) -> bool:
    return value is None or (type(value) is str and 0 < len(value) <= 4096)


def _is_resume(value: object) -> bool:
    return (
        type(value) is dict
        and len(value) <= RESUMED_CONVERSATIONS_MAX
        and all(is_id(key) and is_seq(seq) for key, seq in value.items())
    )


_CONVERSATION = Field(is_id)
_SEND = {
    "cid": Field(is_cid, form=str.lower),
    "conversation": _CONVERSATION,
    "text": Field(_is_text, required=False, default=""),
    "attachments": Field(_is_ids, required=False, default=()),
}
_BOTH: dict[str, dict[str, Field]] = {
    "hello": {
        "token": Field(_is_token, required=False),
        "resume": Field(_is_resume, required=False, default={}),
        "protocol": Field(_is_number, required=False, default=OLDEST_PROTOCOL),
    },
    "message.send": _SEND,
    "typing": {
        "conversation": _CONVERSATION,
        "on": Field(_is_bool),
        "mode": Field(_is_mode, required=False, default="reply", form=_told_mode),
        "text": Field(_is_text, required=False, default=""),
    },
    "read": {"conversation": _CONVERSATION, "seq": Field(is_seq)},
    "ping": {},
}
FRAMES: dict[Audience, dict[str, dict[str, Field]]] = {
    "visitor": _BOTH,
    "agent": _BOTH
    | {
        "hello": _BOTH["hello"] | {"agent": Field(is_id, required=False)},
        "note.add": _SEND | {"whisper": Field(_is_bool, required=False, default=False)},
        "watch": {
            "conversation": _CONVERSATION,
            "after": Field(is_seq, required=False),
        },
        "unwatch": {"conversation": _CONVERSATION},
    },
}

# What agents may say of a ticket: the same, and it stands where the chat would.
_TICKET_FRAMES: dict[str, dict[str, Field]] = {
    kind: {"ticket": Field(_is_ticket)}
    | {name: field for name, field in FRAMES["agent"][kind].items() if name != "conversation"}
    for kind in ("message.send", "note.add", "typing", "read", "watch", "unwatch")
}


def decode(text: str, audience: Audience) -> dict[str, Any]:
    """Return a frame whose fields are all checked; unknown fields are dropped.

    Raises `BadFrame`. The table is fixed: nothing is looked up by a name the client chose.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame from error
    if type(raw) is not dict:
        raise BadFrame
    kind = raw.get("type")
    fields = FRAMES[audience].get(kind) if type(kind) is str else None
    if fields and audience == "agent" and "ticket" in raw and "conversation" not in raw:
        fields = _TICKET_FRAMES.get(str(kind), fields)
    if fields is None:
        raise BadFrame
    frame: dict[str, Any] = {"type": kind}
    for name, field in fields.items():
        if name in raw:
            value = raw[name]
            if not field.check(value):
                raise BadFrame
            frame[name] = field.form(value) if field.form else value
        elif field.required:
            raise BadFrame
        else:
            frame[name] = field.default
    return frame


def is_sayable(text: str, *, with_files: bool = False) -> bool:
    """Return whether `text` can be stored and shown: bounded, without NUL or half characters.

    Without files something of it must be seen.
    """
    if len(text) > settings.IMECE["MESSAGE_MAX_CHARS"] or "\0" in text:
        return False
    if not with_files and is_blank(text):
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
