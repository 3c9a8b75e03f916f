"""Opening tickets."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent, Brand, Team, Topic
from config.database.keys import next_key
from config.events import Event, publish
from tickets.events import TicketAssigned, TicketChanged, TicketOpened, TicketWritten
from tickets.models import Contact, Entry, Identity, Ticket
from tickets.models.identity import folded
from tickets.operations.entries import Said, said_lines, store_lines
from tickets.operations.lines import begin_search, note_words

# As the column has it.
SUBJECT_MAX = 200
# Of words that nobody wrote as a subject.
_WORDS_MAX = 80


@transaction.atomic
def open_ticket(
    *,
    brand: Brand,
    contact: Contact,
    topic: Topic | None,
    team: Team | None = None,
    email: str = "",
    subject: str,
    said: Sequence[Said],
    language: str,
    source: str,
    data: Mapping[str, Any],
    origin_key: str | None,
    is_safety_net: bool = False,
    by: Agent | None,
    now: datetime,
    kind: str = "",
    number: int | None = None,
    priority: str = Ticket.Priority.NORMAL,
    assignee: Agent | None = None,
    is_news: bool = True,
) -> Ticket:
    """Open a ticket with what was said as its first lines; the same `origin_key`: same ticket.

    `language` is that in which it came; one that an agent chose for the customer goes before.
    `email` is where they ask to be answered, if elsewhere than they are reached; nobody has proven
    to read there. Without a `team` the topic decides whose it is, and without a `kind` its type.
    `number` is one of `reserve_number`. Of what `is_news` no more nobody is told.
    """
    if origin_key:
        repeated: Ticket | None = Ticket.objects.filter(origin_key=origin_key).first()
        if repeated:
            return repeated
    ticket = Ticket(
        pk=number,
        brand=brand,
        contact=contact,
        topic=topic,
        team=team or _team_of(topic, brand),
        email=elsewhere(email, contact),
        subject=subject_of(subject),
        type=kind or type_of(topic),
        priority=priority,
        assignee=assignee,
        status=Ticket.Status.OPEN if assignee else Ticket.Status.NEW,
        source=source,
        language=contact.language_else(language),
        data=dict(data),
        origin_key=origin_key,
        is_safety_net=is_safety_net,
        last_seq=len(said) + 1,
        created_at=now,
        updated_at=now,
    )
    begin_search(ticket)
    lines = said_lines(ticket, said, first=2)
    note_words(ticket, lines)
    ticket.save(force_insert=True)
    created = Entry(
        ticket=ticket,
        seq=1,
        kind=Entry.Kind.CREATED,
        author_kind=Entry.AuthorKind.AGENT if by else Entry.AuthorKind.SYSTEM,
        agent=by,
        data={"source": source},
        created_at=now,
    )
    store_lines(lines, said, opening=created)
    publish(TicketChanged.of(ticket, "opened"), *(_news(ticket, by) if is_news else ()))
    return ticket


def _news(ticket: Ticket, by: Agent | None) -> Iterator[Event]:
    yield TicketWritten(ticket_id=ticket.pk, seq=1)
    opener, assignee = by.pk if by else None, ticket.assignee_id
    if assignee:
        yield TicketAssigned(ticket_id=ticket.pk, by=opener, assignee_id=assignee, seq=1)
    else:
        yield TicketOpened(ticket_id=ticket.pk, by=opener)


def elsewhere(email: str, contact: Contact) -> str:
    """Return an address where it is another than that of its customer, else ""."""
    kind = Identity.Kind.EMAIL
    return "" if folded(kind, email) == folded(kind, contact.email) else email[:254]


def reserve_number() -> int:
    """Return the number of a ticket that may be opened soon; nobody else gets it."""
    return next_key(Ticket)


def type_of(topic: Topic | None) -> str:
    """Return the type of tickets about a topic."""
    return str(topic.ticket_type if topic else Ticket.Type.REQUEST)


def subject_of(text: str) -> str:
    """Return one line as long as a subject may be."""
    return _line(text, SUBJECT_MAX)


def subject_of_words(text: str) -> str:
    """Return the first of somebody's words as a subject."""
    return _line(text, _WORDS_MAX)


def _line(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _team_of(topic: Topic | None, brand: Brand) -> Team | None:
    """Return who works on it: the only team of the topic, else the brand's default team.

    A topic of several teams leaves the choice open: all of them see the ticket.
    """
    teams = list(topic.teams.order_by("pk")[:2]) if topic else []
    if len(teams) > 1:
        return None
    return teams[0] if teams else brand.default_team
