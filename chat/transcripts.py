"""A chat as its visitor gets it by e-mail."""

import re
import zoneinfo
from datetime import datetime
from textwrap import indent
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from chat.colors import palette
from chat.models import Conversation, Entry
from chat.protocol import entry_frame
from chat.widget_texts import widget_texts

# Of a longer chat the newest.
LINES_MAX = 500
_SPOKEN = frozenset({Entry.Kind.MESSAGE, Entry.Kind.BOT, Entry.Kind.ARTICLE})
_PLACE = re.compile(r"\{(\w+)\}")


def transcript_mail(conversation: Conversation, *, up_to: int, to: str) -> EmailMultiAlternatives:
    """Return the mail with what the visitor may see of a chat, in the language of the chat."""
    brand = conversation.brand
    with (
        translation.override(conversation.language),
        timezone.override(zoneinfo.ZoneInfo(brand.time_zone)),
    ):
        subject = _one_line(_("Your chat with %(brand)s") % {"brand": brand.name})
        context = {
            "brand": brand,
            "logo": settings.PUBLIC_URL + brand.logo_url if brand.logo_url else "",
            "colors": palette(brand.primary_color),
            "language": conversation.language,
            "subject": subject,
            "started_at": conversation.created_at,
            "lines": _lines(conversation, up_to),
        }
        mail = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string("chat/mail/transcript.txt", context),
            to=[to],
            # Nobody's holiday notice shall answer it.
            headers={"Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("chat/mail/transcript.html", context), "text/html")
    return mail


def _lines(conversation: Conversation, up_to: int) -> list[dict[str, Any]]:
    entries = Entry.objects.filter(conversation=conversation, visitor_seq__lte=up_to)
    newest = list(entries.for_wire().order_by("-visitor_seq")[:LINES_MAX])
    said: dict[str, str] = widget_texts()["thread"]["lines"]
    lines = [_line(entry, said, conversation.brand.name) for entry in reversed(newest)]
    return [line for line in lines if line is not None]


def _line(entry: Entry, said: dict[str, str], brand: str) -> dict[str, Any] | None:
    """Return what a mail says of an entry, made of nothing but what the widget gets of it."""
    frame = entry_frame(entry, audience="visitor")
    author, at = frame["author"], entry.created_at
    if entry.kind in _SPOKEN:
        by_visitor = author["kind"] == Entry.AuthorKind.VISITOR
        return _words(
            author["name"] or (_("You") if by_visitor else brand),
            frame["text"] or frame["data"].get("title", ""),
            files=[file["name"] for file in frame["attachments"]],
            is_own=by_visitor,
            at=at,
        )
    text = said.get(f"{entry.kind}.{author['kind']}") or said.get(entry.kind)
    if text is None:
        return None
    values = frame["data"] | {"name": author["name"]}
    event = _PLACE.sub(lambda place: str(values.get(place[1], "")), text)
    return {"event": _one_line(event), "at": at}


def _words(name: str, text: str, *, files: list[str], is_own: bool, at: datetime) -> dict[str, Any]:
    return {
        "name": _one_line(name),
        "text": text,
        # Indented, so that no message can look like somebody else's.
        "indented": indent("\n".join(text.splitlines()), "    "),
        "files": [_one_line(name) for name in files],
        "is_own": is_own,
        "at": at,
    }


def _one_line(text: str) -> str:
    """Return a name or a header without line breaks: a second line could pretend anything."""
    return " ".join(text.split())
