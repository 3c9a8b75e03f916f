"""A mail taken apart, within bounds: whoever writes one chooses how large and how deep it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import getaddresses

from config.text.mail_heads import END_OF_HEADER, first_header
from tickets.mail.inbound.charsets import decode, header_text
from tickets.mail.inbound.hypertext import words_of
from tickets.mail.letters import RECIPIENT_HEADER

SIZE_MAX = 25 * 1024 * 1024
HEADER_MAX = 2 * 1024 * 1024
PARTS_MAX = 10_000
DEPTH_MAX = 50
LINES_MAX = 1_000_000
HEADERS_MAX = 20_000
# Of what can hold other parts; the parser goes a step deeper in each.
NESTS_MAX = 200
# Each line is compared with the boundaries of all that it stands in.
LINES_IN_NESTS_MAX = 20_000_000
TEXT_MAX = 1024 * 1024
FILES_MAX = 100
# Of a part's own headers: taking their parameters apart takes time that grows with the square.
# A long one counts as many.
CONTENT_HEADER_MAX, COUNTED_CHARS = 5000, 125
# Of a header that no address can be read from.
_BROKEN_MAX = 4000

_NEST = re.compile(rb"(?i)boundary|message/")
_NO_SEMICOLON = re.compile(r"^([\w.+-]{1,100}/[\w.+-]{1,100})\s{1,100}(?=boundary=)", re.I)
# Of plain letters and signs, as the RFC has it: no database takes what stands for broken bytes.
_ID = re.compile(r"<[!-;=?-~]{1,240}>")
_BARE = re.compile(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>|([^\s<>,;\"'()@]+@[^\s<>,;\"'()@]+)")
_ADDRESSES_MAX = 100
# Of the pages of all mails within the mail: finding the words of a page takes time, above all for
# its tags, of which each counts as many characters.
WITHIN_MAX, COUNTED_TAG = 1024 * 1024, 50
# Of a report, in blocks and in mails that it may be about: a server writes one of one mail.
REPORTED_MAX = 20
# Of a block, whoever adds more of them and longer ones.
_REPORTED = ("final-recipient", "original-recipient", "action", "status", "diagnostic-code")
_REPORTED_CHARS = 1000
_QUOTED = {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}
_SEALS = {"application/pkcs7-signature", "application/x-pkcs7-signature"}
_SEALS |= {"application/pgp-signature"}
_SHOWN = ("From", "To", "Cc", "Date", "Subject")


class TooComplex(Exception):
    """The mail is larger, deeper or in more parts than any person's mail; the reason says which."""


@dataclass(frozen=True)
class MailFile:
    """Something that hangs on a mail."""

    name: str
    content: bytes
    # What its HTML calls it.
    cid: str = ""


@dataclass
class Mail:
    """What is needed of a mail."""

    message_id: str = ""
    # What it answers, then what that refers to, the newest first.
    references: list[str] = field(default_factory=list)
    sender: str = ""
    sender_name: str = ""
    # The only other address at which the sender wants answers.
    reply_to: str = ""
    to: list[str] = field(default_factory=list)
    # Every address that it may have been delivered to.
    recipients: list[str] = field(default_factory=list)
    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[MailFile] = field(default_factory=list)
    headers: dict[str, list[str]] = field(default_factory=dict)
    content_type: str = ""
    # Of a report on a delivery: its blocks, and the ids and recipients' marks of the mail that it
    # is about.
    report: list[dict[str, str]] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    # What finding the words of mails within it has cost so far, in characters.
    within: int = 0
    # Only its beginning is there.
    is_cut: bool = False

    def header(self, name: str) -> str:
        """Return the first header of that name, empty without one."""
        return header_text(self.headers.get(name, [""])[0])


class _Counting(Compat32):
    """Counts what the parser makes, and stops it."""

    def count(self, name: str, most: int, by: int = 1) -> None:
        counted = self.__dict__.setdefault("counted", {})
        counted[name] = counted.get(name, 0) + by
        if counted[name] > most:
            raise TooComplex(name)

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        self.count("headers", HEADERS_MAX)
        name, value = super().header_source_parse(sourcelines)
        if not name.lower().startswith("content-"):
            return name, value
        # Broken into lines a boundary is none any more.
        value = "".join(value[:CONTENT_HEADER_MAX].splitlines())
        value = _NO_SEMICOLON.sub(r"\1; ", value)
        self.count("headers", HEADERS_MAX, len(value) // COUNTED_CHARS)
        return name, value


def read_mail(content: bytes) -> Mail:
    """Take a mail apart. Raises `TooComplex`."""
    message = _parse(content)
    mail = Mail(headers=_headers(message), content_type=message.get_content_type())
    _address(mail)
    mail.message_id = next(iter(_ids(mail, "message-id")), "")
    answered = _ids(mail, "in-reply-to")
    mail.references = [*answered, *reversed(_ids(mail, "references"))][:100]
    mail.subject = mail.header("subject")
    texts: list[str] = []
    pages: list[str] = []
    for part in _leaves(message):
        _take(mail, part, texts, pages)
    mail.text = "\n".join(texts)[:TEXT_MAX]
    mail.html = "\n".join(pages)[:TEXT_MAX]
    return mail


def _parse(content: bytes) -> Message:
    if len(content) > SIZE_MAX:
        raise TooComplex("size")
    end = END_OF_HEADER.search(content)
    if (end.start() if end else len(content)) > HEADER_MAX:
        raise TooComplex("header")
    # The parser makes an object of each of these before anybody can stop it.
    lines = content.count(b"\n"), content.count(b"\r")
    if sum(lines) > 2 * LINES_MAX:
        raise TooComplex("lines")
    nests = sum(1 for _ in _NEST.finditer(content))
    if nests > NESTS_MAX or nests * max(lines) > LINES_IN_NESTS_MAX:
        raise TooComplex("depth")
    counting = _Counting()

    def make(policy: _Counting = counting) -> Message:
        counting.count("parts", PARTS_MAX)
        return Message(policy=policy)

    try:
        return BytesParser(make, policy=counting).parsebytes(content)
    except (MessageError, RecursionError, ValueError) as error:
        raise TooComplex("broken") from error


def _headers(message: Message) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), []).append(str(value))
    return found


def _ids(mail: Mail, name: str) -> list[str]:
    return _ID.findall(" ".join(mail.headers.get(name, []))[:20_000])


def _address(mail: Mail) -> None:
    senders = _addresses(mail, "from") or _addresses(mail, "sender")
    if senders:
        mail.sender_name, mail.sender = senders[0]
    wanted = {address for _name, address in _addresses(mail, "reply-to")} - {mail.sender}
    mail.reply_to = wanted.pop() if len(wanted) == 1 else ""
    mail.to = [address for name in ("to", "cc") for _name, address in _addresses(mail, name)]
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    mail.recipients = mail.to + [found for each in names for _name, found in _addresses(mail, each)]


def _addresses(mail: Mail, name: str) -> list[tuple[str, str]]:
    """Return names and addresses of a header; of a broken one what looks like an address."""
    raw = [
        decode(value[:20_000].encode("utf-8", "surrogateescape"), None)
        for value in mail.headers.get(name, [])[:10]
    ]
    found = [(header_text(called), address.lower()) for called, address in getaddresses(raw)]
    found = [(called, address) for called, address in found if "@" in address]
    if not found:
        loose = (each[0] or each[1] for each in _BARE.findall(" ".join(raw)[:_BROKEN_MAX]))
        found = [("", address.lower()) for address in loose]
    return found[:_ADDRESSES_MAX]


def _leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    """Yield the parts that hold something themselves."""
    if depth > DEPTH_MAX:
        raise TooComplex("depth")
    kind, payload = message.get_content_type(), message.get_payload()
    if message.is_multipart() and isinstance(payload, list) and kind.startswith("multipart/"):
        # A seal says nothing: the words that it signs stand beside it.
        left_out = _SEALS if kind == "multipart/signed" else set()
        for part in payload:
            if isinstance(part, Message) and part.get_content_type() not in left_out:
                yield from _leaves(part, depth + 1)
    else:
        yield message


def _take(mail: Mail, part: Message, texts: list[str], pages: list[str]) -> None:
    kind = part.get_content_type()
    if kind == "message/delivery-status":
        _take_report(mail, part)
        return
    is_report = mail.content_type == "multipart/report"
    if kind == "message/rfc822" and not is_report:
        _take_mail(mail, part)
        return
    content = _content(part)
    room = REPORTED_MAX - max(len(mail.reported), len(mail.marks))
    if is_report and room > 0 and kind in _QUOTED:
        mail.reported += _ID.findall(first_header("message-id", content))[:room]
        mail.marks += first_header(RECIPIENT_HEADER, content).split()[:room]
    name = _file_name(part)
    is_attached = part.get_content_disposition() == "attachment" or bool(name)
    # Whose parts nobody finds, for its boundary never comes, is words as well.
    if not is_attached and (kind == "text/plain" or kind.startswith("multipart/")):
        texts.append(decode(content, _charset(part)))
    elif not is_attached and kind == "text/html":
        pages.append(decode(content, _charset(part)))
    elif content and len(mail.files) < FILES_MAX:
        cid = header_text(str(part.get("Content-ID", ""))).strip("<> ")
        made = "calendar.txt" if kind == "text/calendar" else "file"
        mail.files.append(MailFile(name or made, content, cid))


def _take_mail(mail: Mail, part: Message) -> None:
    """Take a mail within the mail as a text that people can read, followed by what hangs on it."""
    payload = part.get_payload()
    for inner in payload if isinstance(payload, list) else []:
        if not isinstance(inner, Message) or len(mail.files) >= FILES_MAX:
            continue
        place, texts, pages = len(mail.files), list[str](), list[str]()
        for each in _leaves(inner):
            _take(mail, each, texts, pages)
        head = [f"{name}: {said}" for name in _SHOWN if (said := _said(inner, name))]
        text, page = "\n".join(texts)[:TEXT_MAX], "\n".join(pages)[:TEXT_MAX]
        if not text.strip():
            mail.within += len(page) + COUNTED_TAG * page.count("<")
            text = words_of(page)[0] if mail.within <= WITHIN_MAX else "[…]"
        content = "\n".join([*head, "", text]).encode("utf-8", "replace")
        name = _file_name(part) or _said(inner, "Subject") or "mail.txt"
        if content.strip():
            mail.files.insert(place, MailFile(name, content))


def _said(message: Message, name: str) -> str:
    return header_text(str(message.get(name, ""))[:_BROKEN_MAX])


def _content(part: Message) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):
        # What a report is about: as it stands there.
        return b"".join(bytes(each) for each in payload if isinstance(each, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _charset(part: Message) -> str | None:
    charset = part.get_param("charset")
    return charset if isinstance(charset, str) else None


def _file_name(part: Message) -> str:
    try:
        return header_text(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        return "file"


def _take_report(mail: Mail, part: Message) -> None:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and len(mail.report) < REPORTED_MAX:
            raw = {name.lower(): str(value) for name, value in block.raw_items()}
            said = {each: raw[each][:_REPORTED_CHARS] for each in _REPORTED if each in raw}
            mail.report.append({name: header_text(value) for name, value in said.items()})
