"""A chat as its visitor gets it by e-mail."""

import re
import zoneinfo
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from textwrap import indent
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents.brands.looks import look_of
from chat.models import Conversation, Entry
from chat.models.kinds import KINDS
from chat.protocol import entry_frame
from chat.texts.widget import widget_texts
from tickets.mail.letters import INSTANCE_HEADER, sender_line
from tickets.models import Mailbox
from tickets.tokens import instance_mark, new_chat_message_id

# Of a longer chat the newest; mail servers refuse what is too big, and a worker has to hold it.
LINES_MAX = 500
CHARS_MAX = 200_000
_PLACE = re.compile(r"\{(\w+)\}")


def transcript_mail(
    conversation: Conversation,
    *,
    up_to: int,
    to: str,
    is_asked: bool,
    time_zone: str = "",
    own: Mailbox | None = None,
) -> EmailMultiAlternatives:
    """Return the mail with what the visitor may see of a chat, in the language of the chat.

    It says why it comes: it was asked for, or the brand always sends it.

    Its moments are the visitor's where `time_zone` is one, else the brand's; the mail says which.
    """
    brand = conversation.brand
    zone = time_zone if time_zone in zoneinfo.available_timezones() else brand.time_zone
    with (
        translation.override(conversation.language),
        timezone.override(zoneinfo.ZoneInfo(zone)),
    ):
        entries = _entries(conversation, up_to)
        subject = _one_line(_("Your chat with %(brand)s") % {"brand": brand.name})
        context = look_of(brand) | {
            "language": conversation.language,
            "subject": subject,
            "started_at": conversation.created_at,
            "zone": _named(zone, conversation.created_at),
            "is_cut": bool(entries) and entries[0].visitor_seq != 1,
            "lines": lines_of(entries, brand.name),
            "is_asked": is_asked,
            "is_answered": own is not None and own.is_read,
        }
        mail = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string("chat/mail/transcript.txt", context),
            from_email=sender_line(own, brand),
            to=[to],
            # Nobody's holiday notice shall answer it.
            headers={
                "Auto-Submitted": "auto-generated",
                INSTANCE_HEADER: instance_mark(),
                # By which a report says what came back.
                "Message-ID": new_chat_message_id(conversation.pk, to, own),
            },
        )
        mail.attach_alternative(render_to_string("chat/mail/transcript.html", context), "text/html")
    return mail


def _named(zone: str, at: datetime) -> str:
    """Return a zone as people know it, with its distance from UTC at that time."""
    city = zone.rpartition("/")[2].replace("_", " ")
    distance = at.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%:z")
    return f"{city}, UTC{distance}"


def _entries(conversation: Conversation, up_to: int) -> list[Entry]:
    """Return the newest entries that a mail has room for, oldest first."""
    entries = Entry.objects.filter(conversation=conversation, visitor_seq__lte=up_to)
    newest = entries.for_wire().order_by("-visitor_seq")[:LINES_MAX]
    lengths = accumulate(len(entry.body) for entry in newest)
    fitting = [entry for entry, so_far in zip(newest, lengths, strict=True) if so_far <= CHARS_MAX]
    return fitting[::-1]


def lines_of(entries: Iterable[Entry], brand: str) -> list[dict[str, Any]]:
    """Return what a customer may read of entries, in the language that is active."""
    said: dict[str, str] = widget_texts()["thread"]["lines"]
    lines: list[dict[str, Any]] = []
    passes = False
    for entry in entries:
        line = _line(entry, said, brand)
        if line is not None:
            was_passing, passes = passes, KINDS[entry.kind].passes
            if was_passing and passes:
                lines.pop()
            lines.append(line)
    return lines


def _line(entry: Entry, said: dict[str, str], brand: str) -> dict[str, Any] | None:
    """Return what a mail says of an entry, made of nothing but what the widget gets of it."""
    frame = entry_frame(entry, audience="visitor")
    author, at = frame["author"], entry.created_at
    if KINDS[entry.kind].is_spoken:
        by_visitor = author["kind"] == Entry.AuthorKind.VISITOR
        return _words(
            author["name"] or (_("You") if by_visitor else brand),
            frame["text"] or frame["data"].get("title", ""),
            files=frame["attachments"],
            is_own=by_visitor,
            at=at,
        ) | {"seq": entry.visitor_seq}
    text = said.get(f"{entry.kind}.{author['kind']}") or said.get(entry.kind)
    if text is None:
        return None
    values = frame["data"] | {"name": author["name"]}
    event = _PLACE.sub(lambda place: str(values.get(place[1], "")), text)
    return {"event": _one_line(event), "at": at}


def _words(
    name: str, text: str, *, files: list[dict[str, Any]], is_own: bool, at: datetime
) -> dict[str, Any]:
    return {
        "name": _one_line(name),
        "text": text,
        # Indented, so that no message can look like somebody else's.
        "indented": indent("\n".join(text.splitlines()), "    "),
        "files": [file | {"name": _one_line(file["name"])} for file in files],
        "is_own": is_own,
        "at": at,
    }


def _one_line(text: str) -> str:
    """Return a name or a header without line breaks: a second line could pretend anything."""
    return " ".join(text.split())
