"""What a rule sees of a ticket: its state at the event's turn, and the event."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from agents.hours.book import book_of
from automation.rules.sight import Happening, Sight, happening_at
from chat.models import Conversation
from tickets.models import Entry, Identity, Ticket, TicketTag
from tickets.operations.replies import may_leave_at
from tickets.places import place_of

_SIDES = {
    Entry.AuthorKind.CUSTOMER: "customer",
    Entry.AuthorKind.AGENT: "agent",
    Entry.AuthorKind.BOT: "rule",
    Entry.AuthorKind.SYSTEM: "system",
}
_WORDS = {Entry.AuthorKind.CUSTOMER: "customer_word", Entry.AuthorKind.AGENT: "agent_word"}
# What a line can say was changed; of the named ones it tells the id of what was there before.
_BY_ID = {"topic", "team"}
_FIELDS = {"subject", "priority", "type", *_BY_ID}
# What a ticket begins with: the first line says that it was opened, these are the second.
_FIRST_WORDS = 2
# Where a ticket came from, as rules call it. A form that was left is the customer's own start, and
# so is a wait in line that ended without anybody: see `TicketSight.source`.
SOURCES: Mapping[str, str] = {
    Ticket.Source.OFFLINE: "live_chat",
    Ticket.Source.CHAT: "ticket",
    Ticket.Source.EMAIL: "email",
    Ticket.Source.PHONE: "phone",
    Ticket.Source.API: "api",
}


def seen_tickets() -> QuerySet[Ticket]:
    """Return tickets with all that rules see of them without a further question."""
    found = Ticket.objects.select_related("brand", "contact", "topic", "assignee")
    return found.defer("search")


def happening_of(line: Entry, first_words: str = "") -> Happening | None:
    """Return the event that a line is; None for what no rule looks at.

    The first words belong to the ticket that comes in, and what was said in a chat to the chat.
    """
    return happening_at(
        line,
        by=_SIDES[Entry.AuthorKind(line.author_kind)],
        begins=line.kind == Entry.Kind.CREATED,
        first_words=first_words,
        changed=_change_of,
    )


def _change_of(line: Entry) -> tuple[str, dict[str, Any]]:
    kind, data = line.kind, line.data
    if kind == Entry.Kind.MESSAGE:
        # No person wrote what came automatically: nothing follows from it.
        is_ours = line.chat_id is not None or line.seq == _FIRST_WORDS or data.get("automatic")
        return ("" if is_ours else _WORDS.get(Entry.AuthorKind(line.author_kind), "")), {}
    if kind == Entry.Kind.NOTE:
        return "note", {}
    if kind == Entry.Kind.TAGGED:
        return "tag", {"tag": None}
    if kind == Entry.Kind.ASSIGNED:
        return "assignee", {"assignee": data.get("from_id") or None}
    if kind == Entry.Kind.STATUS:
        return "status", {"status": data.get("from")}
    field = data.get("field")
    if field in _FIELDS:
        return field, {field: (data.get("from_id") if field in _BY_ID else data["from"]) or None}
    return "", {}


def may_be_unsaid(line: Entry, now: datetime) -> bool:
    """Return whether an agent may still take a reply back: then it was never said."""
    is_reply = line.kind == Entry.Kind.MESSAGE and line.agent_id is not None
    return is_reply and line.client_id is not None and now < may_leave_at(line)


class TicketSight(Sight):
    """What rules see of one ticket at one moment."""

    subject, column = "ticket", "ticket"

    @property
    def ticket(self) -> Ticket:
        """Return the ticket's row."""
        ticket: Ticket = self.row
        return ticket

    @property
    def key(self) -> str:
        """Return what names it in the keys of runs."""
        return f"t{self.ticket.pk}"

    @property
    def came_as_chat(self) -> bool:
        """Return whether it came in as a chat before, and rules for both have looked at that."""
        is_chats = self.ticket.source in {Ticket.Source.CHAT, Ticket.Source.OFFLINE}
        return is_chats and self.happening.when == "incoming"

    @cached_property
    def stay(self) -> int:
        """Return since which line it is open: 0 for its beginning, else when it was reopened."""
        moves = self.ticket.entries.filter(kind=Entry.Kind.STATUS).order_by("-seq")
        for seq, data in moves.values_list("seq", "data"):
            if data.get("from") in Ticket.DONE and data.get("to") not in Ticket.DONE:
                return int(seq)
        return 0

    @property
    def source(self) -> str:
        """Return where it came from."""
        if self.ticket.data.get("because"):
            return SOURCES[Ticket.Source.OFFLINE]
        return SOURCES[self.ticket.source]

    @property
    def page_url(self) -> str:
        """Return from which page the customer wrote, where that is known."""
        return str((self.ticket.data.get("page") or {}).get("url") or "")

    @cached_property
    def tags(self) -> dict[str, str]:
        """Return the ticket's tags, folded and as they are written."""
        found = TicketTag.objects.filter(ticket=self.ticket)
        return dict(found.values_list("tag__folded", "tag__name"))

    @cached_property
    def is_within_hours(self) -> bool:
        """Return whether the desk that this ticket belongs to is open."""
        teams = place_of(self.ticket)["teams"]
        return book_of(self.now).is_open(self.ticket.brand, teams, at=self.now)

    @cached_property
    def is_first_contact(self) -> bool:
        """Return whether nothing came before from the customer, as far as that is known."""
        until, person = self.ticket.created_at, self.ticket.contact_id
        others = Ticket.objects.filter(contact=person, created_at__lte=until)
        if others.exclude(pk=self.ticket.pk).exists():
            return False
        theirs = Q(contact=person) | Q(visitor__contact=person)
        chats = Conversation.objects.filter(theirs, created_at__lte=until)
        return not chats.exclude(ticket=self.ticket.pk).exists()

    @cached_property
    def email_known(self) -> bool:
        """Return whether an address of the customer is known."""
        return bool(self.ticket.address) or self._is_known_by(Identity.Kind.EMAIL)

    @cached_property
    def phone_known(self) -> bool:
        """Return whether a number of the customer is known."""
        return bool(self.ticket.contact.phone) or self._is_known_by(Identity.Kind.PHONE)

    def _is_known_by(self, kind: str) -> bool:
        return Identity.objects.filter(contact=self.ticket.contact_id, kind=kind).exists()


def waiting_since(ticket: Ticket) -> datetime | None:
    """Return when the customer said the first that nobody has answered; None when nobody waits."""
    first = None
    for side, at in _words(ticket):
        if side != Entry.AuthorKind.CUSTOMER:
            break
        first = at
    return first


def answered_since(ticket: Ticket) -> datetime | None:
    """Return when an agent said the last words; None when they are the customer's, or none."""
    side, at = next(_words(ticket), ("", None))
    return at if side == Entry.AuthorKind.AGENT else None


def _words(ticket: Ticket) -> Iterator[tuple[str, datetime]]:
    """Yield who said something and when, the newest first: what no person wrote answers nobody."""
    sides = (Entry.AuthorKind.CUSTOMER, Entry.AuthorKind.AGENT)
    said = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.MESSAGE, author_kind__in=sides)
    told = said.order_by("-seq").values_list("author_kind", "created_at", "data__automatic")
    return ((side, at) for side, at, is_automatic in told if not is_automatic)


def ripe_at(ticket_id: int) -> datetime | None:
    """Return when the newest reply can't be taken back any more; None when none can be."""
    said = Entry.objects.filter(ticket=ticket_id, kind=Entry.Kind.MESSAGE, agent__isnull=False)
    newest = said.order_by("-seq").first()
    if newest is None or not may_be_unsaid(newest, timezone.now()):
        return None
    return may_leave_at(newest)
