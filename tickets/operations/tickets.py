"""Opening tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Agent, Brand, Team, Topic
from config.folding import sort_key
from tickets.models import Contact, Entry, Ticket

SUBJECT_LENGTH = 80


@dataclass(frozen=True, kw_only=True)
class Said:
    """Something the customer or an agent wrote before the ticket was opened."""

    body: str
    at: datetime
    agent: Agent | None = None
    data: dict[str, Any] = field(default_factory=dict)


def create_contact(
    *,
    name: str,
    email: str,
    phone: str = "",
    language: str,
    now: datetime,
    is_email_verified: bool = False,
) -> Contact:
    """Make a person of what somebody claims to be; never looks for others with the same e-mail."""
    return Contact.objects.create(
        name=name[:120],
        # Some letters come apart into many.
        sort_name=sort_key(name[:120])[:600],
        email=email[:254],
        phone=phone[:32],
        is_email_verified=is_email_verified,
        language=language,
        created_at=now,
    )


@transaction.atomic
def set_email(*, contact: Contact, email: str) -> None:
    """Note where somebody says that a person can be reached."""
    contact.email = email[:254]
    contact.is_email_verified = False
    contact.save(update_fields=["email", "is_email_verified"])


@transaction.atomic
def open_ticket(
    *,
    brand: Brand,
    contact: Contact,
    topic: Topic | None,
    team: Team | None = None,
    subject: str,
    said: Sequence[Said],
    language: str,
    source: str,
    data: Mapping[str, Any],
    origin_key: str | None,
    by: Agent | None,
    now: datetime,
) -> Ticket:
    """Open a ticket with what was said as its first lines; the same `origin_key`: same ticket.

    Without a `team` the topic decides whose it is.
    """
    if origin_key:
        repeated: Ticket | None = Ticket.objects.filter(origin_key=origin_key).first()
        if repeated:
            return repeated
    ticket: Ticket = Ticket.objects.create(
        brand=brand,
        contact=contact,
        topic=topic,
        team=team or _team_of(topic, brand),
        subject=subject_of(subject),
        source=source,
        language=language,
        data=dict(data),
        origin_key=origin_key,
        last_seq=len(said) + 1,
        created_at=now,
        updated_at=now,
    )
    created = Entry(
        ticket=ticket,
        seq=1,
        kind=Entry.Kind.CREATED,
        author_kind=Entry.AuthorKind.AGENT if by else Entry.AuthorKind.SYSTEM,
        agent=by,
        data={"source": source},
        created_at=now,
    )
    lines = [_line(ticket, seq, each) for seq, each in enumerate(said, start=2)]
    Entry.objects.bulk_create([created, *lines])
    return ticket


@transaction.atomic
def add_said(*, ticket: Ticket, chat: str, said: Sequence[Said], now: datetime) -> int:
    """Append what was said in a chat after its ticket was opened; return how many lines were new.

    `said` carries the chat's numbers, so that the same words again add nothing.
    """
    locked = Ticket.objects.select_for_update(no_key=True, of=("self",)).get(pk=ticket.pk)
    known = set(locked.entries.filter(data__chat=chat).values_list("data__seq", flat=True))
    new = [each for each in said if each.data["seq"] not in known]
    Entry.objects.bulk_create(
        _line(locked, seq, each) for seq, each in enumerate(new, start=locked.last_seq + 1)
    )
    if new:
        locked.last_seq += len(new)
        locked.updated_at = now
        locked.save(update_fields=["last_seq", "updated_at"])
    return len(new)


def last_said(*, ticket: Ticket, chat: str) -> int:
    """Return the number, in the chat, of the newest line that the ticket has from there."""
    lines = ticket.entries.filter(data__chat=chat).order_by("-seq")
    return int(lines.values_list("data__seq", flat=True).first() or 0)


def _line(ticket: Ticket, seq: int, said: Said) -> Entry:
    return Entry(
        ticket=ticket,
        seq=seq,
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.AGENT if said.agent else Entry.AuthorKind.CUSTOMER,
        agent=said.agent,
        body=said.body,
        data=said.data,
        created_at=said.at,
    )


def subject_of(text: str) -> str:
    """Return one line of at most 80 characters."""
    line = " ".join(text.split())
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1].rstrip() + "…"


def _team_of(topic: Topic | None, brand: Brand) -> Team | None:
    """Return who works on it: the only team of the topic, else the brand's default team.

    A topic of several teams leaves the choice open: all of them see the ticket.
    """
    teams = list(topic.teams.order_by("pk")[:2]) if topic else []
    if len(teams) > 1:
        return None
    return teams[0] if teams else brand.default_team
