"""What a device answers: it has got a push, or its agent takes the chat or lets it go.

The push itself is the credential: whoever has its 128 bits is the device, until it was used, for
ten minutes at most.
"""

from datetime import datetime, timedelta

from django.db import transaction

from agents.models import Notice
from agents.operations.devices import confirm_device
from agents.queries.devices import is_live
from automation.models import Delivery
from chat.models import Conversation
from chat.operations.assignment import accept
from chat.operations.offers import decline

VALID = timedelta(minutes=10)


class UnknownPush(Exception):
    """Nobody was told so, or it was too long ago, or it is used."""


@transaction.atomic
def confirm_push(*, push: str, device_id: int, now: datetime) -> None:
    """Note that a push has reached its device; raises `UnknownPush`."""
    delivery = _found(push, now)
    if delivery.device_id != device_id:
        raise UnknownPush
    if delivery.seen_at is None:
        Delivery.objects.filter(pk=delivery.pk).update(seen_at=now)
        confirm_device(device=delivery.device, now=now)


@transaction.atomic
def answer_push(*, push: str, accepts: bool, now: datetime) -> Conversation:
    """Accept or decline the chat that a push told of, as the device's agent; return the chat.

    Raises `UnknownPush`, and what `accept` raises: then it can be tried again.
    """
    delivery = _found(push, now)
    chat: Conversation | None = delivery.notification.conversation
    if delivery.used_at or chat is None or delivery.notification.notice != Notice.NEW_CHAT:
        raise UnknownPush
    agent = delivery.device.agent
    if accepts:
        accept(conversation=chat, agent=agent, now=now)
    else:
        decline(conversation=chat, agent=agent, now=now)
    Delivery.objects.filter(pk=delivery.pk).update(used_at=now)
    return chat


def _found(push: str, now: datetime) -> Delivery:
    rows = Delivery.objects.select_related(
        "device__agent", "device__token", "notification__conversation"
    )
    found: Delivery | None = rows.filter(push=push, begun_at__gt=now - VALID).first()
    if found is None or not is_live(found.device):
        raise UnknownPush
    return found
