"""Addresses whose mail came back for good, until somebody corrects or confirms them."""

from collections.abc import Iterable
from datetime import datetime

from tickets.models import DeadAddress, Identity
from tickets.models.identity import folded

# What servers say of a mailbox, or a domain, that is not there; a full one will be emptied.
HARD = "absent"


def _key(address: str) -> str:
    return folded(Identity.Kind.EMAIL, address)


def mark_dead(*, address: str, detail: str, now: datetime) -> None:
    """Mail nothing to an address any more, in the caller's transaction."""
    if key := _key(address):
        row = {"detail": detail[:300], "since": now}
        DeadAddress.objects.get_or_create(address=key, defaults=row)


def mark_alive(*, address: str) -> bool:
    """Mail an address again: somebody wrote from it, or says that it is right."""
    return bool(DeadAddress.objects.filter(address=_key(address)).delete()[0])


def dead_of(addresses: Iterable[str]) -> dict[str, DeadAddress]:
    """Return those of some addresses that nothing is mailed to, by how they are compared."""
    keys = {key for each in addresses if (key := _key(each))}
    found = DeadAddress.objects.filter(address__in=keys) if keys else ()
    return {each.address: each for each in found}


def is_dead(address: str) -> bool:
    """Return whether mail to an address came back for good."""
    return bool(dead_of([address]))
