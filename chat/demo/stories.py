"""The demo's past: who wrote when about what, and what became of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

from agents.access import accesses_of
from agents.models import Agent, Brand, BreakReason, Topic
from agents.models import StatusInterval as Interval
from agents.queries.capacity import limits_of
from chat.demo import history, texts
from chat.demo.history import StagedChat
from chat.models import Conversation, Entry, Visitor
from chat.operations.changes import name_agent
from chat.operations.tickets import contact_of
from chat.operations.visitors import keep_browser
from config.text.folding import sort_key
from tickets.models import Contact, Identity, Ticket
from tickets.models import Entry as TicketEntry
from tickets.operations.contacts import keep_identity, note_search
from tickets.operations.entries import Said
from tickets.operations.lines import begin_search, note_words
from tickets.operations.tickets import open_ticket, subject_of_words

CHATS = {"shop": 25, "cloud": 12}
PEOPLE = {"shop": texts.SHOP_PEOPLE, "cloud": texts.CLOUD_PEOPLE}
DIALOGUES = {"shop": texts.SHOP_DIALOGUES, "cloud": texts.CLOUD_DIALOGUES}
PAGES = {
    "shop": {"url": "https://shop.example/sepet", "title": "Sepetim – Pazar34", "referrer": ""},
    "cloud": {"url": "https://cloud.example/docs", "title": "Docs – Larkspur", "referrer": ""},
}


@dataclass(kw_only=True)
class Cast:
    """The demo organisation; topics and who answers them by (site, topic)."""

    brands: dict[str, Brand]
    topics: dict[tuple[str, str], Topic]
    answering: dict[tuple[str, str], list[Agent]]
    people: dict[str, Agent]


def tell(cast: Cast, now: datetime, rng: random.Random) -> None:
    """Write a month of statuses, chats and tickets."""
    days = history.workdays(now)
    _statuses(cast, days)
    threads = _handled(cast, days, rng) + _abandoned(cast, days, rng)
    offline = _offline(cast, days, rng)
    threads += [thread for thread, *_ in offline]
    threads.sort(key=lambda thread: thread.chat.created_at)
    visitors = [thread.chat.visitor for thread in threads if thread.chat.visitor]
    for _, _, contact, _ in offline:
        note_search(contact)
        contact.save()
        keep_identity(contact=contact, kind=Identity.Kind.EMAIL, value=contact.email)
    Visitor.objects.bulk_create(visitors)
    for thread, ticket, contact, lines in offline:
        ticket.contact = contact
        if visitor := thread.chat.visitor:
            ticket.origin_key = f"visitor:{visitor.pk}:demo"
        begin_search(ticket)
        note_words(ticket, lines)
        ticket.save()
        TicketEntry.objects.bulk_create(lines)
        _convert(thread, ticket, contact)
    filed = _file_one(threads)
    history.save(threads)
    said = TicketEntry.objects.filter(ticket=filed.ticket_id, chat_seq__isnull=False)
    said.update(chat_id=filed.pk)


def _file_one(threads: Sequence[StagedChat]) -> Conversation:
    """Make a ticket of the newest answered chat whose customer, already stored, can be reached."""
    thread, visitor = next(
        (each, each.chat.visitor)
        for each in reversed(threads)
        if each.chat.resolved_by and each.chat.visitor and each.chat.visitor.email
    )
    chat, at = thread.chat, thread.entries[-1].created_at
    said = [
        Said(
            body=entry.body,
            at=entry.created_at,
            agent=entry.agent,
            chat_seq=entry.seq,
        )
        for entry in thread.entries
        if entry.kind == Entry.Kind.MESSAGE
    ]
    ticket = open_ticket(
        brand=chat.brand,
        contact=contact_of(visitor, at),
        topic=chat.topic,
        subject=said[0].body,
        said=said,
        language=chat.language,
        source=Ticket.Source.CHAT,
        data={"page": chat.page, "fields": chat.fields, "conversation": chat.public_id},
        origin_key=f"chat:{chat.public_id}",
        by=chat.resolved_by,
        now=at,
        is_news=False,
    )
    chat.ticket, chat.contact = ticket, ticket.contact
    number = {"number": ticket.number}
    by = Entry.AuthorKind.AGENT
    thread.add(Entry.Kind.CONVERTED, at, by=by, agent=chat.resolved_by, data=number)
    return chat


def _statuses(cast: Cast, days: Sequence[datetime]) -> None:
    meal = BreakReason.objects.create(name_tr="Yemek", name_en="Meal", position=1, is_demo=True)
    BreakReason.objects.create(name_tr="Eğitim", name_en="Training", position=2, is_demo=True)
    intervals: list[Interval] = []
    people = cast.people.values()
    limits = limits_of(people, accesses_of(people))
    for key, agent in cast.people.items():
        own = history.status_history(
            agent,
            days if key != "admin" else [],
            reason_id=meal.pk,
            capacity=limits[agent.pk],
        )
        agent.status_since = agent.idle_since = own[-1].started_at
        intervals += own
    Interval.objects.bulk_create(intervals, batch_size=500)
    Agent.objects.bulk_update(cast.people.values(), ["status_since", "idle_since"])


def _visitor(
    cast: Cast, site: str, person: texts.Person, day: datetime, rng: random.Random
) -> Visitor:
    at = history.moment(day, rng)
    return history.make_visitor(person, cast.brands[site], PAGES[site], at)


def _spread(days: Sequence[datetime], count: int) -> list[datetime]:
    """Return `count` of the days, evenly, the newest included."""
    return [days[len(days) * index // count] for index in range(count - 1)] + [days[-1]]


def _handled(cast: Cast, days: Sequence[datetime], rng: random.Random) -> list[StagedChat]:
    threads = []
    for site, count in CHATS.items():
        rows = zip(
            _spread(days, count),
            cycle(PEOPLE[site]),
            cycle(DIALOGUES[site]),
            strict=False,
        )
        for day, person, dialogue in rows:
            visitor = _visitor(cast, site, person, day, rng)
            topic = site, dialogue.topic
            agent = rng.choice(cast.answering[topic])
            threads.append(history.handle_chat(visitor, cast.topics[topic], dialogue, agent, rng))
    return threads


def _abandoned(cast: Cast, days: Sequence[datetime], rng: random.Random) -> list[StagedChat]:
    threads = []
    for site, language in (("shop", "tr"), ("cloud", "en")):
        words = texts.ABANDONED[language]
        people = islice(reversed(PEOPLE[site]), len(words))
        for text, person, day in zip(words, people, _spread(days, len(words)), strict=True):
            visitor = _visitor(cast, site, person, day, rng)
            topic = next(topic for (of, _), topic in cast.topics.items() if of == site)
            threads.append(history.abandoned(visitor, topic, text, rng))
    return threads


def _offline(
    cast: Cast, days: Sequence[datetime], rng: random.Random
) -> list[tuple[StagedChat, Ticket, Contact, list[TicketEntry]]]:
    """Return messages left in the evening, each with its unsaved ticket."""
    found = []
    for index, (site, key, text, reply, status, kind, priority) in enumerate(texts.OFFLINE):
        person = [each for each in PEOPLE[site] if each.email][index]
        day = _spread(days, len(texts.OFFLINE))[index] - timedelta(days=1)
        at = day + timedelta(hours=history.EVENING + 1, minutes=rng.randint(0, 150))
        visitor = history.make_visitor(person, cast.brands[site], PAGES[site], at)
        thread = history.begin(visitor, cast.topics[site, key], text, at)
        contact = Contact(
            name=person.name,
            sort_name=sort_key(person.name),
            email=person.email,
            language=visitor.language,
            created_at=at,
        )
        agent = cast.answering[site, key][0]
        ticket, lines = _ticket(thread, agent, text, reply, status, rng)
        ticket.type, ticket.priority = kind, priority
        found.append((thread, ticket, contact, lines))
    return found


def _ticket(
    thread: StagedChat, agent: Agent, text: str, reply: str, status: str, rng: random.Random
) -> tuple[Ticket, list[TicketEntry]]:
    chat, at = thread.chat, thread.chat.created_at
    ticket = Ticket(
        brand=chat.brand,
        topic=chat.topic,
        team=chat.topic.teams.first() if chat.topic else None,
        assignee=agent if reply else None,
        subject=subject_of_words(text),
        status=status,
        source=Ticket.Source.OFFLINE,
        language=chat.language,
        data={"page": chat.page, "fields": chat.fields},
        created_at=at,
    )
    kinds, sides = TicketEntry.Kind, TicketEntry.AuthorKind
    rows: list[tuple[str, str, Agent | None, str, dict[str, Any]]] = [
        (kinds.CREATED, sides.SYSTEM, None, "", {"source": Ticket.Source.OFFLINE}),
        (kinds.MESSAGE, sides.CUSTOMER, None, text, {}),
    ]
    if reply:
        assigned = {**name_agent("from", None), **name_agent("to", agent)}
        rows += [
            (kinds.ASSIGNED, sides.AGENT, agent, "", assigned),
            (kinds.MESSAGE, sides.AGENT, agent, reply, {}),
            (kinds.STATUS, sides.AGENT, agent, "", {"from": "new", "to": status}),
        ]
    lines = []
    for seq, (kind, side, author, body, data) in enumerate(rows, start=1):
        # Answered the next morning.
        if kind == kinds.ASSIGNED:
            at += timedelta(hours=rng.randint(14, 17))
        lines.append(
            TicketEntry(
                ticket=ticket,
                seq=seq,
                kind=kind,
                author_kind=side,
                agent=author,
                body=body,
                data=data,
                created_at=at,
            )
        )
    ticket.last_seq, ticket.updated_at = len(lines), at
    return ticket, lines


def _convert(thread: StagedChat, ticket: Ticket, contact: Contact) -> None:
    """End the chat of a saved ticket, and make the person of the chat known."""
    chat = thread.chat
    chat.ticket, chat.contact, chat.ended_at = ticket, contact, chat.created_at
    if chat.visitor:
        chat.visitor.contact = contact
        chat.visitor.save(update_fields=["contact"])
        keep_browser(chat.visitor)
    thread.add(Entry.Kind.CONVERTED, chat.created_at, data={"number": ticket.number})
    history.resolve(
        thread, chat.created_at, outcome=Conversation.Outcome.OFFLINE, because="nobody", agent=None
    )
