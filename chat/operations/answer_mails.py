"""Answers that a customer has not read: one mail with all of them, now and then, and none twice."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from chat.locks import lock_conversation
from chat.models import AnswerMail, Conversation, Entry
from chat.operations.entries import NewLine, append
from chat.unread import address_for, answers_between, answers_letter, seen_up_to
from config.outbox.operations import enqueue
from config.web.rate_limits import ANSWER_MAILS_BY_EMAIL, TooMany, mailbox_key, spend
from tickets.mail.answers import attempt_noted
from tickets.mail.inbound.bounces import note_returned
from tickets.mail.inbound.parts import Mail
from tickets.mail.words import reason
from tickets.models import Mailbox
from tickets.models.mailbox import mailbox_of, server_of
from tickets.operations.sending import Begun, begin, settle
from tickets.tokens import sender_of

LOOK = "chat.unread"
SEND = "chat.answer_mail"
# What `address_for` wants, of a line's or a mail's chat.
_CHATS = ("conversation__visitor", "conversation__contact", "conversation__brand")


def watch_answers(*, entry_ids: Iterable[int]) -> None:
    """Have somebody look, when it is time, whether new answers of agents are still unread."""
    answers = Entry.objects.filter(pk__in=list(entry_ids)).answers().order_by("pk")
    watched = set()
    for answer in answers.select_related(*_CHATS):
        chat = answer.conversation
        is_read = (answer.visitor_seq or 0) <= chat.visitor_read_seq
        if chat.pk in watched or is_read or not address_for(chat):
            continue
        watched.add(chat.pk)
        # Of those that stay unread together only the first is waited for.
        _look_later(chat, after=seen_up_to(chat), at=answer.created_at + _patience())


def _patience() -> timedelta:
    return timedelta(seconds=settings.IMECE["UNREAD_MAIL_SECONDS"])


def _look_later(chat: Conversation, *, after: int, at: datetime, again: str = "") -> None:
    key = f"{LOOK}:{chat.pk}:{after}{again}"
    enqueue(kind=LOOK, key=key, payload={"conversation": chat.pk}, available_at=at)


def look_for_unread(payload: dict[str, Any]) -> None:
    """Outbox handler: mail a customer what is still unread."""
    chats = Conversation.objects.select_related("visitor", "contact", "brand")
    chat = chats.filter(pk=payload["conversation"]).first()
    if chat is not None:
        collect_answers(conversation=chat, now=timezone.now())


@transaction.atomic
def collect_answers(*, conversation: Conversation, now: datetime) -> AnswerMail | None:
    """Have one mail with all unread answers leave; None when there is nothing to mail, or not yet.

    What has not been unread for long enough, or follows another mail too soon, is looked at later.
    """
    chat = lock_conversation(conversation)
    address = address_for(chat)
    after = seen_up_to(chat)
    unread = answers_between(chat, after) if address else []
    if not unread:
        return None
    due = unread[0].created_at + _patience()
    if last := chat.answer_mails.order_by("-pk").first():
        pause = timedelta(seconds=settings.IMECE["UNREAD_MAIL_PAUSE_SECONDS"])
        due = max(due, last.created_at + pause)
    if now < due:
        _look_later(chat, after=after, at=due, again=f":{due.timestamp():.0f}")
        return None
    try:
        spend(ANSWER_MAILS_BY_EMAIL, mailbox_key(address))
    except TooMany as error:
        at = now + timedelta(seconds=error.retry_after)
        _look_later(chat, after=after, at=at, again=f":{at.timestamp():.0f}")
        return None
    own = mailbox_of(chat.brand_id)
    domain = sender_of(own).rpartition("@")[2]
    mail: AnswerMail = AnswerMail.objects.create(
        conversation=chat,
        after=after,
        up_to=unread[-1].visitor_seq or 0,
        address=address,
        message_id=f"<c{chat.pk}.{secrets.token_hex(10)}@{domain}>",
        created_at=now,
        changed_at=now,
    )
    _send(mail, own, at=now)
    return mail


def _send(mail: AnswerMail, own: Mailbox | None, *, at: datetime) -> None:
    payload = {"mail": mail.pk, "attempt": mail.attempts, "server": server_of(own)}
    enqueue(kind=SEND, key=f"{SEND}:{mail.pk}:{mail.attempts}", payload=payload, available_at=at)


def send_answers(payload: dict[str, Any]) -> None:
    """Outbox handler: hand one mail over, once; what was read meanwhile stays out."""
    mail = AnswerMail.objects.select_related(*_CHATS).filter(pk=payload["mail"]).first()
    if mail is None:
        return
    chat = mail.conversation
    own = mailbox_of(chat.brand_id)
    after = max(mail.after, chat.visitor_read_seq)
    answers = answers_between(chat, after, mail.up_to)
    # Written before the attempt is noted: what fails here has surely not left.
    letter = answers_letter(mail, answers, own) if answers and address_for(chat) else None
    if not _begin(mail, payload["attempt"], timezone.now()):
        return
    if letter is None:
        _end(mail, AnswerMail.State.FAILED, "read", "", timezone.now())
        return
    outcome = attempt_noted(letter, own)
    _end(mail, outcome.state, outcome.code, outcome.detail, timezone.now())


@transaction.atomic
def _begin(mail: AnswerMail, attempt: int, now: datetime) -> bool:
    return begin(mail, attempt=attempt, now=now) == Begun.OURS


@transaction.atomic
def _end(mail: AnswerMail, state: str, code: str, detail: str, now: datetime) -> None:
    locked = AnswerMail.objects.select_for_update(no_key=True).get(pk=mail.pk)
    if again_at := settle(locked, state=state, code=code, detail=detail, now=now):
        _send(locked, mailbox_of(locked.conversation.brand_id), at=again_at)
    if locked.state == AnswerMail.State.FAILED and code != "read":
        _tell(locked, code, now)


def answer_mails_of(brand_id: int) -> QuerySet[AnswerMail]:
    """Return the mails with answers of a brand's chats."""
    return AnswerMail.objects.filter(conversation__brand=brand_id)


def note_answers_returned(mail: Mail, now: datetime) -> bool:
    """Note that a mail with answers came back; False when a report is about none of them."""
    return note_returned(AnswerMail.objects.all(), mail, now, tell=_tell)


def _tell(mail: AnswerMail, code: str, now: datetime) -> None:
    """Note in the chat that its customer could not be reached."""
    chat = lock_conversation(mail.conversation)
    with translation.override(chat.language):
        text = _("The e-mail with your unread answers to %(address)s did not arrive. %(reason)s")
        body = text % {"address": mail.address, "reason": reason(code)}
    append(chat, NewLine(kind=Entry.Kind.NOTE, body=body), now=now)
