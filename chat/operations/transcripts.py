"""Sending a visitor what was said."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents.models import Brand
from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.entries import NewLine, append
from chat.queries.people import email_of
from chat.rights.visitors import visible_lines
from chat.transcripts import transcript_mail
from chat.unread import mailable_address
from config.mail import mailbox, send_once
from config.outbox.models import OutboxEntry
from config.outbox.operations import enqueue
from config.web.rate_limits import TRANSCRIPTS_BY_EMAIL, TooMany, mailbox_key, spend
from tickets.mail.inbound.bounces import Report, reports_in
from tickets.mail.inbound.parts import Mail
from tickets.mail.servers import mailer_of
from tickets.mail.words import reason
from tickets.models import Mailbox
from tickets.models.mailbox import mailbox_of, server_of
from tickets.operations.addresses import HARD, is_dead, mark_dead
from tickets.tokens import chat_of_message_id

MAIL = "chat.transcript_mail"
# Of a report, whoever wrote it: so many addresses, and so many mails that it may be about.
_IDS_MAX = 20


class NotSent(Exception):
    """The brand sends no transcripts, or nobody has answered in the chat."""


def require_sendable(conversation: Conversation) -> None:
    """Raise `NotSent` unless the brand sends transcripts and an agent has answered in the chat.

    Else anybody could have words of their own mailed to strangers in the brand's look.
    """
    answers = Entry.objects.filter(
        conversation=conversation,
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.AGENT,
    )
    if conversation.brand.transcripts == Brand.Transcripts.NEVER or not answers.exists():
        raise NotSent


@transaction.atomic
def request_transcript(*, conversation: Conversation, email: str, time_zone: str = "") -> None:
    """Have what the visitor may see of a chat by now sent to `email`, once. Raises `NotSent`.

    `time_zone`: of the moments in it, where the visitor's is known; else the brand's.
    """
    require_sendable(conversation)
    enqueue(
        kind=MAIL,
        key=f"{MAIL}:{uuid4().hex}",
        payload={
            "conversation": conversation.pk,
            "up_to": conversation.last_visitor_seq,
            "email": email,
            "is_asked": True,
            "time_zone": time_zone,
            "server": server_of(_sender(conversation, email)),
        },
    )


@transaction.atomic
def send_transcript(*, conversation_id: int) -> None:
    """Have a chat of the archive mailed to its customer, where its brand always does.

    The same words leave once, however often the chat is closed.
    """
    found = Conversation.objects.filter(
        pk=conversation_id,
        status=Conversation.Status.RESOLVED,
        brand__transcripts=Brand.Transcripts.ALWAYS,
    ).exclude(outcome=Conversation.Outcome.SPAM)
    chat = found.select_related("brand", "visitor", "contact").first()
    if chat is None or not (address := mailable_address(chat)):
        return
    try:
        require_sendable(chat)
    except NotSent:
        return
    said = visible_lines(chat).filter(kind=Entry.Kind.MESSAGE)
    newest = said.order_by("-seq").values_list("seq", flat=True).first()
    key = f"{MAIL}:{chat.pk}:{newest}"
    if OutboxEntry.objects.filter(key=key).exists():
        return
    at = None
    try:
        spend(TRANSCRIPTS_BY_EMAIL, mailbox_key(address))
    except TooMany as error:
        # Nobody's mailbox is filled at once from here, and nothing is lost.
        at = timezone.now() + timedelta(seconds=error.retry_after)
    payload = {
        "conversation": chat.pk,
        "up_to": chat.last_visitor_seq,
        "email": address,
        "server": server_of(_sender(chat, address)),
    }
    enqueue(kind=MAIL, key=key, payload=payload, available_at=at)


def mail_transcript(payload: dict[str, Any]) -> None:
    """Outbox handler: write the mail and send it; nothing to where mail came back from."""
    found = Conversation.objects.filter(pk=payload["conversation"])
    conversation = found.select_related("brand", "visitor", "contact").first()
    if conversation is None or is_dead(payload["email"]):
        return
    own = _sender(conversation, payload["email"])
    mail = transcript_mail(
        conversation,
        up_to=payload["up_to"],
        to=payload["email"],
        is_asked=payload.get("is_asked", False),
        time_zone=payload.get("time_zone", ""),
        own=own,
    )
    send_once(mail, mailer_of(own))


def note_transcript_returned(mail: Mail, now: datetime) -> bool:
    """Note that a transcript came back; False when a report is about none."""
    ids = list(dict.fromkeys([*mail.reported, *mail.references]))[:_IDS_MAX]
    is_ours = False
    for report in islice(reports_in(mail), _IDS_MAX):
        # Signed together with the address: nobody declares dead what was not mailed to.
        found = (chat_of_message_id(each, report.address) for each in ids)
        chats = {pk for pk in found if pk is not None}
        is_ours = is_ours or bool(chats)
        if report.is_final:
            for conversation in Conversation.objects.filter(pk__in=chats):
                _tell(conversation, report, now)
    return is_ours


@transaction.atomic
def _tell(conversation: Conversation, report: Report, now: datetime) -> None:
    """Note in the chat that its transcript did not arrive, once."""
    if report.code == HARD:
        mark_dead(address=report.address, detail=report.said, now=now)
    chat = lock_conversation(conversation)
    with translation.override(chat.language):
        text = _("The transcript to %(address)s did not arrive. %(reason)s")
        body = text % {"address": report.address, "reason": reason(report.code)}
    if not chat.entries.filter(kind=Entry.Kind.NOTE, body=body).exists():
        append(chat, NewLine(kind=Entry.Kind.NOTE, body=body), now=now)


def _sender(conversation: Conversation, address: str) -> Mailbox | None:
    """Return the brand's mailbox for where its customer is reached; None for anybody else's.

    Else strangers could use up what it may send, and its good name, on whom they like.
    """
    try:
        is_theirs = mailbox(email_of(conversation)).casefold() == mailbox(address).casefold()
    except ValueError:
        is_theirs = False
    return mailbox_of(conversation.brand_id) if is_theirs else None
