"""Sending a visitor what was said."""

from typing import Any
from uuid import uuid4

from django.db import transaction

from agents.models import Brand
from chat.models import Conversation, Entry
from chat.queries.people import email_of
from chat.transcripts import transcript_mail
from config.mail import mailbox, send_once
from config.outbox.operations import enqueue
from tickets.mail.servers import mailer_of
from tickets.models import Mailbox
from tickets.models.mailbox import mailbox_of
from tickets.operations.addresses import is_dead

MAIL = "chat.transcript_mail"


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
            "time_zone": time_zone,
        },
    )


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
        time_zone=payload.get("time_zone", ""),
        own=own,
    )
    send_once(mail, mailer_of(own))


def _sender(conversation: Conversation, address: str) -> Mailbox | None:
    """Return the brand's mailbox for where its customer is reached; None for anybody else's.

    Else strangers could use up what it may send, and its good name, on whom they like.
    """
    try:
        is_theirs = mailbox(email_of(conversation)).casefold() == mailbox(address).casefold()
    except ValueError:
        is_theirs = False
    return mailbox_of(conversation.brand_id) if is_theirs else None
