"""Mails that nobody wrote: what must never be answered by a machine, nor open or wake a ticket."""

import re
from collections.abc import Collection, Mapping

from config.text.folding import fold
from tickets.mail.inbound.parts import Mail
from tickets.mail.letters import INSTANCE_HEADER
from tickets.tokens import instance_mark, ticket_of_message_id

_NO_REPLY = re.compile(r"(?:no-?reply|do-?not-?reply)(?:[+.=-][^@]*)?@", re.I)
_NOBODY = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+.=-][^@]*)?@", re.I
)
_ABSENT = re.compile(
    r"(?:automatische antwort|abwesen|out of (?:the )?office|automatic reply|auto(?:matic)? ?reply|"
    r"otomatik yanit|otomatik cevap|ofis disinda|ofiste degilim|izindeyim)"
)
_MARKS: Mapping[str, re.Pattern[str]] = {
    "auto-submitted": re.compile(r"\A(?!no\b).", re.I),
    "precedence": re.compile(r"bulk|list|junk|auto_reply", re.I),
    "x-autoreply": re.compile(r"."),
    "x-autorespond": re.compile(r"."),
    "x-loop": re.compile(r"."),
    "list-id": re.compile(r"."),
    "list-unsubscribe": re.compile(r"."),
    "return-path": re.compile(r"<\s*>"),
}

_OF_GROUPS = ("list-id", "list-unsubscribe", "precedence")


def is_ours(mail: Mail) -> bool:
    """Return whether we have sent it ourselves."""
    is_marked = mail.header(INSTANCE_HEADER.lower()) == instance_mark()
    return is_marked or ticket_of_message_id(mail.message_id) is not None


def wants_no_answer(mail: Mail) -> bool:
    """Return whether its sender asks machines not to answer; a person may well have written it."""
    if _NOBODY.match(mail.sender) or mail.header("list-id") or _precedence(mail) == "list":
        return True
    asked = {each.strip().lower() for each in mail.header("x-auto-response-suppress").split(",")}
    return not asked.isdisjoint({"all", "autoreply", "oof"})


def is_automatic(mail: Mail, *, at: Collection[str]) -> bool:
    """Return whether no person wrote it. Any one sign is enough; `at` are the mailbox's addresses,
    by which it may be in a group."""
    passed_over = _OF_GROUPS if _is_group(mail, at) else ()
    return bool(_NOBODY.match(mail.sender)) or _is_marked(mail, but=passed_over)


def is_form(mail: Mail) -> bool:
    """Return whether a website sent what somebody wrote into its form: in nobody's name, with one
    address to answer to."""
    is_for_somebody = mail.reply_to and not _NOBODY.match(mail.reply_to)
    return bool(_NO_REPLY.match(mail.sender) and is_for_somebody and not _is_marked(mail))


def _is_group(mail: Mail, at: Collection[str]) -> bool:
    """Return whether a group to which people write handed it on, and it was written to one of our
    addresses: newsletters name no address to write to, and other groups are none of ours."""
    takes_words = "<mailto:" in mail.header("list-post").lower()
    return takes_words and _precedence(mail) in {"", "list"} and not set(at).isdisjoint(mail.to)


def _precedence(mail: Mail) -> str:
    return mail.header("precedence").strip().lower()


def _is_marked(mail: Mail, *, but: Collection[str] = ()) -> bool:
    if mail.content_type == "multipart/report":
        return True
    if any(mark.search(mail.header(name)) for name, mark in _MARKS.items() if name not in but):
        return True
    return _ABSENT.match(fold(mail.subject[:200]).strip()) is not None
