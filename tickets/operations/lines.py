"""What every new line does to its ticket."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from agents.actors import Actor, Rule, person
from config.events import Event, publish
from config.text.folding import fold
from tickets.events import TicketChanged, TicketWritten
from tickets.models import Contact, Entry, Identity, Ticket
from tickets.models.identity import folded

PREVIEW = 140
# Of very long tickets the first words are found, and always the newest ones in the thread itself.
SEARCH_MAX = 20_000
_SAID = (Entry.Kind.MESSAGE, Entry.Kind.NOTE)


def append(
    ticket: Ticket,
    *,
    kind: str,
    by: Actor,
    now: datetime,
    body: str = "",
    data: Mapping[str, Any] | None = None,
    client_id: str | None = None,
    is_customers: bool = False,
) -> Entry:
    """Add a line to a locked ticket. The caller saves the ticket by `keep`."""
    ticket.last_seq += 1
    author = Entry.AuthorKind.AGENT if person(by) else Entry.AuthorKind.SYSTEM
    if isinstance(by, Rule):
        author = Entry.AuthorKind.BOT
    entry: Entry = Entry.objects.create(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=kind,
        author_kind=Entry.AuthorKind.CUSTOMER if is_customers else author,
        agent=person(by),
        body=body,
        data={**(data or {}), **(by.data if isinstance(by, Rule) else {})},
        client_id=client_id,
        created_at=now,
    )
    note_words(ticket, [entry])
    return entry


def note_words(ticket: Ticket, entries: Sequence[Entry]) -> None:
    """Have the list show the last public words of a person, and a search find all words.

    What is said by itself answers nobody: whoever waits still does.
    """
    words = [ticket.search]
    for entry in entries:
        if entry.kind in _SAID:
            words += _said(entry.body, entry.data, words[0])
        if entry.kind == Entry.Kind.MESSAGE and entry.author_kind != Entry.AuthorKind.BOT:
            ticket.preview = " ".join(entry.body.split())[:PREVIEW]
            ticket.preview_author = entry.author_kind
    ticket.search = "\n".join(words)[:SEARCH_MAX]


def show_last_words(ticket: Ticket) -> None:
    """Have the list show the last public words anew: the last ones were taken back."""
    said = ticket.entries.filter(kind=Entry.Kind.MESSAGE).exclude(author_kind=Entry.AuthorKind.BOT)
    last = said.order_by("-seq").first()
    ticket.preview = " ".join(last.body.split())[:PREVIEW] if last else ""
    ticket.preview_author = last.author_kind if last else ""


def _said(body: str, data: Mapping[str, Any], known: str) -> list[str]:
    """Return what a search finds of a line: words, and a mail's subject where it is another."""
    subject = fold(str(data.get("subject", "")))
    return [fold(body)] if subject in known else [fold(body), subject]


def begin_search(ticket: Ticket) -> None:
    """Have a search find the ticket by customer and subject."""
    known = [words_of(ticket.contact), fold(ticket.subject), fold(ticket.email)]
    ticket.search = "\n".join(part for part in known if part)


def words_of(contact: Contact) -> str:
    """Return by what a search finds a customer's tickets; with it their `search` begins.

    Numbers are looked for among customers: not everybody who sees a ticket may know them.
    """
    return fold("\n".join(part for part in (contact.name, contact.email) if part))


def write_search(ticket: Ticket) -> None:
    """Have a search find all words of a stored ticket anew: some are no longer there.

    By earlier subjects, and by customers who were made one with its own, it is found as before: by
    their names, and by addresses that its brand was told.
    """
    begin_search(ticket)
    words = [ticket.search]
    changes = ticket.entries.filter(kind=Entry.Kind.CHANGED).order_by("seq")
    for data in changes.values_list("data", flat=True):
        if data.get("field") == "subject":
            words.append(fold(data["from"]))
    told = set(
        Identity.objects.filter(Q(brand=None) | Q(brand=ticket.brand_id))
        .filter(contact=ticket.contact_id, kind=Identity.Kind.EMAIL)
        .values_list("value", flat=True)
    )
    for contact in Contact.objects.filter(merged_into=ticket.contact_id).order_by("pk"):
        if folded(Identity.Kind.EMAIL, contact.email) not in told:
            contact.email = ""
        words += [found] if (found := words_of(contact)) else []
    said = ticket.entries.filter(kind__in=_SAID).order_by("seq")
    for body, data in said.values_list("body", "data"):
        words += _said(body, data, words[0])
    ticket.search = "\n".join(words)[:SEARCH_MAX]


def keep(
    ticket: Ticket,
    *,
    what: str,
    now: datetime,
    fields: Sequence[str] = (),
    events: Sequence[Event] = (),
) -> None:
    """Save what new lines and changes did to a locked ticket, and tell of it, and of `events`."""
    ticket.updated_at = now
    ticket.save(
        update_fields=[
            *("last_seq", "updated_at", "preview", "preview_author", "search"),
            *fields,
        ]
    )
    written = TicketWritten(ticket_id=ticket.pk, seq=ticket.last_seq)
    publish(TicketChanged.of(ticket, what), written, *events)
