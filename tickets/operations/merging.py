"""Making two customers one, and two again within a day.

A merge moves every row that points at one customer to the other, in whatever room it lies, and
keeps which ones; the emptied customer stays for good, and says whose everything is now.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from django.db import models, transaction
from django.db.models import Exists, OuterRef

from agents.access import access_of
from agents.audit import record
from agents.models import Agent
from tickets.models import Contact, Identity, Merge, Ticket
from tickets.models.merge import UNDO
from tickets.operations.contacts import name_contact
from tickets.operations.owners import give_back_tickets, give_tickets, lock_contacts, lock_tickets
from tickets.operations.rooms_above import rooms
from tickets.rights import (
    CustomerNotAuthorised,
    OthersAnswer,
    answers_all_of,
    knows_all_of,
    may_merge,
)

# What of both customers can be chosen.
FIELDS = ("name", "email", "phone", "language")
_CHANGED = (*FIELDS, "sort_name", "search", "is_email_verified")

type Keys = Sequence[int]


class NotMergeable(Exception):
    """Both are the same customer, or one of them has been merged meanwhile."""


class NotUndoable(Exception):
    """A merge that is undone, older than a day, or whose survivor was merged since."""


@transaction.atomic
def merge_contacts(
    *,
    survivor: Contact,
    other: Contact,
    keep: Mapping[str, str],
    by: Agent,
    now: datetime,
) -> Merge:
    """Make one customer's everything another's; `keep` names the fields taken over from `other`.

    Its values: "this" or "other"; what is not named stays, or is filled where it was empty. Raises
    `NotMergeable` or `CustomerNotAuthorised`.
    """
    if survivor.pk == other.pk:
        raise NotMergeable
    locked = _lock((survivor.pk, other.pk), by)
    one, two = locked[survivor.pk], locked[other.pk]
    if one.merged_into_id or two.merged_into_id:
        raise NotMergeable
    before = {name: getattr(one, name) for name in _CHANGED}
    for name in FIELDS:
        wish = keep.get(name) or ("this" if getattr(one, name) else "other")
        if wish == "other":
            setattr(one, name, getattr(two, name))
    moved = {name: _move(field, two, one) for name, field in _relations()}
    proofs = _give_proofs(two, one)
    Contact.objects.filter(pk=two.pk).update(merged_into=one)
    name_contact(one)
    one.is_email_verified = _is_proven(one)
    one.save(update_fields=_CHANGED)
    merge: Merge = Merge.objects.create(
        survivor=one,
        other=two,
        agent=by,
        moved={name: keys for name, keys in moved.items() if keys},
        changed={name: [was, getattr(one, name)] for name, was in before.items()},
        proofs=proofs,
        created_at=now,
    )
    record("contact.merged", one, by=by, other=two.pk, merge=merge.pk)
    _show(one.pk)
    return merge


@transaction.atomic
def undo_merge(*, merge: Merge, by: Agent, now: datetime) -> Contact:
    """Make them two again: what was the other's is theirs; what came since stays.

    So does what was given to somebody else meanwhile, and a field that was corrected. Return the
    survivor. Raises `NotUndoable` or `CustomerNotAuthorised`.
    """
    people = _lock((merge.survivor_id, merge.other_id), by)
    found = Merge.objects.select_for_update(no_key=True, of=("self",)).get(pk=merge.pk)
    one, two = people[found.survivor_id], people[found.other_id]
    is_late = found.undone_at is not None or now - found.created_at > UNDO
    if is_late or one.merged_into_id or two.merged_into_id != one.pk:
        raise NotUndoable
    relations = dict(_relations())
    for theirs, own in found.proofs:
        _move_proof(own, theirs)
    for name, keys in found.moved.items():
        if field := relations.get(name):
            _move(field, one, two, keys)
    Contact.objects.filter(pk=two.pk).update(merged_into=None)
    _give_back(one, found.changed)
    one.save(update_fields=_CHANGED)
    found.undone_at, found.undone_by = now, by
    found.save(update_fields=["undone_at", "undone_by"])
    record("contact.merge_undone", one, by=by, other=two.pk, merge=found.pk)
    _show(one.pk)
    _show(two.pk)
    return one


def _give_back(contact: Contact, changed: Mapping[str, Sequence[Any]]) -> None:
    """Let a survivor's fields be what they were, but for what was corrected or proven since."""
    last = {name: getattr(contact, name) for name in _CHANGED}
    for name in FIELDS:
        was, became = changed[name]
        if last[name] == became:
            setattr(contact, name, was)
    is_whole = all(getattr(contact, name) == changed[name][0] for name in FIELDS)
    name_contact(contact)
    contact.is_email_verified = _is_proven(contact)
    for name in set(_CHANGED) - set(FIELDS):
        was, became = changed[name]
        if is_whole and last[name] == became:
            setattr(contact, name, was)


def _lock(ids: tuple[int, int], by: Agent) -> dict[int, Contact]:
    """Lock both customers and what is theirs, in the order of the house."""
    access = access_of(by)
    for room in rooms:
        room.hold(ids)
    lock_tickets(Ticket.objects.filter(contact__in=ids))
    locked = lock_contacts(ids)
    if len(locked) < len(ids):
        raise CustomerNotAuthorised
    gone = {pk for pk in ids if locked[pk].merged_into_id in ids}
    wanted = set(ids) - gone
    seen = Contact.objects.visible_to(access).filter(pk__in=wanted)
    if not may_merge(access) or seen.count() != len(wanted):
        raise CustomerNotAuthorised
    if not all(knows_all_of(access, locked[pk]) for pk in ids):
        raise CustomerNotAuthorised
    if not all(answers_all_of(access, locked[pk]) for pk in ids):
        raise OthersAnswer("other")
    return locked


def _relations() -> Iterator[tuple[str, models.ForeignKey[Any, Any]]]:
    """Yield what points at customers, in all rooms, each under its name."""
    for relation in Contact._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and relation.related_model is not Merge:
            field = cast("models.ForeignKey[Any, Any]", relation.remote_field)
            yield f"{field.model._meta.label_lower}.{field.name}", field


def _move(
    field: models.ForeignKey[Any, Any], source: Contact, to: Contact, keys: Keys | None = None
) -> list[int]:
    """Move the rows that point at one customer to another, or `keys` back; return their keys.

    What the other has already stays where it is.
    """
    rows = field.model._base_manager.filter(**{field.name: source})
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    for constraint in field.model._meta.total_unique_constraints:
        if field.name in constraint.fields:
            rest = [name for name in constraint.fields if name != field.name]
            same = {name: OuterRef(name) for name in rest}
            rows = rows.exclude(
                Exists(field.model._base_manager.filter(**{field.name: to}, **same))
            )
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    if field.model is Ticket:
        tickets = lock_tickets(Ticket.objects.filter(pk__in=found))
        if keys is None:
            give_tickets(tickets=tickets, to=to)
        else:
            give_back_tickets(tickets=tickets, before=source, to=to)
    else:
        field.model._base_manager.filter(pk__in=found).update(**{field.name: to})
    return found


def _give_proofs(source: Contact, to: Contact) -> list[list[int]]:
    """Let what stayed with `source`, for the other claims the same, be proven there."""
    claims = to.identities.filter(is_verified=False)
    proven = source.identities.filter(is_verified=True)
    same = claims.filter(kind=OuterRef("kind"), value=OuterRef("value"))
    found = proven.annotate(own=models.Subquery(same.values("pk")[:1])).exclude(own=None)
    pairs = [[theirs, own] for theirs, own in found.order_by("pk").values_list("pk", "own")]
    for theirs, own in pairs:
        _move_proof(theirs, own)
    return pairs


def _move_proof(source: int, to: int) -> None:
    """One has it proven: first it is taken from one, then given to the other."""
    if Identity.objects.filter(pk=source, is_verified=True).update(is_verified=False):
        Identity.objects.filter(pk=to).update(is_verified=True)


def _is_proven(contact: Contact) -> bool:
    """Return whether the address at which somebody is reached is their own."""
    known = contact.identities.filter(kind=Identity.Kind.EMAIL, is_verified=True)
    return known.filter(value=contact.email.strip().casefold()).exists()


def _show(contact_id: int) -> None:
    for room in rooms:
        room.show(contact_id)
