"""Handing notifications to the push services of their devices, and what then becomes of them.

Those that are due at one time at one service are read together, handed over at the same time, and
written down together. A notification is repeated only when nobody knows whether it came, and then
it does not ring again.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta
from importlib import import_module
from threading import Lock
from typing import Any

import structlog
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from agents.models import Device
from agents.operations.devices import await_word, forget_device, note_problem
from automation.models import Delivery, Notification, PushSetup
from automation.notifications.ending import what_ended
from automation.notifications.in_flight import PATIENCE, answered, through
from automation.notifications.keys import setup
from automation.notifications.looking import Look, look_at, next_in_line
from automation.notifications.push import DeviceGone, Push, Refused, TooLarge, TryLater
from automation.notifications.telling import SEND, enqueue_deliveries
from automation.notifications.words import push_of, tag_of
from config.outbox.operations import hasten
from config.secrets import WrongKey

log = structlog.get_logger(__name__)

State = Delivery.State
_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0
# Who must let others go first waits so long, and longer each time: behind a service that hangs
# hundreds may wait, and looking costs as much as sending. Once those are sent it is called.
_FIRST_TURN, _FIRST_FREE, _LONGEST_TURN = 1.0, 1.0, 15.0
# Beyond that it waits out its pause: what sounds is given up before, after five minutes.
_TURNS = 24
# What is answered within this time is written down together; in seconds.
_GATHER = 0.2

# Loaded with the first push: what they bring along takes most of a second.
_SERVICES = {
    Device.Kind.FCM.value: "automation.notifications.fcm",
    Device.Kind.WEBPUSH.value: "automation.notifications.webpush",
}
_loading = Lock()

# What the outbox knows of one delivery, see `enqueue_deliveries`.
type _Effect = dict[str, Any]


def send_deliveries(effects: list[_Effect]) -> None:
    """Outbox: send notifications to devices of one host, or say when to try again."""
    with through(effects[0]["host"]) as is_in:
        if is_in:
            _send_all({effect["delivery"]: effect for effect in effects})
        else:
            _wait(effects, _FIRST_FREE, timezone.now())


def _send_all(effects: dict[int, _Effect]) -> None:
    """Send what comes first at each device, then what waited for that, while the service answers.

    To look once more costs less than to have each come again.
    """
    late, has_sent, began = effects, True, time.monotonic()
    while late and has_sent and time.monotonic() - began < PATIENCE:
        late, has_sent = _send_first(late)
    _wait(late.values(), _FIRST_TURN, timezone.now())


def _send_first(effects: dict[int, _Effect]) -> tuple[dict[int, _Effect], bool]:
    """Send what may be sent now; return what must let others go first, and whether any was."""
    looks, now = look_at(effects), timezone.now()
    ready: list[Look] = []
    late: dict[int, _Effect] = {}
    over: defaultdict[str, list[int]] = defaultdict(list)
    for pk, look in looks.items():
        if state := what_ended(look.delivery, look.facts, now):
            over[state].append(pk)
        elif look.has_earlier:
            late[pk] = effects[pk]
        else:
            ready.append(look)
    for state, pks in over.items():
        _settle(pks, state)
    if ready:
        _hand_over(ready, effects, now)
    return late, bool(ready)


def _wait(effects: Iterable[_Effect], first: float, now: datetime) -> None:
    by_turn: defaultdict[int, list[_Effect]] = defaultdict(list)
    for effect in effects:
        by_turn[effect["turn"]].append(effect)
    for turn, same in by_turn.items():
        pause = min(first * 2**turn, _LONGEST_TURN)
        _again(same, at=now + timedelta(seconds=pause))


def _hand_over(looks: list[Look], effects: dict[int, _Effect], now: datetime) -> None:
    keys = setup()
    pushes = [
        push_of(look.delivery, lines=look.lines, withdrawn=_tags(look), now=now) for look in looks
    ]
    _begin([look.delivery for look in looks])
    if not connection.in_atomic_block:
        # Others may use it while the service is asked.
        close_old_connections()
    asked = {
        _ask(look.delivery.device, push, keys): look
        for look, push in zip(looks, pushes, strict=True)
    }
    host = effects[looks[0].delivery.pk]["host"]
    while asked:
        done, _waiting = wait(asked, timeout=_GATHER)
        if not done:
            done, _waiting = wait(asked, return_when=FIRST_COMPLETED)
        answers = [(asked.pop(answer), answer) for answer in done]
        sent = [look for look, answer in answers if _is_sent(look, answer, effects, keys)]
        if sent:
            answered(host)
        _note_sent(sent)


def _tags(look: Look) -> tuple[str, ...]:
    return tuple(tag_of(each.notification) for each in look.ended)


def _service(device: Device) -> Any:
    with _loading:
        return import_module(_SERVICES[device.kind])


def _ask(device: Device, push: Push, keys: PushSetup) -> Future[Any]:
    try:
        asked: Future[Any] = _service(device).begin(device, push, keys)
    except Exception as error:
        asked = Future()
        asked.set_exception(error)
    return asked


def _is_sent(look: Look, answer: Future[Any], effects: dict[int, _Effect], keys: PushSetup) -> bool:
    """Return whether a push was taken; see to it if it was not."""
    delivery, device = look.delivery, look.delivery.device
    try:
        try:
            _service(device).end(answer)
        except TooLarge:
            # It has surely not rung.
            delivery.begun_at = None
            bare = push_of(delivery, lines=look.lines, is_bare=True, now=timezone.now())
            _service(device).end(_ask(device, bare, keys))
    except DeviceGone:
        forget_device(device=device)
    except TooLarge:
        _fail(delivery, "too_large")
    except Refused as error:
        _fail(delivery, error.problem)
    except WrongKey:
        _fail(delivery, "keys")
    except TryLater as error:
        note_problem(device=device, problem=Device.Problem.LATER)
        _try_later(effects[delivery.pk], error)
    else:
        return True
    return False


def _try_later(effect: _Effect, error: TryLater) -> None:
    if not error.may_have_come:
        Delivery.objects.filter(pk=effect["delivery"]).update(begun_at=None)
    tries = effect["tries"] + 1
    pause = error.seconds
    if pause is None:
        pause = min(_FIRST_PAUSE * 3 ** (tries - 1), _LONGEST_PAUSE)
    _again([effect | {"tries": tries}], at=timezone.now() + timedelta(seconds=pause))


@transaction.atomic
def _begin(deliveries: Collection[Delivery]) -> None:
    """Note, of pushes that begin at one time, that they may come from now on."""
    now = timezone.now()
    Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).update(begun_at=now)
    await_word(device_ids={each.device_id for each in deliveries}, now=now)


def _note_sent(looks: Collection[Look]) -> None:
    pks = []
    for look in looks:
        for each in look.ended:
            _withdraw(each)
        if look.delivery.device.problem:
            note_problem(device=look.delivery.device, problem="")
        pks.append(look.delivery.pk)
    if pks:
        Delivery.objects.filter(pk__in=pks).update(state=State.SENT, sent_at=timezone.now())
        _hasten_next([look.delivery for look in looks])


def _hasten_next(sent: Collection[Delivery]) -> None:
    """Have what was put off behind these looked at now: it need not wait out its pause."""
    if following := next_in_line(sent):
        # Whatever was put off has had a turn.
        keys = [f"push:{pk}:{turn}" for pk in following for turn in range(1, _TURNS)]
        hasten(kind=SEND, keys=keys, now=timezone.now())


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


def _settle(pks: Collection[int], state: str) -> None:
    Delivery.objects.filter(pk__in=pks).update(state=state, sent_at=None)


def _fail(delivery: Delivery, problem: str) -> None:
    log.warning("push.refused", device=delivery.device_id, problem=problem)
    with transaction.atomic():
        _settle([delivery.pk], State.FAILED)
        note_problem(device=delivery.device, problem=problem)


def _again(effects: Collection[_Effect], *, at: datetime) -> None:
    with transaction.atomic():
        enqueue_deliveries([each | {"turn": each["turn"] + 1} for each in effects], at=at)
