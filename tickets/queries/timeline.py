"""What happened with one customer, newest first: each room tells its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.admin.utils import label_for_field
from django.core import signing
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst

from agents.access import Access
from agents.models import Language
from tickets.models import Contact, ContactChange, ContactNote, Ticket
from tickets.rights import known_to, knows_all_of

PAGE = 30
_SALT = "customer"


class Kind(StrEnum):
    """What stands in the timeline."""

    CHANGE = "change"
    CHAT = "chat"
    NOTE = "note"
    TICKET = "ticket"


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One chat, ticket or note, or what was corrected of the customer."""

    kind: Kind
    pk: int
    # How the API calls it.
    id: str
    at: datetime
    title: str
    status: str = ""
    # The status in words.
    label: str = ""
    brand: str = ""
    by: str = ""
    url: str = ""
    # What the customer gave a chat, 1 to 5.
    rating: int | None = None

    @property
    def place(self) -> tuple[datetime, str, int]:
        """Return where it stands among all."""
        return self.at, self.kind.value, self.pk


@dataclass(frozen=True, kw_only=True)
class Before:
    """The place before which one reads on."""

    at: datetime
    kind: str
    pk: int

    def within(self, kind: Kind, field: str) -> Q:
        """Return which rows of a kind, that happened at `field`, stand before it."""
        found = Q(**{f"{field}__lt": self.at})
        if kind.value < self.kind:
            return found | Q(**{field: self.at})
        if kind.value == self.kind:
            return found | Q(**{field: self.at, "pk__lt": self.pk})
        return found


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of it, and where the rest begins ("" at the end)."""

    rows: Sequence[Happening]
    before: str


class BadPlace(Exception):
    """The address does not name a place in a timeline."""


type Source = Callable[[Access, int, Before | None, int], Sequence[Happening]]
_sources: list[Source] = []


def tell_of_customers(source: Source) -> None:
    """Have a room above tell its part: the newest ones, as many as wanted, that one may see."""
    if source not in _sources:
        _sources.append(source)


def timeline_of(access: Access, contact_id: int, *, before: str = "") -> Page:
    """Return what the agent may see of a customer's chats, tickets, notes and corrections."""
    place = _read(before) if before else None
    found = [
        row
        for source in (_tickets, _notes, _changes, *_sources)
        for row in source(access, contact_id, place, PAGE + 1)
    ]
    found.sort(key=lambda row: row.place, reverse=True)
    shown = found[:PAGE]
    more = signing.dumps(_wire(shown[-1]), salt=_SALT) if len(found) > PAGE else ""
    return Page(rows=shown, before=more)


def _wire(row: Happening) -> list[str | int]:
    return [row.at.isoformat(), row.kind.value, row.pk]


def _read(cursor: str) -> Before:
    try:
        at, kind, pk = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        raise BadPlace from error
    return Before(at=datetime.fromisoformat(at), kind=kind, pk=pk)


def _tickets(
    access: Access, contact_id: int, before: Before | None, wanted: int
) -> Sequence[Happening]:
    found = Ticket.objects.visible_to(access).filter(contact=contact_id, is_spam=False)
    if before:
        found = found.filter(before.within(Kind.TICKET, "created_at"))
    rows = found.select_related("brand", "assignee").defer("search", "data")
    return [
        Happening(
            kind=Kind.TICKET,
            pk=ticket.pk,
            id=str(ticket.pk),
            at=ticket.created_at,
            title=ticket.subject,
            status=ticket.status,
            label=str(ticket.get_status_display()),
            brand=ticket.brand.name,
            by=ticket.assignee.name if ticket.assignee else "",
            url=reverse("ticket", args=[ticket.pk]),
        )
        for ticket in rows.order_by("-created_at", "-pk")[:wanted]
    ]


def _notes(
    access: Access, contact_id: int, before: Before | None, wanted: int
) -> Sequence[Happening]:
    found = ContactNote.objects.filter(known_to(access), contact=contact_id)
    found = found.select_related("agent")
    if before:
        found = found.filter(before.within(Kind.NOTE, "created_at"))
    return [
        Happening(
            kind=Kind.NOTE,
            pk=note.pk,
            id=str(note.pk),
            at=note.created_at,
            title=note.body,
            by=note.agent.name if note.agent else "",
        )
        for note in found.order_by("-created_at", "-pk")[:wanted]
    ]


def _changes(
    access: Access, contact_id: int, before: Before | None, wanted: int
) -> Sequence[Happening]:
    # What is the same for all brands may have been told to others.
    if not knows_all_of(access, Contact(pk=contact_id)):
        return []
    found = ContactChange.objects.filter(contact=contact_id).select_related("agent")
    if before:
        found = found.filter(before.within(Kind.CHANGE, "created_at"))
    return [
        Happening(
            kind=Kind.CHANGE,
            pk=change.pk,
            id=str(change.pk),
            at=change.created_at,
            title=_told(change.data),
            by=change.agent.name if change.agent else "",
        )
        for change in found.order_by("-created_at", "-pk")[:wanted]
    ]


def _told(data: Mapping[str, Sequence[str]]) -> str:
    """Return which fields were corrected, from what to what."""
    languages = {each.value: str(each.label) for each in Language}
    lines = []
    for name, values in data.items():
        shown = [languages.get(value, value) if name == "language" else value for value in values]
        was, became = (value or "–" for value in shown)
        label = capfirst(str(label_for_field(name, Contact)))
        lines.append(f"{label}: {was} → {became}")
    return "\n".join(lines)
