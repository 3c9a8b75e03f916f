"""What is read of deliveries before they are handed over, of those due at one time together."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from automation.models import Delivery
from automation.notifications.ending import Facts, facts_of, is_over
from automation.notifications.policy import ttl_of
from automation.notifications.words import Lines, lines_of

State = Delivery.State
# How long a notification may stand on a screen though nobody needs it, and is worth withdrawing.
_SHOWN = timedelta(minutes=15)
_WITHDRAWN_MAX = 5


@dataclass(frozen=True, kw_only=True)
class Look:
    """A delivery that waits, and what decides about it."""

    delivery: Delivery
    facts: Facts
    # What customers said, of which some of those due tell.
    lines: Lines
    # The device still waits for an earlier word of the same chat or ticket.
    has_earlier: bool
    # What may still stand on the device's screen though nobody needs it any more.
    ended: tuple[Delivery, ...]


def look_at(pks: Collection[int]) -> dict[int, Look]:
    """Return a look at each delivery that still waits, in eleven statements at most."""
    now = timezone.now()
    found = list(
        Delivery.objects.select_related(
            "device__agent",
            "device__token",
            "notification__conversation__brand",
            "notification__conversation__visitor",
            "notification__conversation__contact",
            "notification__ticket__brand",
            "notification__ticket__contact",
        ).filter(pk__in=pks, state=State.WAITING)
    )
    if not found:
        return {}
    late = _after_earlier(found, now)
    shown = _shown_on({each.device_id for each in found}, now)
    lines = lines_of([each.notification for each in found])
    facts = facts_of([*found, *(each for rows in shown.values() for each in rows)])
    return {
        each.pk: Look(
            delivery=each,
            facts=facts,
            lines=lines,
            has_earlier=each.pk in late,
            ended=_ended(each, shown[each.device_id], facts),
        )
        for each in found
    }


def _after_earlier(deliveries: Collection[Delivery], now: datetime) -> set[int]:
    """Return those whose device still waits for an earlier word of the same chat or ticket.

    What belongs to none keeps its order, too: a test is silent first.
    """
    rows = Delivery.objects.filter(
        device__in={each.device_id for each in deliveries},
        pk__lt=max(each.pk for each in deliveries),
        state=State.WAITING,
    ).values_list(
        "pk",
        "device",
        "notification__conversation",
        "notification__ticket",
        "notification__notice",
        "notification__at",
    )
    first: dict[tuple[int, int | None, int | None], int] = {}
    for pk, device, chat_id, ticket_id, notice, at in rows.order_by("pk"):
        if at > now - ttl_of(notice):
            first.setdefault((device, chat_id, ticket_id), pk)
    late = set()
    for each in deliveries:
        told = each.notification
        lane = (each.device_id, told.conversation_id, told.ticket_id)
        if first.get(lane, each.pk) < each.pk:
            late.add(each.pk)
    return late


def _shown_on(device_ids: Collection[int], now: datetime) -> dict[int, list[Delivery]]:
    """Return the last that each device has been sent lately of each chat and ticket."""
    sent = (
        Delivery.objects.filter(
            device__in=device_ids,
            state=State.SENT,
            is_withdrawn=False,
            sent_at__gt=now - _SHOWN,
        )
        .exclude(notification__conversation=None, notification__ticket=None)
        .values("device", "notification__conversation", "notification__ticket")
        .annotate(last=Max("pk"))
    )
    shown: defaultdict[int, list[Delivery]] = defaultdict(list)
    last = [row["last"] for row in sent]
    if last:
        rows = Delivery.objects.filter(pk__in=last).select_related(
            "device__agent",
            "device__token",
            "notification__conversation",
            "notification__ticket",
        )
        for each in rows.order_by("-pk"):
            shown[each.device_id].append(each)
    return shown


def _ended(delivery: Delivery, shown: Collection[Delivery], facts: Facts) -> tuple[Delivery, ...]:
    own = delivery.notification
    place = (own.conversation_id, own.ticket_id)
    others = [
        each
        for each in shown
        if (each.notification.conversation_id, each.notification.ticket_id) != place
    ]
    return tuple(each for each in others[:_WITHDRAWN_MAX] if is_over(each, facts))
