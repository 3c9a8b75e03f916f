"""Taking in one mail: whatever brought it, it passes here, and becomes a line of a ticket once."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import structlog
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents.models import Agent
from config.mail import is_address
from config.outbox.operations import Apart
from config.text.cleaning import mended, one_line
from config.text.mail_heads import head_of
from config.web.rate_limits import TooMany
from tickets.mail.inbound import automatic, bounces
from tickets.mail.inbound.authenticity import mark_of_sender
from tickets.mail.inbound.elsewhere import Thread, find_thread
from tickets.mail.inbound.hypertext import with_pictures
from tickets.mail.inbound.matching import Match, brings_others, find_ticket
from tickets.mail.inbound.parts import Mail, TooComplex, read_mail
from tickets.mail.inbound.words import Words, language_of, subject_in, words_in
from tickets.mail.send import confirm_ticket
from tickets.models import Contact, Entry, File, Identity, Mailbox, MailId, RawMail, Ticket
from tickets.models.mailbox import our_addresses
from tickets.operations.blocking import is_blocked
from tickets.operations.contacts import create_contact, keep_identity, verify_email, who_has
from tickets.operations.customers_words import hear_customer, opens_another
from tickets.operations.entries import Said
from tickets.operations.files import keep_files
from tickets.operations.mails import ATTEMPTS_MAX, count_attempts, put_aside, take_in
from tickets.operations.replies import CC_MAX
from tickets.operations.tickets import open_ticket

log = structlog.get_logger(__name__)

# New tickets from one address in an hour: more is a machine.
TICKETS_MAX = 20
# Of a mail as its line keeps it; a ticket's own is shorter.
LINE_SUBJECT_MAX = 1000


@dataclass(frozen=True)
class Us:
    """Our own addresses, in small letters: nobody's who writes to us."""

    mailboxes: frozenset[str]
    agents: frozenset[str]

    @classmethod
    def read(cls) -> Self:
        """Return those of now."""
        agents = Agent.objects.filter(is_active=True).values_list("email", flat=True)
        return cls(our_addresses(), frozenset(map(str.casefold, agents)))


def ingest(payloads: Sequence[dict[str, Any]]) -> None:
    """Outbox handler: take in kept mails in this order, each once.

    Raises what the only one raised; when one of several can't be taken in now, `Apart`.
    """
    keys = [payload["mail"] for payload in payloads]
    waiting = RawMail.objects.filter(state=RawMail.State.STORED).select_related("mailbox__brand")
    found = waiting.in_bulk(keys)
    mails = [found[key] for key in keys if key in found]
    if not mails:
        return
    count_attempts(mails=mails)
    us = Us.read()
    errors: list[Exception] = []
    for kept in mails:
        try:
            _ingest(kept, us)
        except Exception as error:
            errors.append(error)
    if errors:
        if len(payloads) == 1:
            raise errors[0]
        raise Apart from errors[0]


def _ingest(kept: RawMail, us: Us) -> None:
    if kept.attempts > ATTEMPTS_MAX:
        put_aside(mail=kept, reason="broken", is_broken=True)
        return
    now = timezone.now()
    with kept.file.open("rb") as file:
        content = file.read()
    is_cut = kept.size > len(content)
    if is_cut and kept.reason != "wanted":
        _name(kept, content)
        put_aside(mail=kept, reason="size", is_broken=True)
        return
    try:
        mail = read_mail(content)
    except TooComplex as error:
        _name(kept, content)
        put_aside(mail=kept, reason=str(error), is_broken=True)
        return
    del content
    mail.is_cut = is_cut
    _note_head(kept, mail)
    kept.sender_mark = mark_of_sender(mail, kept.mailbox)
    _judge(kept, mail, us, now)


def _name(kept: RawMail, content: bytes) -> None:
    """Find out whose a mail is that can't be read as a whole: so people know which it is."""
    with suppress(TooComplex):
        _note_head(kept, read_mail(head_of(content)))


def _note_head(kept: RawMail, mail: Mail) -> None:
    kept.sender = mended(one_line(mail.sender))[:254]
    kept.subject = mended(one_line(mail.subject))[:200]


def _judge(kept: RawMail, mail: Mail, us: Us, now: datetime) -> None:
    """Decide what a mail is; only a person's own words become a line."""
    own = kept.mailbox
    is_wanted = kept.reason == "wanted"
    if automatic.is_ours(mail) or mail.sender in us.mailboxes:
        put_aside(mail=kept, reason="own")
        return
    if bounces.is_bounce(mail):
        if bounces.note_bounce(mail=mail, now=now):
            take_in(mail=kept, entry=None, reason="bounce")
        else:
            put_aside(mail=kept, reason="bounce")
        return
    if not is_address(mail.sender):
        put_aside(mail=kept, reason="no_sender")
        return
    if mail.sender in us.agents:
        # Anybody can write an agent's address there: nothing is said in anybody's name.
        put_aside(mail=kept, reason="agent")
        return
    if is_blocked(mail.sender, brand=own.brand, now=now) and not is_wanted:
        put_aside(mail=kept, reason="blocked")
        return
    is_automatic = automatic.is_automatic(mail, at=own.addresses) and not is_wanted
    # What a room above has mailed is answered there.
    thread = None if kept.is_doubtful or is_automatic else find_thread(mail, own)
    match = None if thread else find_ticket(mail, own, is_doubtful=kept.is_doubtful)
    if match is None and is_automatic:
        if not (automatic.is_form(mail) and _reply_to(mail, own, us)):
            put_aside(mail=kept, reason="automatic")
            return
        # Somebody waits for an answer: by a person, for no machine answers a machine.
        is_automatic = False
    words: Words | None = None
    if thread is not None:
        words = words_in(mail, thread.language)
        try:
            if _say(thread, kept, words, now):
                return
        except TooMany:
            put_aside(mail=kept, reason="too_fast")
            return
        match = Match(thread.ticket(now=now))
    # A ticket that was done long ago is followed by a new one.
    opens = match is None or opens_another(match.ticket, now)
    whose = match.ticket.contact.email if match else mail.sender
    if opens and not is_wanted and _writes_too_much(whose, kept.is_doubtful, now):
        put_aside(mail=kept, reason="too_many")
        return
    language = match.ticket.language if match else language_of(mail, own)
    words = words or words_in(mail, language)
    _take(kept, mail, match, words, language, us, is_automatic, now)


def _say(thread: Thread, kept: RawMail, words: Words, now: datetime) -> bool:
    """Have a mail's words said where it goes on; False when they are taken there no more."""
    is_said = thread.say(
        body=words.body,
        files=[file for file, _cid in words.files],
        refused=[each["name"] for each in words.refused],
        key=f"mail:{kept.pk}",
        now=now,
    )
    if is_said:
        take_in(mail=kept, entry=None, reason="chat")
    return is_said


def _writes_too_much(sender: str, is_doubtful: bool, now: datetime) -> bool:
    recent = Ticket.objects.filter(
        contact__email=sender,
        source=Ticket.Source.EMAIL,
        created_at__gt=now - timedelta(hours=1),
        # Whoever writes in another's name uses up nothing of theirs.
        data__doubtful__isnull=not is_doubtful,
    )
    return recent[:TICKETS_MAX].count() >= TICKETS_MAX


def _take(
    kept: RawMail,
    mail: Mail,
    match: Match | None,
    words: Words,
    language: str,
    us: Us,
    is_automatic: bool,
    now: datetime,
) -> None:
    """Store everything in one transaction with the mark that it was."""
    is_wanted, others = kept.reason == "wanted", _others(mail, kept.mailbox, us)
    data: dict[str, Any] = {
        "mail": kept.pk,
        "from": mail.sender,
        "from_name": mended(one_line(mail.sender_name))[:120],
        "cc": list(others),
    }
    data |= {"reply_to": reply_to} if (reply_to := _reply_to(mail, kept.mailbox, us)) else {}
    data |= {"subject": subject[:LINE_SUBJECT_MAX]} if (subject := subject_in(mail)) else {}
    data |= {"rest": words.rest} if words.rest else {}
    data |= {"refused": words.refused} if words.refused else {}
    data |= {"automatic": True} if is_automatic else {}
    # Rules that answer by themselves leave such a mail alone.
    is_quiet = is_wanted or kept.is_doubtful or automatic.wants_no_answer(mail)
    data |= {"unanswerable": True} if is_quiet else {}
    data |= {"stranger": True} if match and match.is_stranger else {}
    data |= {"doubtful": True} if kept.is_doubtful else {}
    data |= {"page": True} if words.html else {}
    data |= {"pictures": True} if 'src="http' in words.html else {}
    with ExitStack() as stack:
        clean = [file for file, _cid in words.files]
        files = stack.enter_context(keep_files(files=clean, by=None, now=now))
        if files:
            data["files"] = [file.wire for file in files]
        if match is not None:
            is_sure = bool(others) and not kept.is_doubtful and brings_others(mail.sender, match)
            entry = hear_customer(
                ticket=match.ticket,
                body=words.body,
                files=files,
                data=data,
                source=Ticket.Source.EMAIL,
                wakes=not is_automatic,
                cc=others if is_sure and not is_automatic else (),
                now=now,
            )
            if match.is_signed and not is_automatic:
                ticket = match.ticket
                verify_email(contact=ticket.contact, email=mail.sender, brand=ticket.brand)
        else:
            entry = _open(kept, mail, words.body, files, data, language, now)
        _remember(mail, entry)
        is_new = match is None or entry.ticket_id != match.ticket.pk
        if is_new and not (is_automatic or "unanswerable" in data):
            _confirm(entry.ticket, mail, kept.mailbox)
        addresses = _picture_addresses(words, files)
        if not take_in(mail=kept, entry=entry, html=with_pictures(words.html, addresses)):
            # Somebody else was faster; all of this goes again.
            raise TakenMeanwhile


def _confirm(ticket: Ticket, mail: Mail, own: Mailbox) -> None:
    # Who is written to is who wrote: of a ticket that follows, only its customer.
    if mail.sender.casefold() == ticket.address.casefold():
        confirm_ticket(ticket=ticket, own=own, to=mail.sender)


class TakenMeanwhile(Exception):
    """Another process has taken the mail in."""


def _open(
    kept: RawMail,
    mail: Mail,
    body: str,
    files: Sequence[File],
    data: dict[str, Any],
    language: str,
    now: datetime,
) -> Entry:
    own = kept.mailbox
    with translation.override(language):
        subject = subject_in(mail) or _("(no subject)")
    ticket = open_ticket(
        brand=own.brand,
        contact=_contact(kept, mail, language, now),
        topic=None,
        subject=subject,
        said=[Said(body=body, at=now, data=data, files=files)],
        language=language,
        source=Ticket.Source.EMAIL,
        data={"doubtful": True} if kept.is_doubtful else {},
        origin_key=None,
        by=None,
        now=now,
    )
    if data["cc"]:
        ticket.cc = data["cc"]
        ticket.save(update_fields=["cc"])
    found: Entry = ticket.entries.get(kind=Entry.Kind.MESSAGE)
    return found


def _contact(kept: RawMail, mail: Mail, language: str, now: datetime) -> Contact:
    """Return the person who writes from this address: never one who only claimed it in a chat.

    Who seems not to write from there only claims it as well: somebody new, for agents to link.
    """
    email, brand = Identity.Kind.EMAIL, kept.mailbox.brand
    known = None if kept.is_doubtful else who_has(kind=email, value=mail.sender)
    if known:
        keep_identity(contact=known, kind=email, value=mail.sender, brand=brand)
        return known
    return create_contact(
        name=mended(one_line(mail.sender_name)),
        email=mail.sender,
        language=language,
        brand=brand,
        now=now,
        is_email_verified=not kept.is_doubtful,
    )


def _others(mail: Mail, own: Mailbox, us: Us) -> list[str]:
    """Return who else the mail went to, without us."""
    found = dict.fromkeys(each for each in mail.to if _is_others(each, own, us))
    return [each for each in found if each != mail.sender][:CC_MAX]


def _reply_to(mail: Mail, own: Mailbox, us: Us) -> str:
    """Return where the sender wants answers, if not at their own address: what they say, and no
    proof of who they are."""
    return mail.reply_to if _is_others(mail.reply_to, own, us) else ""


def _is_others(address: str, own: Mailbox, us: Us) -> bool:
    stem = own.address.partition("@")[0]
    is_ours = address in us.mailboxes | us.agents or address.startswith(f"{stem}+t")
    return is_address(address) and len(address) < 255 and not is_ours


def _remember(mail: Mail, entry: Entry) -> None:
    """Let later mails find the ticket by this one, and by those that it refers to."""
    ids: list[tuple[str, Entry | None]] = [(each, None) for each in reversed(mail.references[:20])]
    ids += [(mail.message_id, entry)] if mail.message_id else []
    rows = [
        MailId(ticket_id=entry.ticket_id, message_id=message_id, entry=line, is_ours=False)
        for message_id, line in ids
    ]
    # What the ticket has already stays as it is.
    MailId.objects.bulk_create(rows, ignore_conflicts=True)


def _picture_addresses(words: Words, files: Sequence[File]) -> dict[str, str]:
    return {
        cid: f"/api/v1/attachments/{file.public_id}"
        for (_clean, cid), file in zip(words.files, files, strict=True)
        if cid
    }
