"""Writing down who is told of what; each device is an effect of its own on the queue `push`."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from agents.access import accesses_of
from agents.models import Agent, Device, Notice, Status
from agents.queries.notices import is_left_alone
from automation.models import Delivery, Notification
from automation.notifications.policy import RENEW, is_told_on
from chat.models import Conversation, Entry, Offer, Participation
from chat.routing.candidates import Load, as_candidate
from chat.routing.decision import exclusion
from chat.routing.queue import read_queue
from config.outbox.operations import enqueue_all

SEND = "automation.push"
_NOBODY_ASKED = Load(held=Counter(), tried={}, ringing={})


def tell(
    *,
    agent_ids: Iterable[int],
    notice: str,
    key: str,
    conversation: Conversation | None = None,
    seq: int | None = None,
    now: datetime,
) -> None:
    """Tell agents on all their devices, once."""
    wanted = devices_of(agent_ids, notice, now)
    tell_devices(
        devices=wanted, notice=notice, key=key, conversation=conversation, seq=seq, now=now
    )


def devices_of(agent_ids: Iterable[int], notice: str, now: datetime) -> list[Device]:
    """Return the devices on which agents are told of a class now."""
    devices = Device.objects.filter(agent__in=set(agent_ids), agent__is_active=True)
    read = "agent__notices_off", "agent__quiet", "agent__status", "agent__time_zone"
    return [
        device
        for device in devices.select_related("agent").only("kind", "address", *read).order_by("pk")
        if not is_left_alone(device.agent, notice, now) and is_told_on(device, notice)
    ]


def tell_of_words(words: Collection[tuple[int, int, Collection[int]]], *, now: datetime) -> None:
    """Tell of customers' words: chat, number and agents of each, in the order of chats' keys."""
    devices = devices_of({pk for *_, agents in words for pk in agents}, Notice.MESSAGE, now)
    about = {"notice": Notice.MESSAGE, "at": now}
    tell_all(
        [
            (
                Notification(key=f"message:{chat}:{seq}", conversation_id=chat, seq=seq, **about),
                [device for device in devices if device.agent_id in agents],
            )
            for chat, seq, agents in words
        ]
    )


def tell_devices(
    *,
    devices: list[Device],
    notice: str,
    key: str,
    conversation: Conversation | None = None,
    seq: int | None = None,
    body: str = "",
    now: datetime,
) -> int:
    """Have a notification sent to these devices; return to how many.

    0 when there are none, or when one with this `key` was told before.
    """
    about = {"notice": notice, "conversation": conversation, "seq": seq, "body": body}
    return tell_all([(Notification(key=key, at=now, **about), devices)])


@transaction.atomic
def tell_all(wanted: Iterable[tuple[Notification, list[Device]]]) -> int:
    """Have new notifications sent, each to its devices; return how many pushes that are.

    None of what is for no device, or was told before: its key says so.
    """
    wanted = [(notification, devices) for notification, devices in wanted if devices]
    if not wanted:
        return 0
    keys = [notification.key for notification, _devices in wanted]
    # Who hears of it twice at the same moment fails, and finds it told when it tries again.
    known = set(Notification.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [each for each in wanted if each[0].key not in known]
    Notification.objects.bulk_create([notification for notification, _devices in new])
    return deliver(new)


def deliver(wanted: Iterable[tuple[Notification, list[Device]]]) -> int:
    """Have stored notifications sent, each to its devices; return how many pushes that are."""
    rows = [
        Delivery(notification=notification, device=device)
        for notification, devices in wanted
        for device in devices
    ]
    effects = []
    for delivery in Delivery.objects.bulk_create(rows):
        payload = {"delivery": delivery.pk, "tries": 0, "turn": 0}
        effects.append(payload | {"host": host_of(delivery.device)})
    enqueue_deliveries(effects)
    return len(rows)


def host_of(device: Device) -> str:
    """Return whose service reaches a device."""
    return str(urlsplit(device.address.get("endpoint", "//fcm.googleapis.com")).netloc)


def enqueue_deliveries(payloads: Iterable[dict[str, Any]], *, at: datetime | None = None) -> None:
    """Have each `delivery` sent now, or later.

    `host` takes it, `tries` counts what it refused so far, and `turn` how often it was looked at.
    """
    effects = [(f"push:{each['delivery']}:{each['turn']}", each) for each in payloads]
    enqueue_all(kind=SEND, effects=effects, available_at=at)


def newest(chat: Conversation, kind: str) -> int:
    """Return the number of a chat's last line of a kind; 0 where there is none."""
    lines = Entry.objects.filter(conversation=chat, kind=kind).order_by("-seq")
    return lines.values_list("seq", flat=True).first() or 0


def spoken_to(chats: Iterable[Conversation]) -> dict[int, set[int]]:
    """Return who has each chat or joined it."""
    found: dict[int, set[int]] = {
        chat.pk: {chat.assignee_id} if chat.assignee_id else set() for chat in chats
    }
    joined = Participation.objects.taking_part().filter(conversation__in=found)
    for chat_id, agent_id in joined.values_list("conversation", "agent"):
        found[chat_id].add(agent_id)
    return found


def who_may_take(chat: Conversation) -> list[int]:
    """Return the Online agents who may take a queued chat, wherever they are and however busy."""
    queue, _policy = read_queue(Conversation.objects.filter(pk=chat.pk), _NOBODY_ASKED)
    agents = list(Agent.objects.filter(status=Status.ONLINE, is_active=True, devices__isnull=False))
    accesses = accesses_of(agents)
    found = set()
    for waiting in queue:
        for agent in agents:
            candidate = as_candidate(agent, accesses[agent.pk], _NOBODY_ASKED, is_present=True)
            kind = (waiting.brand_id, waiting.channel, waiting.team_ids)
            if exclusion(candidate, *kind) is None:
                found.add(agent.pk)
    return sorted(found)


def tell_of_waiting(*, conversation_id: int, seq: int, is_passed: bool, now: datetime) -> None:
    """Tell of a chat that nobody has: whom it rings at, else everybody who may take it.

    Not again within half a minute: a word renews what was told. Once the first ring `is_passed`,
    all others are told, once for each time that it stands in line.
    """
    chat = Conversation.objects.filter(pk=conversation_id).first()
    if chat is None or chat.status != Conversation.Status.QUEUED or chat.is_held(now):
        return
    offers = Offer.objects.filter(conversation=chat, result=Offer.Result.OPEN)
    rings = dict(offers.values_list("agent_id", "offered_at"))
    rung_at = list(rings)
    if is_passed:
        agent_ids = [pk for pk in who_may_take(chat) if pk not in rung_at]
        key = f"everybody:{chat.pk}:{newest(chat, Entry.Kind.QUEUED)}"
    else:
        lately = Notification.objects.filter(
            conversation=chat, notice=Notice.NEW_CHAT, at__gt=now - RENEW
        )
        # That it rings is told for itself, though perhaps a moment later.
        if lately.exists() or any(since > now - RENEW for since in rings.values()):
            return
        agent_ids, key = rung_at or who_may_take(chat), f"waiting:{chat.pk}:{seq}"
    tell(
        agent_ids=agent_ids,
        notice=Notice.NEW_CHAT,
        key=key,
        conversation=chat,
        seq=seq,
        now=now,
    )
