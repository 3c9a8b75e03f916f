"""Mails that wait because their brand's server failed: they leave as soon as that is mended."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from config.outbox.operations import hasten, put_off
from tickets.models import Mailbox, Sending

type _OfBrand = Callable[[int], QuerySet[Sending]]

# What a server does to every mail until somebody mends it. A busy one does not want to be asked by
# all of them at once.
_CODES = ("auth", "sender", "security", "unreachable", "not_allowed", "password_lost", "letters")
_kinds: list[tuple[str, str, _OfBrand]] = []


def also_hasten(*, kind: str, name: str, of_brand: _OfBrand) -> None:
    """Know of mails that `of_brand` returns, whose key each effect of a `kind` has as `name`."""
    _kinds.append((kind, name, of_brand))


def hasten_mails(*, mailbox: Mailbox, now: datetime) -> None:
    """Have those mails leave now that wait for a brand's server: it works again, or was named
    anew."""
    for kind, name, of_brand in _kinds:
        late = {told[name]: key for key, told in put_off(kind=kind, now=now).items()}
        rows = of_brand(mailbox.brand_id).filter(pk__in=late)
        waiting = rows.filter(state=Sending.State.RETRY, code__in=_CODES)
        keys = [late[pk] for pk in waiting.values_list("pk", flat=True)]
        hasten(kind=kind, keys=keys, now=now)
