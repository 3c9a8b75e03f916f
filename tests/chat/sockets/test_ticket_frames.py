"""Frames that name a ticket: watched, answered and typed in by who may work on it."""

import pytest
from django.utils import timezone

from agents.models import Permission, Role
from chat.protocol import Close
from chat.sockets.watch import Watch
from tests.support.factories import make_agent, make_brand, make_role
from tests.support.sockets import console_socket, db, new_cid, visitor_socket
from tests.support.tickets import opened
from tickets.models import Entry, Ticket
from tickets.operations.replies import say

pytestmark = pytest.mark.django_db(transaction=True)


def clerk(**role):
    return make_agent(role=make_role(Permission.TICKETS, **{"scope": Role.Scope.ALL} | role))


def noted(ticket, agent, text):
    return say(
        ticket=ticket, by=agent, text=text, client_id=new_cid(), now=timezone.now(), is_note=True
    )


async def made():
    """A ticket, two who work on it, and one who works elsewhere."""
    brand, other = await db(make_brand), await db(make_brand)
    ticket = await db(opened, brand)
    return ticket, await db(clerk), await db(clerk), await db(clerk, brands=(other,))


async def test_who_watches_a_ticket_gets_its_lines_and_what_is_added():
    ticket, elif_, mert, stranger = await made()
    number = str(ticket.pk)
    async with console_socket(elif_) as console, console_socket(stranger) as elsewhere:
        for one in (console, elsewhere):
            await one.say(type="watch", ticket=number, after=0)
        batch = await console.hear("entries")
        head = (await db(Ticket.objects.get, pk=ticket.pk)).last_seq
        assert (batch["ticket"], batch["head"], batch["more"]) == (number, head, False)
        assert [line["seq"] for line in batch["entries"]] == list(range(1, head + 1))
        await db(noted, ticket, mert, "Kargo aranacak")
        batch = await console.hear("entries")
        [line] = batch["entries"]
        assert (line["seq"], line["kind"], line["text"]) == (head + 1, "note", "Kargo aranacak")
        await console.say(type="unwatch", ticket=number)
        await db(noted, ticket, mert, "Arandı")
        await console.event("ticket.changed")
        assert await console.is_silent()
        assert await elsewhere.is_silent()


async def test_a_watched_ticket_whose_bell_was_lost_is_looked_at_again(monkeypatch):
    ticket, elif_, mert, _stranger = await made()
    async with console_socket(elif_) as console:
        await console.say(type="watch", ticket=str(ticket.pk), after=0)
        # It is watched from here on: what was said before is no lost bell.
        await console.hear("entries")
        monkeypatch.setattr("config.events.announce", lambda deliveries: None)
        await db(noted, ticket, mert, "Kargo aranacak")
        await Watch.here().check_tickets()
        [line] = (await console.hear("entries"))["entries"]
        assert line["text"] == "Kargo aranacak"


@pytest.mark.parametrize(("frame", "kind"), [("note.add", "note"), ("message.send", "message")])
async def test_a_note_or_reply_is_stored_once_and_acked(frame, kind):
    ticket, elif_, _mert, stranger = await made()
    cid = new_cid()
    said = {"type": frame, "ticket": str(ticket.pk), "cid": cid, "text": "Merhaba"}
    async with console_socket(elif_) as console:
        await console.say(**said)
        first = await console.hear("ack")
        await console.say(**said)
        again = await console.hear("ack")
        await console.say(**said | {"cid": new_cid(), "text": " "})
        assert (await console.hear("nack"))["code"] == "invalid"
    assert first | {"dup": True} == again
    [line] = await db(lambda: list(Entry.objects.filter(ticket=ticket, agent=elif_, kind=kind)))
    assert (str(line.pk), line.seq, line.body) == (first["id"], first["seq"], "Merhaba")
    async with console_socket(stranger) as console:
        await console.say(**said | {"cid": new_cid()})
        refused = await console.hear("nack")
        assert (refused["code"], refused["retry"]) == ("forbidden", False)


async def test_typing_in_a_ticket_is_seen_by_colleagues_who_may_see_it():
    ticket, elif_, mert, stranger = await made()
    async with (
        console_socket(elif_) as console,
        console_socket(mert) as other,
        console_socket(stranger) as elsewhere,
    ):
        await elsewhere.say(type="typing", ticket=str(ticket.pk), on=True)
        assert await other.is_silent()
        await console.say(type="typing", ticket=str(ticket.pk), on=True, mode="note")
        told = await other.event("ticket.typing")
        assert told == {
            "ticket": str(ticket.pk), "agent": elif_.public_id, "name": elif_.name, "on": True,
        }  # fmt: skip
        assert await elsewhere.is_silent()


async def test_a_visitor_has_no_ticket_to_name(chat, vera):
    async with visitor_socket(vera) as visitor:
        await visitor.say(type="typing", ticket="1", on=True)
        assert await visitor.close_code() == Close.BAD_FRAME


@pytest.mark.parametrize("number", [12, "0", "x", "1" * 10, None])
async def test_a_number_that_is_none_closes_with_4400(number):
    async with console_socket(await db(clerk)) as console:
        await console.say(type="watch", ticket=number)
        assert await console.close_code() == Close.BAD_FRAME
