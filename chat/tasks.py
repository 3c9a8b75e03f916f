"""Periodic work of live support."""

import logging
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.presence import forget_old_leases
from chat.answering import answered_chat
from chat.operations import attachments
from chat.operations.announcements import announce_changes
from chat.operations.answer_mails import (
    LOOK,
    SEND,
    answer_mails_of,
    look_for_unread,
    note_answers_returned,
    send_answers,
)
from chat.operations.assignment import route
from chat.operations.holding import RELEASE, SETTLE
from chat.operations.lateness import alert_late
from chat.operations.offers import miss_offers
from chat.operations.parking import end_parked
from chat.operations.releasing import release, release_overdue, settle
from chat.operations.silence import end_idle_chats, end_long_waits, free_idle_chats
from chat.operations.stranded import hand_on_stranded
from chat.operations.transcripts import MAIL, mail_transcript, note_transcript_returned
from chat.operations.undo import DUE, do_due
from chat.operations.vanished import requeue_unreachable, requeue_vanished, withdraw_unheard
from chat.operations.wrap_ups import free_wrap_ups
from config.outbox.registry import register
from tickets.mail.inbound import bounces, elsewhere
from tickets.operations.files import purge_canned_files
from tickets.operations.waiting import also_hasten

logger = logging.getLogger(__name__)

register(MAIL, mail_transcript, queue="mail", at_most_once=True, label=_("E-mail: chat transcript"))
register(LOOK, look_for_unread, label=_("Look whether a chat's answer is still unread"))
# Its row says itself how far it is: done again, it sends nothing twice.
register(SEND, send_answers, queue="mail", label=_("E-mail: unread answers of a chat"))
also_hasten(kind=SEND, name="mail", of_brand=answer_mails_of)
bounces.also_ask(note_answers_returned)
bounces.also_ask(note_transcript_returned)
elsewhere.also_find(answered_chat)
register(SETTLE, settle, queue="rules", label=_("Rules look at a chat"))
register(DUE, do_due, label=_("An end, resolve or ticket that could be undone"))
register(RELEASE, release, ahead=True, label=_("A chat has waited for rules long enough"))

STEPS: tuple[Callable[..., object], ...] = (
    release_overdue,
    free_wrap_ups,
    free_idle_chats,
    end_idle_chats,
    end_parked,
    end_long_waits,
    miss_offers,
    requeue_vanished,
    requeue_unreachable,
    hand_on_stranded,
    withdraw_unheard,
    alert_late,
    route,
    announce_changes,
)


def sweep_once(*, now: datetime) -> None:
    """Do what is due by the clock; a step that fails keeps no other from running."""
    for step in STEPS:
        try:
            step(now=now)
        except Exception:
            logger.exception("sweep step failed: %s", step.__name__)


@shared_task(name="chat.sweep", ignore_result=True)
def sweep(**_: object) -> None:
    """Catch what no event told: caps, missed rings, vanished agents, lost roles, lost wake-ups."""
    sweep_once(now=timezone.now())


@shared_task(name="chat.purge_attachments", ignore_result=True)
def purge_attachments(**_: object) -> None:
    """Delete uploads that no message took, files that canned replies had, and leases of processes
    long gone."""
    now = timezone.now()
    while attachments.purge_attachments(now=now):
        pass
    while purge_canned_files():
        pass
    forget_old_leases(now)
