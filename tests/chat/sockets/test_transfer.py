"""What sockets hear when a chat is passed on, tagged or becomes a ticket."""

import asyncio

import pytest
from django.utils import timezone

from agents.models import Role
from agents.presence import heartbeat
from chat.models import Conversation
from chat.operations.assignment import accept
from chat.operations.tags import add_tag
from chat.operations.tickets import convert_to_ticket
from chat.operations.transfers import transfer
from chat.posting.messages import Author, Outgoing, post_message
from chat.sockets.watch import Watch
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)
from tests.support.sockets import console_socket, db, new_cid, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


def people(scope):
    role = make_role(scope=scope)
    return [make_agent(role=role, online=True, name=name) for name in ("Elif", "Mert")]


def setting(agents):
    for agent in agents:
        heartbeat(agent=agent, now=timezone.now())
    brand = make_brand(default_team=make_team(*agents))
    vera = make_visitor(brand, email="vera@example.com")
    chat = make_conversation(vera)
    accept(conversation=chat, agent=agents[0], now=timezone.now())
    return Conversation.objects.select_related("visitor__brand").get(pk=chat.pk)


def pass_on(chat, to, by):
    transfer(conversation=chat, to=to, by=by, reason="secret reason", now=timezone.now())


def say(chat, text):
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), text, new_cid())
    post_message(draft, now=timezone.now())


async def entry_of(client, kind):
    """The next entry of that kind."""
    while True:
        frame = await client.hear("entries")
        for entry in frame["entries"]:
            if entry["kind"] == kind:
                return entry


async def said_until_pong(client):
    """The texts of the messages that came by now."""
    await client.say(type="ping")
    texts = []
    while (frame := await client.hear())["type"] != "pong":
        if frame["type"] == "entries":
            texts += [entry["text"] for entry in frame["entries"] if entry["kind"] == "message"]
    return texts


async def until_followed_by(chat, agent_ids):
    """Wait until only the sockets of these agents follow a chat: events are told before."""
    for _ in range(5000):
        following = {
            socket.author.pk for socket in Watch.here().sockets if chat.public_id in socket.threads
        }
        if following == agent_ids:
            return
        await asyncio.sleep(0.001)
    raise AssertionError(following)


@pytest.mark.parametrize("scope", [Role.Scope.OWN, Role.Scope.ALL])
async def test_the_new_agent_is_rung_and_hears_on_and_the_old_one_only_with_a_right_to(scope):
    agents = await db(people, scope)
    elif_, mert = agents
    chat = await db(setting, agents)
    async with console_socket(elif_) as giver, console_socket(mert) as receiver:
        await giver.say(type="watch", conversation=chat.public_id, after=0)
        await entry_of(giver, "accepted")
        await db(pass_on, chat, mert, elif_)
        rung = await receiver.event("conversation.assigned")
        assert (rung["conversation"], rung["automatic"]) == (chat.public_id, True)
        changed = await giver.event("conversation.changed")
        assert changed["conversation"] == chat.public_id
        followers = {mert.pk} if scope == Role.Scope.OWN else {elif_.pk, mert.pk}
        await until_followed_by(chat, followers)
        await db(say, chat, "Hello?")
        assert (await entry_of(receiver, "message"))["text"] == "Hello?"
        if scope == Role.Scope.ALL:
            assert (await entry_of(giver, "message"))["text"] == "Hello?"
        else:
            assert await said_until_pong(giver) == []


async def test_the_visitor_hears_who_passed_it_on_and_who_has_it_and_no_reason():
    agents = await db(people, Role.Scope.OWN)
    elif_, mert = agents
    chat = await db(setting, agents)
    async with visitor_socket(chat.visitor) as vera:
        await db(pass_on, chat, mert, elif_)
        line = await entry_of(vera, "transferred")
        assert (line["author"]["name"], line["data"]) == ("Elif", {"to": "Mert"})
        assert (await vera.event("conversation.assigned"))["agent"]["name"] == "Mert"


async def test_whoever_watches_sees_tags_and_ticket_at_once_and_the_visitor_only_the_ticket():
    agents = await db(people, Role.Scope.ALL)
    elif_, mert = agents
    chat = await db(setting, agents)
    async with console_socket(mert) as watching, visitor_socket(chat.visitor) as vera:
        await watching.say(type="watch", conversation=chat.public_id, after=0)
        await watching.hear("entries")
        await entry_of(vera, "accepted")
        now = timezone.now()
        await db(lambda: add_tag(conversation=chat, name="beden", by=elif_, now=now))
        assert (await entry_of(watching, "tagged"))["data"]["added"] == "beden"
        assert await watching.event("conversation.changed")
        assert await vera.is_silent()
        await db(lambda: convert_to_ticket(conversation=chat, by=elif_, now=now))
        number = (await entry_of(vera, "converted"))["data"]["number"]
        assert (await entry_of(watching, "converted"))["data"] == {"number": number}
