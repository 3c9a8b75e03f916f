"""What is told without a sound: tickets, mentions, what rules have to say.

The console shows it as it happens, and devices that can be silent get it as a push.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from agents.access import Access, accesses_of
from agents.models import Agent, Notice
from automation.models import Notification
from automation.notifications.events import AgentTold
from automation.notifications.mentions import mentioned
from automation.notifications.policy import WHISPER, Told
from automation.notifications.telling import deliver, devices_of
from automation.notifications.words import said_of, url_of
from chat.models import Conversation, Entry
from config.events import publish
from tickets.models import Entry as TicketEntry
from tickets.models import Ticket
from tickets.places import Place, place_of, reaches
from tickets.rights import who_works_on


def of_new_ticket(told: Told, fact: dict[str, Any], now: datetime) -> None:
    """A ticket was opened."""
    if ticket := _ticket(fact):
        _tell_of_ticket(told, ticket, who_works_on(ticket), fact, f"new:{ticket.pk}", now)


def to_tickets_agent(told: Told, fact: dict[str, Any], now: datetime) -> None:
    """The customer wrote, an answer did not arrive, or the ticket is another agent's now."""
    ticket = _ticket(fact)
    if ticket is None:
        return
    given_to = fact.get("assignee_id")
    what = "given" if given_to else "undelivered" if "address" in fact else "answered"
    key = f"{what}:{ticket.pk}:{fact['seq']}"
    assignee = given_to or ticket.assignee_id
    agents = [assignee] if assignee else who_works_on(ticket)
    _tell_of_ticket(told, ticket, agents, fact, key, now)


def to_tickets_team(told: Told, fact: dict[str, Any], now: datetime) -> None:
    """A team has a ticket."""
    ticket = _ticket(fact)
    team = ticket.team if ticket is not None else None
    # It may have gone on to the next one.
    if ticket is not None and team is not None and team.pk == fact["team_id"]:
        members = team.agents.values_list("pk", flat=True)
        key = f"teamed:{ticket.pk}:{fact['seq']}"
        _tell_of_ticket(told, ticket, members, fact, key, now)


def _ticket(fact: dict[str, Any]) -> Ticket | None:
    rows = Ticket.objects.select_related("brand", "contact", "topic", "team")
    found: Ticket | None = rows.filter(pk=fact["ticket_id"], is_spam=False).first()
    return found


def _tell_of_ticket(
    told: Told,
    ticket: Ticket,
    agent_ids: Iterable[int],
    fact: dict[str, Any],
    key: str,
    now: datetime,
) -> None:
    tell_silently(
        # Whoever did it knows.
        agent_ids=set(agent_ids) - {fact["by"]},
        notice=told.notice,
        key=key,
        ticket=ticket,
        seq=fact.get("seq"),
        now=now,
    )


def of_mentions(told: Told, fact: dict[str, Any], now: datetime) -> None:
    """Notes were written, in chats or in a ticket; colleagues whom they name are told.

    Of a whisper also the agent who has the chat.
    """
    if "ticket_id" in fact:
        lines = TicketEntry.objects.filter(ticket=fact["ticket_id"], seq=fact["seq"])
        for line in lines.filter(kind=TicketEntry.Kind.NOTE).select_related("ticket"):
            key = f"mention:t{line.ticket_id}:{line.seq}"
            tell_silently(
                agent_ids=_named(line),
                notice=told.notice,
                key=key,
                ticket=line.ticket,
                seq=line.seq,
                now=now,
            )
        return
    if not fact["from_agents"]:
        return
    notes = Entry.objects.filter(
        Q(body__contains="@") | Q(data__whisper=True),
        pk__in=fact["entry_ids"],
        kind=Entry.Kind.NOTE,
        agent__isnull=False,
    )
    for note in notes.select_related("conversation").order_by("pk"):
        chat = note.conversation
        named, whispered = _named(note) if "@" in note.body else [], []
        if note.data.get("whisper") and chat.assignee_id not in {None, note.agent_id}:
            whispered = [chat.assignee_id]
        # Once, and of the whisper, which is more.
        for prefix, agent_ids in (
            (WHISPER, whispered),
            ("mention:", [pk for pk in named if pk not in whispered]),
        ):
            tell_silently(
                agent_ids=agent_ids,
                notice=told.notice,
                key=f"{prefix}c{chat.pk}:{note.seq}",
                conversation=chat,
                seq=note.seq,
                now=now,
            )


def _named(note: Entry | TicketEntry) -> list[int]:
    found = mentioned(note.body, Agent.objects.filter(is_active=True))
    return [agent.pk for agent in found if agent.pk != note.agent_id]


def of_a_rule(told: Told, fact: dict[str, Any], now: datetime) -> None:
    """A rule tells agents something about a chat or ticket, each in their language."""
    chat, ticket = None, None
    if "ticket_id" in fact:
        ticket = _ticket(fact)
    else:
        chat = Conversation.objects.filter(pk=fact["conversation_id"]).first()
    if chat is None and ticket is None:
        return
    if fact["to_team"]:
        told = replace(told, notice=Notice.TEAM)
    for agent_id, text in fact["notices"]:
        tell_silently(
            agent_ids=[agent_id],
            notice=told.notice,
            key=f"rule:{fact['key']}:{agent_id}",
            conversation=chat,
            ticket=ticket,
            title=fact["rule"],
            body=text,
            # Of a chat the event itself is shown there.
            on_screen=ticket is not None,
            now=now,
        )


@transaction.atomic
def tell_silently(
    *,
    agent_ids: Iterable[int],
    notice: str,
    key: str,
    conversation: Conversation | None = None,
    ticket: Ticket | None = None,
    seq: int | None = None,
    title: str = "",
    body: str = "",
    on_screen: bool = True,
    now: datetime,
) -> int:
    """Tell agents of a silent class, once, in the console and on their devices; return how many.

    Whoever could not open it, or doesn't want this class, hears nothing.
    """
    people = [
        agent
        for agent in Agent.objects.filter(pk__in=set(agent_ids), is_active=True).order_by("pk")
        if notice not in agent.notices_off
    ]
    accesses = accesses_of(people)
    place = place_of(ticket) if ticket is not None else None
    people = [agent for agent in people if _sees(accesses[agent.pk], conversation, place)]
    if not people:
        return 0
    about = {"notice": notice, "conversation": conversation, "ticket": ticket, "seq": seq}
    notification, is_new = Notification.objects.get_or_create(
        key=key, defaults={**about, "title": title, "body": body, "at": now}
    )
    if not is_new:
        return 0
    deliver([(notification, devices_of([agent.pk for agent in people], notice, now))])
    # Read once for each language and not for each agent: anybody who writes a mail tells hundreds.
    said: dict[str, tuple[str, str]] = {}
    for agent in people if on_screen else ():
        if agent.language not in said:
            said[agent.language] = said_of(notification, agent)
        words, url = said[agent.language], url_of(notification)
        publish(AgentTold(agent_id=agent.pk, notice=notice, said=words, url=url))
    return len(people)


def _sees(access: Access, chat: Conversation | None, place: Place | None) -> bool:
    if place is not None:
        return reaches(access, place)
    return chat is None or bool(Conversation.objects.visible_to(access).filter(pk=chat.pk).exists())
