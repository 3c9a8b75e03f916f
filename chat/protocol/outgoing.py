"""Frames out, and the content that carries them through the channel layer.

Content to a consumer has one of these types:

* `live.entries` — entries of one conversation, already encoded for one audience (`text`), with
  the first and last number in it, so that a consumer can forward it without looking inside;
* `live.frames` — other frames (dicts, or text that is already encoded), forwarded as they are;
  `touched` names the chats whose assignment may have changed, `sender` who must not hear it,
  `presence` holds the data of an event that is passed on where it is news;
* `live.revoke`, `live.resync` — the socket must end, or must read what it may have missed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from chat.models.kinds import KINDS
from chat.protocol.constants import ATTACHMENTS_MAX, FRAME_MAX_BYTES, HEARTBEAT_SECONDS, Audience
from config.wire import encode, wire_time

if TYPE_CHECKING:
    from chat.models import Attachment, Entry


def kinds_json(audience: Audience) -> dict[str, list[str]]:
    """Return what scripts must know of the kinds of entries that `audience` gets."""
    shown = {k: rules for k, rules in KINDS.items() if audience == "agent" or rules.visitor_sees}
    return {
        "spoken": [str(kind) for kind, rules in shown.items() if rules.is_spoken],
        "passing": [str(kind) for kind, rules in shown.items() if rules.passes],
        "turns": [str(kind) for kind, rules in shown.items() if rules.turns],
    }


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
    return attachment.file.wire


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
        data = {key: data[key] for key in KINDS[kind].visitor_data if key in data}
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
        author=_author_of(entry, audience),
        text=entry.body,
        attachments=[attachment_json(each) for each in attachments],
        data=entry.data,
        cid=entry.client_id,
        at=wire_time(entry.created_at),
    )


def _author_of(entry: "Entry", audience: Audience) -> dict[str, str]:
    if entry.agent is not None:
        agent = entry.agent
        return author_json(entry.author_kind, agent.public_id, agent.name, agent.avatar_url)
    visitor = entry.conversation.visitor
    if entry.author_kind == "visitor" and visitor is not None:
        return author_json("visitor", visitor.public_id, visitor.name)
    # Agents see which rule said it; to the visitor it is the brand.
    rule = entry.data.get("rule") if audience == "agent" else None
    return author_json(entry.author_kind, "", rule["name"] if rule else "")


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


def ack_text(*, cid: str, entry_id: str, seq: int, at: str, dup: bool) -> str:
    """Return an encoded `ack`; every value is one of ours, the cid was checked on the way in."""
    return (
        f'{{"type":"ack","cid":"{cid}","id":"{entry_id}","seq":{seq},"at":"{at}",'
        f'"dup":{"true" if dup else "false"}}}'
    )


def typing_frame(
    public_id: str, author: Mapping[str, str], *, on: bool, mode: str = ""
) -> dict[str, Any]:
    """Return a `typing` frame; nothing of it is stored. Agents learn whether it will be a note."""
    shown = {"type": "typing", "conversation": public_id, "author": author, "on": on}
    return shown | {"mode": mode} if mode else shown


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
