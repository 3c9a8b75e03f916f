"""The lines of a ticket's timeline as its page shows them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.files import NOT_TAKEN
from config.files.unchecked import UNCHECKED
from config.text.cleaning import initials
from config.text.folding import fold
from tickets.models import Entry, Ticket

HUES = 8
# As our own mails end their subject.
_NUMBER = re.compile(r"(?:\s*\[#\d{1,18}\])+\s*\Z")
_CHOICES: Mapping[str, Any] = {
    "status": Ticket.Status.choices,
    "priority": Ticket.Priority.choices,
    "type": Ticket.Type.choices,
}


def face(name: str, key: str) -> dict[str, Any]:
    """Return two letters and one of eight colours."""
    letters = initials(" ".join(word for word in name.split() if word[0].isalpha()))
    return {"initials": letters or name[:2].upper(), "hue": crc32(key.encode()) % HUES}


def line_of(
    entry: Entry, customer: str, deliveries: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return one line: words of somebody, or what happened."""
    is_said = entry.kind in (Entry.Kind.MESSAGE, Entry.Kind.NOTE)
    key = author = ""
    if entry.agent:
        author, key = entry.agent.name, entry.agent.public_id
    elif entry.author_kind == Entry.AuthorKind.CUSTOMER:
        author, key = customer, f"contact{entry.ticket.contact_id}"
    elif "rule" in entry.data:
        # Whose the line is says the sentence itself.
        author = key = "" if "ran" in entry.data else str(entry.data["rule"]["name"])
    elif is_said:
        author = key = entry.get_author_kind_display()
    return {
        "seq": entry.seq,
        "kind": entry.kind if is_said else "event",
        "side": entry.author_kind,
        "author": author,
        "face": face(author, key),
        "text": entry.body if is_said else happened(entry),
        "address": entry.data.get("from", "") if entry.kind == Entry.Kind.MESSAGE else "",
        "reply_to": entry.data.get("reply_to", ""),
        "subject": _other_subject(entry),
        "rest": entry.data.get("rest", ""),
        "refused": [
            {"name": str(file.get("name", "")), "why": NOT_TAKEN.get(file.get("reason", ""), "")}
            for file in entry.data.get("refused", ())
        ],
        "has_page": bool(entry.data.get("page")),
        "has_pictures": bool(entry.data.get("pictures")),
        "is_automatic": bool(entry.data.get("automatic")) or _is_rules(entry),
        # Of a rule that tells why it acted: which one.
        "ran": entry.data["rule"]["id"] if "ran" in entry.data else None,
        "is_stranger": bool(entry.data.get("stranger")),
        "is_doubtful": bool(entry.data.get("doubtful")),
        "to": entry.data.get("to", "") if entry.kind == Entry.Kind.MESSAGE else "",
        "cc": ", ".join(entry.data.get("cc", ())),
        "files": [
            {**file, "is_unchecked": file.get("type") == UNCHECKED}
            for file in entry.data.get("files", ())
            if file.get("name")
        ],
        "deliveries": deliveries,
        "from_chat": entry.chat_id is not None,
        "at": entry.created_at,
    }


def _other_subject(entry: Entry) -> str:
    """Return what a mail says that it is about where the ticket is called otherwise."""
    if entry.kind != Entry.Kind.MESSAGE:
        return ""
    said, known = (
        _NUMBER.sub("", text) for text in (entry.data.get("subject", ""), entry.ticket.subject)
    )
    return "" if fold(said) == fold(known) else said


def _is_rules(entry: Entry) -> bool:
    return entry.kind == Entry.Kind.MESSAGE and "rule" in entry.data


def happened(entry: Entry) -> str:
    """Return what happened in words."""
    data = entry.data
    to = str(data.get("to", ""))
    match entry.kind:
        case Entry.Kind.CREATED:
            source = str(data.get("source", ""))
            return _("Opened: %(source)s") % {"source": dict(Ticket.Source.choices).get(source)}
        case Entry.Kind.ASSIGNED:
            return _("Assigned to: %(name)s") % {"name": to or _("nobody")}
        case Entry.Kind.STATUS:
            return _("Status: %(status)s") % {"status": dict(Ticket.Status.choices).get(to, to)}
        case Entry.Kind.TAGGED if "added" in data:
            return _("Tag added: %(name)s") % {"name": data["added"]}
        case Entry.Kind.TAGGED:
            return _("Tag removed: %(name)s") % {"name": data.get("removed", "")}
    field = str(data.get("field", ""))
    if field == "rule":
        language = get_language()
        why = data.get(f"why_{language}") or data.get("why_en")
        at = data.get(f"at_{language}") or data.get("at")
        told = {"rule": data.get("ran"), "at": at, "why": why}
        return _("The rule “%(rule)s” acted at %(at)s, because %(why)s") % told
    if field == "spam":
        return _("Marked as spam") if to == "True" else _("Not spam after all")
    if field == "sender":
        text = _("Sender blocked: %(address)s") if to == "True" else _("Unblocked: %(address)s")
        return text % {"address": data.get("address", "")}
    value = dict(_CHOICES.get(field, ())).get(to, to)
    names = {
        "priority": _("Priority"),
        "type": _("Type"),
        "topic": _("Topic"),
        "team": _("Team"),
        "subject": _("Subject"),
        "cc": _("Cc"),
    }
    return f"{names.get(field, field)}: {value or '–'}"
