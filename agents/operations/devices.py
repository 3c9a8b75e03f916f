"""Adding and removing the devices of agents."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.audit import record
from agents.events import AgentReturned
from agents.models import Agent, ApiToken, Device, Status
from agents.presence import is_present
from agents.queries.devices import digest_of
from config.events import publish

DEVICES_MAX = 20


class TooManyDevices(Exception):
    """The agent removes one first."""


@transaction.atomic
def register_device(
    *,
    agent: Agent,
    kind: str,
    platform: str,
    address: dict[str, Any],
    name: str,
    session_key: str = "",
    token: ApiToken | None = None,
    now: datetime,
) -> tuple[Device, bool]:
    """Tell `agent` on this device from now on; return it and whether it is new.

    The same address again is the same device. Somebody else's is theirs no longer: another person
    has signed in there.
    """
    digest = digest_of(address)
    Device.objects.filter(digest=digest).exclude(agent=agent).delete()
    others = Device.objects.filter(agent=agent).exclude(digest=digest)
    if others.count() >= DEVICES_MAX:
        raise TooManyDevices
    return Device.objects.update_or_create(
        digest=digest,
        agent=agent,
        defaults={
            "kind": kind,
            "platform": platform,
            "address": address,
            "name": name,
            "session_key": session_key,
            "token": token,
            "seen_at": now,
            "problem": "",
        },
    )


@transaction.atomic
def remove_device(*, device: Device) -> None:
    """Tell nobody there any more."""
    device.delete()


@transaction.atomic
def forget_device(*, device: Device) -> None:
    """Remove what its push service knows no longer, unless it has registered anew meanwhile.

    Its row was all that an admin saw of it: the audit log says where it went.
    """
    deleted, _by_model = Device.objects.filter(pk=device.pk, digest=device.digest).delete()
    if deleted:
        record("device.gone", device.agent, by=None, name=str(device))


@transaction.atomic
def note_problem(*, device: Device, problem: str) -> None:
    """Keep why a push did not reach the device; nothing: it did."""
    if device.problem != problem:
        Device.objects.filter(pk=device.pk).update(problem=problem)


@transaction.atomic(savepoint=False)
def await_word(*, device_ids: Collection[int], now: datetime) -> None:
    """Note that pushes go out, of each of which its device has a word to say."""
    silent = Device.objects.filter(pk__in=device_ids, unconfirmed_since=None).order_by("pk")
    # In one order, whoever else tells some of them at the same time; who only writes down that
    # they are told waits for nobody.
    locked = list(silent.select_for_update(no_key=True).values_list("pk", flat=True))
    if locked:
        Device.objects.filter(pk__in=locked).update(unconfirmed_since=now)


@transaction.atomic
def give_up_on(*, device: Device) -> None:
    """Count no more on a device whose agent has signed out there."""
    Device.objects.filter(pk=device.pk).update(confirmed_at=None)


@transaction.atomic
def confirm_device(*, device: Device, now: datetime) -> None:
    """Note that a push has reached the device; its agent may be given chats again."""
    agent = device.agent
    was_present = is_present(agent.pk, now)
    Device.objects.filter(pk=device.pk).update(
        seen_at=now, confirmed_at=now, unconfirmed_since=None, problem=""
    )
    if agent.status == Status.ONLINE and not was_present:
        publish(AgentReturned(agent_id=agent.pk))
