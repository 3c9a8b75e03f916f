"""What mail servers mean by a refusal, in an answer of theirs or in a report on a mail."""

import re

from tickets.operations.addresses import HARD

FULL, TOO_BIG, REFUSED, LATER = "full", "too_big", "refused", "later"

# RFC 3463: it stands where the text begins; IronPort writes #5.1.0, and qmail puts (#5.1.1) behind.
# An IP address is none.
_CODE = r"([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)"
_STATUS = re.compile(rf"\A\s*#?{_CODE}|\(#{_CODE}\)")
# No mailbox, no domain, no address, moved, a domain that takes no mail (RFC 7505). 5.4.4 is what
# Postfix says of a domain that nobody knows. Not 5.1.7 and 5.1.8, which are about our address, nor
# 5.2.1, for a mailbox that is switched off is there, and Gmail says it of one that gets too much.
_ABSENT = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4"}
_KINDS = {"2.2": FULL, "2.3": TOO_BIG, "3.4": TOO_BIG}
# Of these servers say anything: Yandex "5.7.1 No such user!", Exim hardly ever more than a text.
_VAGUE = {"", "5.0.0", "5.1.0", "5.7.1"}
_ABSENT_WORDS = re.compile(
    r"\bno such (?:local )?(?:user|mailbox|recipient|address|account|person)\b"
    r"|\bno mailbox here by that name"
    r"|\b(?:user|recipient|addressee|mailbox|account)(?: is)? (?:unknown|not found)\b"
    r"|\bunknown (?:local )?(?:user|recipient|mailbox|account)\b"
    r"|\b(?:user|recipient|mailbox|account)\b.{0,120}\b(?:does not|doesn'?t) exist\b"
    r"|\buser doesn'?t have an? \S+ account\b"
    r"|\bunrout(?:e)?able address\b",
    re.I | re.S,
)
# Then it is the mail, or its sender, that somebody is unknown of.
_NOT_RECIPIENT = re.compile(
    r"\b(?:sender|mail from|verif\w+|call(?:back|out)|spam|policy|black\w*|reputation)\b", re.I
)
_FULL_WORDS = re.compile(
    r"\bquota\b|\bstorage (?:allocation|full)\b|\b(?:mailbox|inbox|account)\b.{0,120}\bfull\b",
    re.I | re.S,
)
_BIG_WORDS = re.compile(
    r"\b(?:message|mail|content|body|size)(?: is)? too (?:large|big)\b"
    r"|\bsize\b.{0,40}\b(?:exceed|limit|maximum)|\bexceed\w*.{0,40}\bsize\b",
    re.I | re.S,
)
_TEXT_MAX = 1000


def status_of(text: str) -> str:
    """Return the enhanced status code of what a server said; empty without one."""
    found = _STATUS.search(text[:_TEXT_MAX])
    return (found[1] or found[2]) if found else ""


def meaning(text: str, *, is_for_now: bool = False, status: str = "") -> str:
    """Return the code of why a mail was refused: `HARD` only where nobody is at the address.

    `text` is what the server said, without its answer's number; that says whether it `is_for_now`.
    `status` is what a report says beside. A bare 550 may well be about the mail.
    """
    if status in _VAGUE:
        status = status_of(text) or status
    kind = status.partition(".")[2]
    if status in _ABSENT:
        found = HARD
    elif kind in _KINDS:
        found = _KINDS[kind]
    else:
        found = _by_words(text[:_TEXT_MAX]) if status in _VAGUE else REFUSED
    return LATER if is_for_now and found != FULL else found


def _by_words(text: str) -> str:
    if _ABSENT_WORDS.search(text):
        return REFUSED if _NOT_RECIPIENT.search(text) else HARD
    if _FULL_WORDS.search(text):
        return FULL
    return TOO_BIG if _BIG_WORDS.search(text) else REFUSED
