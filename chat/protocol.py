"""Frames in and out: shapes, limits, close codes. The wire contract is described in docs/api.md.

What travels through the channel layer to a consumer ("content") has one of these types:

* `live.entries` — entries of one conversation, already encoded for one audience (`text`), with
  the first and last number in it, so that a consumer can forward it without looking inside;
* `live.frames` — other frames (dicts, or text that is already encoded), forwarded as they are;
  `touched` names the chats whose assignment may have changed, `sender` who must not hear it;
* `live.revoke`, `live.resync` — the socket must end, or must read what it may have missed.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

from django.conf import settings

from config.moments import wire_time

if TYPE_CHECKING:
    from chat.models import Attachment, Entry

type Audience = Literal["visitor", "agent"]

HEARTBEAT_SECONDS = 25
# What clients may say they speak; who says nothing speaks the oldest that is still understood.
OLDEST_PROTOCOL = 1
FRAME_MAX_BYTES = 64 * 1024
RESUME_MAX = 500
BATCH_SIZE = 100
RESUMED_CONVERSATIONS_MAX = 200
ATTACHMENTS_MAX = 10

VISITOR_KINDS = frozenset(
    {
        "message",
        "bot",
        "article",
        "started",
        "queued",
        "accepted",
        "transferred",
        "joined",
        "left",
        "ended",
        "resolved",
        "reopened",
        "rated",
        "converted",
    }
)
# What of `data` a visitor may see, by kind; everything else is for agents.
_VISITOR_DATA: dict[str, tuple[str, ...]] = {
    "article": ("title", "url"),
    "bot": ("options",),
    "converted": ("number",),
    "ended": ("by",),
    "field": ("name", "label", "type", "required"),
    "rated": ("score",),
    "started": ("topic",),
    "transferred": ("to",),
}


class Close:
    """WebSocket close codes."""

    TOO_BIG = 1009
    BUG = 1011
    BAD_FRAME = 4400
    TOKEN = 4401
    FORBIDDEN = 4403
    GONE = 4404
    SLOW = 4408
    REPLACED = 4409
    OLD_CLIENT = 4426
    RATE = 4429


def visible_to_visitor(kind: str, data: Mapping[str, Any]) -> bool:
    """Return whether an entry gets a number in the visitor's counter."""
    return kind in VISITOR_KINDS or (kind == "field" and bool(data.get("request")))


# Out


def encode(frame: Mapping[str, Any]) -> str:
    """Return a frame as the text that goes over the wire."""
    return _encode(frame)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def wire_id(audience: Audience, public_id: str, seq: int) -> str:
    """Return an entry's id: it holds the number of its audience and nothing else."""
    return f"{public_id}{'.' if audience == 'visitor' else ':'}{seq}"


def author_json(kind: str, public_id: str, name: str, avatar: str = "") -> dict[str, str]:
    """Return an author as both audiences see it."""
    author = {"kind": kind, "id": public_id, "name": name}
    if avatar:
        author["avatar"] = avatar
    return author


def attachment_json(attachment: "Attachment") -> dict[str, Any]:
    """Return what is said of a file; the bytes have their own address."""
    shape: dict[str, Any] = {
        "id": attachment.public_id,
        "name": attachment.name,
        "size": attachment.size,
        "type": attachment.content_type,
    }
    if attachment.width and attachment.height:
        shape |= {"width": attachment.width, "height": attachment.height}
    return shape


def entry_json(
    *,
    audience: Audience,
    public_id: str,
    seq: int,
    kind: str,
    author: dict[str, str],
    text: str,
    attachments: Sequence[dict[str, Any]],
    data: Mapping[str, Any],
    cid: str | None,
    at: str,
) -> dict[str, Any]:
    """Return one entry as `audience` sees it; `seq` is the number in that audience's counter."""
    if audience == "visitor" and data:
        data = {key: data[key] for key in _VISITOR_DATA.get(kind, ()) if key in data}
    return {
        "id": wire_id(audience, public_id, seq),
        "seq": seq,
        "kind": kind,
        "author": author,
        "text": text,
        "attachments": attachments,
        "data": data,
        "cid": cid,
        "at": at,
    }


def entry_frame(
    entry: "Entry", *, audience: Audience, attachments: Iterable["Attachment"] | None = None
) -> dict[str, Any]:
    """Return an entry row as `audience` sees it.

    Fetch rows with `Entry.objects.for_wire()`: it brings agent, visitor and attachments along.
    """
    if attachments is None:
        attachments = entry.attachments.all()
    seq = entry.visitor_seq if audience == "visitor" else entry.seq
    if seq is None:
        raise ValueError("this entry has no place in the visitor's counter")
    return entry_json(
        audience=audience,
        public_id=entry.conversation.public_id,
        seq=seq,
        kind=entry.kind,
        author=_author_of(entry),
        text=entry.body,
        attachments=[attachment_json(each) for each in attachments],
        data=entry.data,
        cid=entry.client_id,
        at=wire_time(entry.created_at),
    )


def _author_of(entry: "Entry") -> dict[str, str]:
    if entry.agent is not None:
        agent = entry.agent
        return author_json(entry.author_kind, agent.public_id, agent.name, agent.avatar_url)
    visitor = entry.conversation.visitor
    if entry.author_kind == "visitor" and visitor is not None:
        return author_json("visitor", visitor.public_id, visitor.name)
    return author_json(entry.author_kind, "", "")


def entries_frame(
    public_id: str, entries: Sequence[dict[str, Any]], *, head: int, more: bool = False
) -> dict[str, Any]:
    """Return the frame that carries entries of one conversation."""
    return {
        "type": "entries",
        "conversation": public_id,
        "entries": entries,
        "head": head,
        "more": more,
    }


def entries_content(
    pk: int, public_id: str, entries: Sequence[dict[str, Any]], *, delivered: int = 0
) -> dict[str, Any]:
    """Return layer content for new entries, encoded once for all sockets of an audience.

    `delivered` is the number, in the visitor's counter, up to which the other side's words reach
    whoever receives this (0: none of it was said by the other side).
    """
    last = entries[-1]["seq"]
    return {
        "type": "live.entries",
        "pk": pk,
        "conversation": public_id,
        "first": entries[0]["seq"],
        "last": last,
        "delivered": delivered,
        "text": encode(entries_frame(public_id, entries, head=last)),
    }


# Who follows a chat, and how, may have changed with these.
_REASSIGNING = frozenset({"conversation.assigned", "conversation.changed"})


def frames_content(*frames: Mapping[str, Any], sender: str = "") -> dict[str, Any]:
    """Return layer content for frames that are forwarded as they are, encoded once.

    Sockets of `sender` (an agent's public id) don't hear it.
    """
    content: dict[str, Any] = {
        "type": "live.frames",
        "frames": [encode(frame) for frame in frames],
    }
    if touched := [
        frame["data"]["conversation"]
        for frame in frames
        if frame.get("name") in _REASSIGNING and "conversation" in frame["data"]
    ]:
        content["touched"] = touched
    if sender:
        content["sender"] = sender
    return content


def event_frame(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an `event` frame."""
    return {"type": "event", "name": name, "data": data}


def ack_text(*, cid: str, entry_id: str, seq: int, at: str, dup: bool) -> str:
    """Return an encoded `ack`; every value is one of ours, the cid was checked on the way in."""
    return (
        f'{{"type":"ack","cid":"{cid}","id":"{entry_id}","seq":{seq},"at":"{at}",'
        f'"dup":{"true" if dup else "false"}}}'
    )


def typing_frame(public_id: str, author: Mapping[str, str], *, on: bool) -> dict[str, Any]:
    """Return a `typing` frame; nothing of it is stored."""
    return {"type": "typing", "conversation": public_id, "author": author, "on": on}


def nack_frame(cid: str, code: str, *, retry: bool) -> dict[str, Any]:
    """Return a `nack` frame."""
    return {"type": "nack", "cid": cid, "code": code, "retry": retry}


def limits_json() -> dict[str, Any]:
    """Return the limits a client should keep, as `welcome` tells them."""
    limits = settings.IMECE
    return {
        "text": limits["MESSAGE_MAX_CHARS"],
        "frame": FRAME_MAX_BYTES,
        "rate": limits["SOCKET_RATE"],
        "burst": limits["SOCKET_BURST"],
        "attachments": ATTACHMENTS_MAX,
        "upload": limits["UPLOAD_MAX_BYTES"],
    }


def welcome_frame(heads: Mapping[str, int], epoch: UUID) -> dict[str, Any]:
    """Return the answer to `hello`."""
    return {
        "type": "welcome",
        "heads": heads,
        "heartbeat": HEARTBEAT_SECONDS,
        "limits": limits_json(),
        "epoch": str(epoch),
    }


# In


class BadFrame(Exception):
    """The client sent something that is no frame of this protocol."""


class Field(NamedTuple):
    """How one field of a frame is checked; `required` without `default`."""

    check: Any
    required: bool = True
    default: Any = None


_ID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_CID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_SEQ_MAX = 2**31 - 1


def is_cid(value: object) -> bool:
    """Return whether `value` is a client id: a UUID in text."""
    return type(value) is str and _CID.match(value) is not None


def is_id(value: object) -> bool:
    """Return whether `value` can be one of our opaque ids."""
    return type(value) is str and _ID.match(value) is not None


def is_seq(value: object) -> bool:
    """Return whether `value` can be a number of an entry."""
    return type(value) is int and 0 <= value <= _SEQ_MAX


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_mode(value: object) -> bool:
    return type(value) is str and value in {"reply", "note"}


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
    "cid": Field(is_cid),
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
        "mode": Field(_is_mode, required=False, default="reply"),
        "text": Field(_is_text, required=False, default=""),
    },
    "read": {"conversation": _CONVERSATION, "seq": Field(is_seq)},
    "ping": {},
}
FRAMES: dict[Audience, dict[str, dict[str, Field]]] = {
    "visitor": _BOTH,
    "agent": _BOTH
    | {
        "note.add": {key: _SEND[key] for key in ("cid", "conversation", "text", "attachments")},
        "watch": {
            "conversation": _CONVERSATION,
            "after": Field(is_seq, required=False),
        },
        "unwatch": {"conversation": _CONVERSATION},
    },
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
    if fields is None:
        raise BadFrame
    frame: dict[str, Any] = {"type": kind}
    for name, field in fields.items():
        if name in raw:
            value = raw[name]
            if not field.check(value):
                raise BadFrame
            frame[name] = value
        elif field.required:
            raise BadFrame
        else:
            frame[name] = field.default
    return frame


def is_sayable(text: str) -> bool:
    """Return whether `text` can be stored and shown: bounded, without NUL or half characters."""
    if len(text) > settings.IMECE["MESSAGE_MAX_CHARS"] or "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def rows_frame(
    public_id: str,
    entries: Iterable["Entry"],
    *,
    audience: Audience,
    head: int,
    more: bool,
) -> str:
    """Return entry rows as an encoded `entries` frame."""
    shaped = [entry_frame(entry, audience=audience) for entry in entries]
    return encode(entries_frame(public_id, shaped, head=head, more=more))
