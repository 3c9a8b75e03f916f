"""What ends by itself: a wait that is too long, and chats whose customer has gone quiet."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from chat.events.lifecycle import ConversationChanged, SlotFreed
from chat.locks import lock_conversation, lock_visitor
from chat.models import Conversation, Entry, Offer
from chat.operations.automatic import say_automatically
from chat.operations.closing import CLOSED, TIMED_OUT
from chat.operations.conversations import end_conversation
from chat.operations.entries import NewLine, append
from chat.operations.forms import offer_form
from chat.operations.tickets import convert_to_ticket
from chat.queries.people import email_of
from chat.routing import rule_hooks
from config.events import publish

IDLE = "idle"
# For how long the form is offered to somebody whose address nobody knows.
FORM_FOR = timedelta(minutes=5)
Form = Conversation.Form


def end_long_waits(*, now: datetime) -> int:
    """Make tickets of chats that stood in line too long for anybody to come; return how many.

    So of those whose desk has closed. Who can't be answered by e-mail is offered the form first.
    What rings may still be taken, and what an agent had before goes to the next one.
    """
    ringing = Offer.objects.filter(result=Offer.Result.OPEN).values("conversation")
    waiting = _new_in_line(now).exclude(pk__in=ringing)
    return sum(_end_wait(chat, now) for chat in waiting)


def _new_in_line(now: datetime) -> QuerySet[Conversation]:
    """Return chats that have waited too long, or whose desk has closed meanwhile."""
    longest = timedelta(seconds=settings.IMECE["MAX_WAIT_SECONDS"])
    found: QuerySet[Conversation] = Conversation.objects.in_line(now).filter(
        Q(queued_at__lte=now - longest) | Q(form_offered=Form.HOURS),
        kind=Conversation.Kind.CUSTOMER,
        accepted_at=None,
        is_demo=False,
    )
    return found.select_related("visitor", "contact")


def _can_be_answered(chat: Conversation, now: datetime) -> bool:
    """Return whether a chat may end as a ticket: whose address nobody knows is shown the form."""
    if email_of(chat):
        return True
    longest = timedelta(seconds=settings.IMECE["MAX_WAIT_SECONDS"])
    return chat.queued_at is not None and now - chat.queued_at > longest + FORM_FOR


@transaction.atomic
def _end_wait(chat: Conversation, now: datetime) -> bool:
    # Visitor before chat, as when a ticket is made.
    if chat.visitor_id:
        lock_visitor(chat.visitor_id)
    chat = lock_conversation(chat)
    if not _new_in_line(now).filter(pk=chat.pk).exists():
        return False
    if not _can_be_answered(chat, now):
        if not chat.form_offered:
            offer_form(conversation=chat, because=Form.FULL, now=now)
        return False
    because = CLOSED if chat.form_offered == Form.HOURS else TIMED_OUT
    convert_to_ticket(conversation=chat, by=None, now=now, because=because)
    end_conversation(
        conversation=chat,
        by=None,
        now=now,
        outcome=Conversation.Outcome.CONVERTED,
        because=because,
    )
    return True


def free_idle_chats(*, now: datetime) -> int:
    """Free the slots of chats whose customers have not answered for long; return how many."""
    limit = now - timedelta(seconds=settings.IMECE["IDLE_SECONDS"])
    idle = _unanswered_by_customers(limit).filter(status=Conversation.Status.ACTIVE)
    return sum(_free_idle(chat, limit, now) for chat in idle)


def end_idle_chats(*, now: datetime) -> int:
    """End chats whose customers have not come back; return how many."""
    limit = now - timedelta(seconds=settings.IMECE["IDLE_END_SECONDS"])
    idle = _unanswered_by_customers(limit).filter(status=Conversation.Status.WAITING)
    return sum(_end_idle(chat, limit, now) for chat in idle)


def _unanswered_by_customers(limit: datetime) -> QuerySet[Conversation]:
    """Return chats that agents have, in which the last word is older than `limit` and theirs."""
    found: QuerySet[Conversation] = Conversation.objects.unresolved().filter(
        kind=Conversation.Kind.CUSTOMER,
        assignee__isnull=False,
        accepted_at__isnull=False,
        unanswered_since=None,
        last_message_at__lte=limit,
        is_demo=False,
    )
    return found


@transaction.atomic
def _free_idle(chat: Conversation, limit: datetime, now: datetime) -> bool:
    chat = lock_conversation(chat)
    is_still = _unanswered_by_customers(limit).filter(pk=chat.pk).exists()
    if chat.status != Conversation.Status.ACTIVE or not is_still:
        return False
    freed, chat.holds_slot = chat.holds_slot, False
    chat.status = Conversation.Status.WAITING
    chat.save(update_fields=["status", "holds_slot"])
    sides = {"from": str(Conversation.Status.ACTIVE), "to": str(chat.status), "because": IDLE}
    since = chat.last_message_at
    append(chat, NewLine(kind=Entry.Kind.STATUS, data=sides), now=now)
    if text := rule_hooks.words(chat.pk, IDLE):
        say_automatically(
            conversation=chat, text=text, by=None, client_id=None, state=IDLE, now=now
        )
    # What is said by itself is no sign of life: the end is counted from the agent's word.
    chat.last_message_at = since
    chat.save(update_fields=["last_message_at"])
    publish(ConversationChanged.of(chat))
    if freed and chat.assignee_id:
        publish(SlotFreed(agent_id=chat.assignee_id))
    return True


@transaction.atomic
def _end_idle(chat: Conversation, limit: datetime, now: datetime) -> bool:
    chat = lock_conversation(chat)
    is_still = _unanswered_by_customers(limit).filter(pk=chat.pk).exists()
    if chat.status != Conversation.Status.WAITING or not is_still:
        return False
    end_conversation(conversation=chat, by=None, now=now, because=TIMED_OUT)
    return True
