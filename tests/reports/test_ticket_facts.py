"""Facts of tickets say what their lines say, whatever happened, and are the same made anew."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from agents.models import HoursWeek
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from reports.facts import past
from reports.facts import tickets as ticket_facts
from reports.facts.tickets import catch_up_tickets, read_ticket, tickets_lack_the_past
from reports.models import TicketFact
from tests.reports.reference import OPEN_DAYS, ticket_of
from tests.reports.test_facts import work
from tests.reports.test_ticket_figures import MORNING, Office, hours
from tests.support.factories import make_topic
from tickets.models import Entry, Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.entries import Said, add_said
from tickets.operations.replies import TooLateToUnsay, say, unsay
from tickets.operations.safety_nets import close_net, reopen_net

LOCAL = pytest.mark.django_db


def fact_of(ticket: Ticket) -> dict[str, Any]:
    fact = TicketFact.objects.get(ticket=ticket)
    return {name: getattr(fact, name) for name in ticket_of(ticket, [])}


def told_of(ticket: Ticket) -> dict[str, Any]:
    return ticket_of(ticket, list(ticket.entries.order_by("seq")))


def live(office: Office, chance: random.Random) -> None:
    """Let a ticket be worked on somehow."""
    at = MORNING + timedelta(minutes=chance.randrange(600))
    ticket = office.opened(
        at=at,
        is_safety_net=chance.random() < 0.3,
        topic=make_topic(office.brand) if chance.random() < 0.5 else None,
        kind=chance.choice(Ticket.Type.values),
        priority=chance.choice(Ticket.Priority.values),
        source=chance.choice(Ticket.Source.values),
    )
    for number in range(chance.randrange(12)):
        at += timedelta(seconds=chance.randrange(1, 9000))
        ticket.refresh_from_db()
        status = chance.choice(Ticket.Status.values)
        match chance.randrange(8):
            case 0 | 1 | 2:
                office.moved(ticket, status, at)
            case 3:
                # With a status that goes along, and maybe taken back.
                entry, _ = say(
                    ticket=ticket, by=office.elif_, text="Bakıyoruz", client_id=str(at), now=at,
                    status=status,
                )  # fmt: skip
                if chance.random() < 0.5:
                    at += timedelta(seconds=1)
                    unsay(entry=entry, by=office.elif_, now=at)
            case 4:
                said = Said(
                    body="Alo", at=at - timedelta(hours=9), agent=office.elif_, chat_id=7,
                    chat_seq=number,
                )  # fmt: skip
                add_said(ticket=ticket, chat_id=7, said=[said], now=at)
            case 5:
                mark_spam(ticket=ticket, is_spam=not ticket.is_spam, by=office.elif_, now=at)
            case 6:
                move_net = close_net if ticket.is_untouched_net else reopen_net
                move_net(ticket=ticket, now=at)
            case 7:
                who = chance.choice([office.elif_, None])
                change_ticket(ticket=ticket, by=office.elif_, now=at, changes={"assignee": who})
        if chance.random() < 0.2:
            work()


@LOCAL
@pytest.mark.parametrize("seed", range(2))
def test_facts_of_tickets_equal_the_plain_reading_of_their_ledger(seed: int) -> None:
    office, chance = Office(), random.Random(seed)
    long_ago = MORNING - timedelta(days=999)
    HoursWeek.objects.create(brand=office.brand, days=OPEN_DAYS, valid_from=long_ago)
    for _ in range(15):
        live(office, chance)
    work()
    tickets = list(Ticket.objects.order_by("pk"))
    written = [fact_of(ticket) for ticket in tickets]
    assert written == [told_of(ticket) for ticket in tickets]
    assert {fact["is_counted"] for fact in written} == {True, False}
    assert any(fact["agent_wait_open"] not in {None, fact["agent_wait"]} for fact in written)
    TicketFact.objects.update(first_reply=1, resolution_open=3, agent_wait=2, is_counted=True)
    call_command("rebuild_metrics", verbosity=0)
    assert [fact_of(ticket) for ticket in tickets] == written


_MOVES = st.sampled_from([*Ticket.Status.values, "reply", "in chat", "customer", "note"])


@given(st.lists(st.tuples(_MOVES, st.integers(0, 90_000)), max_size=20))
def test_any_life_of_a_ticket_is_read_as_plainly_as_can_be(happened: list[tuple[str, int]]) -> None:
    at, status = MORNING, "new"
    ticket = Ticket(created_at=at)
    lines = []
    for what, seconds in happened:
        at += timedelta(seconds=seconds)
        line = Entry(created_at=at, kind="message", author_kind="agent")
        match what:
            case "reply":
                pass
            case "in chat":
                line.chat_id = 7
            case "customer":
                line.author_kind = "customer"
            case "note":
                line.kind = "note"
            case _ if what == status:
                continue
            case _:
                line.kind, line.data = "status", {"from": status, "to": what}
                status = what
        lines.append(line)
    ticket.status = status
    expected = ticket_of(ticket, lines)
    told = read_ticket(lines, opened_at=ticket.created_at)
    for name in ("first_reply_at", "first_resolved_at", "last_resolved_at", "first_reopened_at"):
        assert getattr(told, name) == expected[name], name
    for name in ("requester_wait", "agent_wait"):
        waits = getattr(told, f"{name}s")
        seconds = [(until - since).total_seconds() for since, until in waits or ()]
        assert (waits if waits is None else sum(seconds)) == expected[name], name


@LOCAL
def test_a_reply_that_is_taken_back_leaves_the_facts_though_its_ticket_has_no_new_line() -> None:
    office = Office()
    ticket = office.opened()
    entry, _ = say(ticket=ticket, by=office.elif_, text="Evet", client_id="1", now=hours(1))
    work()
    assert TicketFact.objects.get().first_reply == 3600
    unsay(entry=entry, by=office.elif_, now=hours(1) + timedelta(seconds=2))
    work()
    fact = TicketFact.objects.get()
    assert (fact.first_reply, fact.status) == (None, "new")
    with pytest.raises(TooLateToUnsay):
        unsay(entry=entry, by=office.elif_, now=hours(1))


@LOCAL
def test_the_past_of_tickets_is_made_in_parts_after_a_first_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = Office()
    tickets = [office.opened() for _ in range(3)]
    work()
    assert not tickets_lack_the_past()
    # A new one has its fact before those of the past are made.
    TicketFact.objects.exclude(ticket=tickets[2]).delete()
    monkeypatch.setattr(past, "BATCH", 1)
    monkeypatch.setattr(past, "PART_SECONDS", -1.0)
    catch_up_tickets()
    # While one is on its way, nobody begins another.
    catch_up_tickets()
    rows = OutboxEntry.objects.filter(kind=ticket_facts.REBUILD)
    assert rows.count() == 1
    while rows.filter(done_at=None).exists():
        drain("maintenance")
    assert TicketFact.objects.count() == 3 <= rows.count()
    assert not tickets_lack_the_past()
