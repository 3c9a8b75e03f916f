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
# A chat and a ticket, of which a notification has one at most.
type _Place = tuple[int | None, int | None]
# A quarter of what stands in eleven tables: reading all is most of what a look costs.
_READ = [
    f"{table}{name}"
    for table, names in {
        "": "notification device push state begun_at",
        "notification__": "key notice conversation ticket seq title body at",
        "notification__conversation__": (
            "public_id brand visitor contact kind channel status assignee fields"
        ),
        "notification__conversation__brand__": "name notice_words",
        "notification__conversation__visitor__": "public_id name email phone external_id verified",
        "notification__conversation__contact__": "name",
        "notification__ticket__": "brand contact assignee subject status is_spam",
        "notification__ticket__brand__": "name notice_words",
        "notification__ticket__contact__": "name email",
        "device__": "agent token kind platform name address digest session_key problem",
        "device__token__": "revoked_at",
        "device__agent__": "is_active is_superuser language notices_off quiet status time_zone",
    }.items()
    for name in names.split()
]


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
        )
        .only(*_READ)
        .filter(pk__in=pks, state=State.WAITING)
    )
    if not found:
        return {}
    late = _after_earlier(found, now)
    shown = _shown_beside(found, now)
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
        lane = (each.device_id, *_place_of(each))
        if first.get(lane, each.pk) < each.pk:
            late.add(each.pk)
    return late


def next_in_line(sent: Collection[Delivery]) -> list[int]:
    """Return what each device waits for next of the chats and tickets of these."""
    places = {(each.device_id, *_place_of(each)) for each in sent}
    rows = Delivery.objects.filter(
        device__in={each.device_id for each in sent},
        pk__gt=min(each.pk for each in sent),
        state=State.WAITING,
    ).values_list("device", "notification__conversation", "notification__ticket", "pk")
    first: dict[tuple[int, int | None, int | None], int] = {}
    for *place, pk in rows.order_by("pk"):
        first.setdefault((place[0], place[1], place[2]), pk)
    return [pk for place, pk in first.items() if place in places]


def _shown_beside(
    deliveries: Collection[Delivery], now: datetime
) -> defaultdict[int, list[Delivery]]:
    """Return the last that each device has been sent lately of other chats and tickets."""
    places: defaultdict[int, set[_Place]] = defaultdict(set)
    for each in deliveries:
        places[each.device_id].add(_place_of(each))
    sent = (
        Delivery.objects.filter(
            device__in=places,
            state=State.SENT,
            is_withdrawn=False,
            sent_at__gt=now - _SHOWN,
        )
        .exclude(notification__conversation=None, notification__ticket=None)
        .values_list("device", "notification__conversation", "notification__ticket")
        .annotate(last=Max("pk"))
    )
    shown: defaultdict[int, list[Delivery]] = defaultdict(list)
    last = [pk for device, *place, pk in sent if places[device] - {tuple(place)}]
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


def _place_of(delivery: Delivery) -> _Place:
    return delivery.notification.conversation_id, delivery.notification.ticket_id


def _ended(delivery: Delivery, shown: Collection[Delivery], facts: Facts) -> tuple[Delivery, ...]:
    others = [each for each in shown if _place_of(each) != _place_of(delivery)]
    return tuple(each for each in others[:_WITHDRAWN_MAX] if is_over(each, facts))
