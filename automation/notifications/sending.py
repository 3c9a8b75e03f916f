"""Handing each notification to the push service of its device, and what then becomes of it.

A notification is repeated only when nobody knows whether it came, and then it does not ring again.
"""

from collections import Counter
from datetime import datetime, timedelta
from importlib import import_module
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from agents.models import Device
from agents.operations.devices import await_word, forget_device, note_problem
from automation.models import Delivery, Notification
from automation.notifications.ending import is_over, what_ended
from automation.notifications.policy import ttl_of
from automation.notifications.push import DeviceGone, Push, Refused, TooLarge, TryLater
from automation.notifications.telling import enqueue_delivery
from automation.notifications.words import push_of, tag_of
from config.secrets import WrongKey

log = structlog.get_logger(__name__)

State = Delivery.State
# Of one service at a time in a process: one that hangs keeps only so many threads.
IN_FLIGHT = 8
_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0
# Who must let others go first waits so long, and longer each time: behind a service that hangs
# hundreds may wait, and looking costs as much as sending.
_FIRST_TURN, _FIRST_FREE, _LONGEST_TURN = 0.15, 1.0, 15.0
# How long a notification may stand on a screen though nobody needs it, and is worth withdrawing.
_SHOWN = timedelta(minutes=15)
_WITHDRAWN_MAX = 5

# Loaded with the first push: what they bring along takes most of a second.
_SERVICES = {
    Device.Kind.FCM.value: "automation.notifications.fcm",
    Device.Kind.WEBPUSH.value: "automation.notifications.webpush",
}
_loading = Lock()
_busy: Counter[str] = Counter()
_counting = Lock()


def send_delivery(payload: dict[str, Any]) -> None:
    """Outbox: send one notification to one device, or say when to try again."""
    delivery = (
        Delivery.objects.select_related(
            "device__agent",
            "device__token",
            "notification__conversation__brand",
            "notification__conversation__visitor",
            "notification__conversation__contact",
            "notification__ticket__brand",
            "notification__ticket__contact",
        )
        .filter(pk=payload["delivery"], state=State.WAITING)
        .first()
    )
    if delivery is None:
        return
    now, host = timezone.now(), host_of(delivery.device)
    if not _take(host):
        _wait(payload, _FIRST_FREE, now)
        return
    try:
        if over := what_ended(delivery, now):
            _settle(delivery, over)
        elif _has_earlier(delivery, now):
            _wait(payload, _FIRST_TURN, now)
        else:
            _hand_over(delivery, payload, now)
    finally:
        with _counting:
            _busy[host] -= 1


def _wait(payload: dict[str, Any], first: float, now: datetime) -> None:
    pause = min(first * 2 ** payload["turn"], _LONGEST_TURN)
    _again(payload, at=now + timedelta(seconds=pause))


def host_of(device: Device) -> str:
    """Return whose service reaches a device."""
    return str(urlsplit(device.address.get("endpoint", "//fcm.googleapis.com")).netloc)


def _take(host: str) -> bool:
    with _counting:
        if _busy[host] >= IN_FLIGHT:
            return False
        _busy[host] += 1
        return True


def _has_earlier(delivery: Delivery, now: datetime) -> bool:
    """Return whether the device still waits for an earlier word of the same chat or ticket."""
    notification: Notification = delivery.notification
    chat_id, ticket_id = notification.conversation_id, notification.ticket_id
    if chat_id is None and ticket_id is None:
        return False
    before = Delivery.objects.filter(
        device=delivery.device_id,
        pk__lt=delivery.pk,
        state=State.WAITING,
        notification__conversation=chat_id,
        notification__ticket=ticket_id,
        notification__at__gt=now - ttl_of(notification.notice),
    )
    return before.exists()


def _hand_over(delivery: Delivery, payload: dict[str, Any], now: datetime) -> None:
    gone = _to_withdraw(delivery, now)
    tags = tuple(tag_of(each.notification) for each in gone)
    push = push_of(delivery, withdrawn=tags, now=now)
    delivery.begun_at = now
    with transaction.atomic():
        delivery.save(update_fields=["begun_at"])
        await_word(device=delivery.device, now=now)
    if not connection.in_atomic_block:
        # Others may use it while the service is asked.
        close_old_connections()
    try:
        try:
            _send(delivery.device, push)
        except TooLarge:
            _send(delivery.device, push_of(_fresh(delivery), is_bare=True, now=now))
    except DeviceGone:
        forget_device(device=delivery.device)
    except TooLarge:
        _fail(delivery, "too_large")
    except Refused as error:
        _fail(delivery, error.problem)
    except WrongKey:
        _fail(delivery, "keys")
    except TryLater as error:
        if not error.may_have_come:
            Delivery.objects.filter(pk=delivery.pk).update(begun_at=None)
        tries = payload["tries"] + 1
        pause = error.seconds
        if pause is None:
            pause = min(_FIRST_PAUSE * 3 ** (tries - 1), _LONGEST_PAUSE)
        _again(payload | {"tries": tries}, at=timezone.now() + timedelta(seconds=pause))
    else:
        with transaction.atomic():
            _settle(delivery, State.SENT)
            Delivery.objects.filter(pk__in=[each.pk for each in gone]).update(is_withdrawn=True)
            note_problem(device=delivery.device, problem="")


def _fresh(delivery: Delivery) -> Delivery:
    # It has surely not rung.
    delivery.begun_at = None
    return delivery


def _send(device: Device, push: Push) -> None:
    with _loading:
        service = import_module(_SERVICES[device.kind])
    service.send(device, push)


def _to_withdraw(delivery: Delivery, now: datetime) -> list[Delivery]:
    """Return what may still stand on the device's screen though nobody needs it any more."""
    shown = (
        Delivery.objects.filter(
            device=delivery.device_id,
            state=State.SENT,
            is_withdrawn=False,
            sent_at__gt=now - _SHOWN,
        )
        .exclude(notification__conversation=None, notification__ticket=None)
        .select_related("device", "notification__conversation", "notification__ticket")
        .order_by("-pk")
    )
    if own := delivery.notification.conversation_id:
        shown = shown.exclude(notification__conversation=own)
    elif own := delivery.notification.ticket_id:
        shown = shown.exclude(notification__ticket=own)
    return [each for each in shown[:_WITHDRAWN_MAX] if is_over(each)]


def _settle(delivery: Delivery, state: str) -> None:
    sent_at = timezone.now() if state == State.SENT else None
    Delivery.objects.filter(pk=delivery.pk).update(state=state, sent_at=sent_at)


def _fail(delivery: Delivery, problem: str) -> None:
    log.warning("push.refused", device=delivery.device_id, problem=problem)
    with transaction.atomic():
        _settle(delivery, State.FAILED)
        note_problem(device=delivery.device, problem=problem)


def _again(payload: dict[str, Any], *, at: datetime) -> None:
    with transaction.atomic():
        enqueue_delivery(
            payload["delivery"], tries=payload["tries"], turn=payload["turn"] + 1, at=at
        )
