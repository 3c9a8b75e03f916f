"""Handing each notification to the push service of its device, and what then becomes of it.

A notification is repeated only when nobody knows whether it came, and then it does not ring again.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from importlib import import_module
from threading import Lock
from typing import Any

import structlog
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from agents.models import Device
from agents.operations.devices import await_word, forget_device, note_problem
from automation.models import Delivery, Notification
from automation.notifications.doors import through
from automation.notifications.ending import what_ended
from automation.notifications.looking import Look, look_at
from automation.notifications.push import DeviceGone, Push, Refused, TooLarge, TryLater
from automation.notifications.telling import enqueue_delivery
from automation.notifications.together import Together
from automation.notifications.words import push_of, tag_of
from config.secrets import WrongKey

log = structlog.get_logger(__name__)

State = Delivery.State
_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0
# Who must let others go first waits so long, and longer each time: behind a service that hangs
# hundreds may wait, and looking costs as much as sending.
_FIRST_TURN, _FIRST_FREE, _LONGEST_TURN = 0.15, 1.0, 15.0

# Loaded with the first push: what they bring along takes most of a second.
_SERVICES = {
    Device.Kind.FCM.value: "automation.notifications.fcm",
    Device.Kind.WEBPUSH.value: "automation.notifications.webpush",
}
_loading = Lock()


def send_delivery(payload: dict[str, Any]) -> None:
    """Outbox: send one notification to one device, or say when to try again."""
    with through(payload["host"]) as is_in:
        if is_in:
            _send_one(payload)
        else:
            _wait(payload, _FIRST_FREE, timezone.now())


def _send_one(payload: dict[str, Any]) -> None:
    look, now = _look(payload["delivery"]), timezone.now()
    if look is None:
        return
    if over := what_ended(look.delivery, look.facts, now):
        _settle(look.delivery, over)
    elif look.has_earlier:
        _wait(payload, _FIRST_TURN, now)
    else:
        _hand_over(look, payload, now)


def _wait(payload: dict[str, Any], first: float, now: datetime) -> None:
    pause = min(first * 2 ** payload["turn"], _LONGEST_TURN)
    _again(payload, at=now + timedelta(seconds=pause))


def _hand_over(look: Look, payload: dict[str, Any], now: datetime) -> None:
    delivery = look.delivery
    tags = tuple(tag_of(each.notification) for each in look.ended)
    push = push_of(delivery, withdrawn=tags, now=now)
    _begin(delivery.pk)
    if not connection.in_atomic_block:
        # Others may use it while the service is asked.
        close_old_connections()
    try:
        try:
            _send(delivery.device, push)
        except TooLarge:
            # It has surely not rung.
            delivery.begun_at = None
            _send(delivery.device, push_of(delivery, is_bare=True, now=now))
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
        for each in look.ended:
            _withdraw(each)
        note_problem(device=delivery.device, problem="")
        _sent(delivery.pk)


def _send(device: Device, push: Push) -> None:
    with _loading:
        service = import_module(_SERVICES[device.kind])
    service.send(device, push)


def _begin_all(pks: Collection[int]) -> dict[int, None]:
    """Note, of pushes that begin at one time, that they may come from now on."""
    now = timezone.now()
    with transaction.atomic():
        begun = Delivery.objects.filter(pk__in=pks)
        begun.update(begun_at=now)
        await_word(device_ids=begun.values("device"), now=now)
    return {}


_look = Together(look_at)
_begin = Together(_begin_all)


def _withdraw(shown: Delivery) -> None:
    """Note that a device has been told of the end of a chat or ticket."""
    told = shown.notification
    same = Notification.objects.filter(conversation=told.conversation_id, ticket=told.ticket_id)
    Delivery.objects.filter(
        device=shown.device_id,
        pk__lte=shown.pk,
        state=State.SENT,
        notification__in=same.values("pk"),
    ).update(is_withdrawn=True)


def _settle(delivery: Delivery, state: str) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, sent_at=None)


def _all_sent(pks: Collection[int]) -> dict[int, None]:
    Delivery.objects.filter(pk__in=pks).update(state=State.SENT, sent_at=timezone.now())
    return {}


_sent = Together(_all_sent)


def _fail(delivery: Delivery, problem: str) -> None:
    log.warning("push.refused", device=delivery.device_id, problem=problem)
    with transaction.atomic():
        _settle(delivery, State.FAILED)
        note_problem(device=delivery.device, problem=problem)


def _again(payload: dict[str, Any], *, at: datetime) -> None:
    with transaction.atomic():
        enqueue_delivery(payload | {"turn": payload["turn"] + 1}, at=at)
