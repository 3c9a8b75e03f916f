"""What sockets may say and hear when a supervisor joins, leaves, whispers or takes over."""

import asyncio

import pytest
from django.utils import timezone

from agents.models import Permission
from chat.operations.joining import join, leave, take_over
from chat.sockets.watch import Watch
from tests.support.factories import make_agent, make_role
from tests.support.sockets import console_socket, db, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


def make_supervisor():
    role = make_role(Permission.SUPERVISE, Permission.CHAT, scope="all")
    return make_agent(role=role, online=True, name="Selin")


def act(what, chat, agent):
    what(conversation=chat, by=agent, now=timezone.now())


async def types(console, chat):
    await console.say(type="typing", conversation=chat.public_id, on=True, mode="reply")


async def until_speaks(agent, chat, wanted):
    """Wait until the agent's socket knows what may be said there now: events are told before."""
    [socket] = [each for each in Watch.here().sockets if each.author.pk == agent.pk]
    for _ in range(5000):
        thread = socket.threads.get(chat.public_id)
        if thread is not None and thread.speaks is wanted:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to that")


async def until_pong(console):
    await console.say(type="ping")
    while (await console.hear())["type"] != "pong":
        pass


async def test_words_and_typing_reach_the_visitor_from_joining_to_leaving(chat, vera):
    selin = await db(make_supervisor)
    async with (
        visitor_socket(vera) as visitor,
        console_socket(selin, resume={chat.public_id: 0}) as console,
    ):
        await types(console, chat)
        await until_pong(console)
        assert await visitor.is_silent()
        await db(act, join, chat, selin)
        [line] = (await visitor.hear("entries"))["entries"]
        assert (line["kind"], line["author"]["name"]) == ("joined", "Selin")
        # Her other screens look again, too.
        await console.event("conversation.changed")
        await until_speaks(selin, chat, True)
        await types(console, chat)
        assert (await visitor.hear("typing"))["author"]["name"] == "Selin"
        assert (await console.send_message(chat.public_id, "Merhaba"))["type"] == "ack"
        [said] = (await visitor.hear("entries"))["entries"]
        assert (said["text"], said["author"]["name"]) == ("Merhaba", "Selin")
        await db(act, leave, chat, selin)
        assert (await visitor.hear("entries"))["entries"][0]["kind"] == "left"
        await console.event("conversation.changed")
        await until_speaks(selin, chat, False)
        await types(console, chat)
        await until_pong(console)
        assert await visitor.is_silent()


async def test_a_whisper_is_heard_by_the_agent_and_never_by_the_visitor(chat, vera, elif_):
    selin = await db(make_supervisor)
    async with (
        visitor_socket(vera) as visitor,
        console_socket(elif_) as agent,
        console_socket(selin, resume={chat.public_id: 0}) as console,
    ):
        await console.say(type="typing", conversation=chat.public_id, on=True, mode="whisper")
        assert (await agent.hear("typing"))["mode"] == "note"
        words = {"kind": "note.add", "whisper": True}
        assert (await console.send_message(chat.public_id, "Psst", **words))["type"] == "ack"
        [heard] = (await agent.hear("entries"))["entries"]
        assert (heard["kind"], heard["text"], heard["data"]) == ("note", "Psst", {"whisper": True})
        assert await visitor.is_silent()


async def test_who_was_taken_over_from_speaks_no_more_and_who_took_over_does(chat, vera, elif_):
    selin = await db(make_supervisor)
    async with (
        visitor_socket(vera) as visitor,
        console_socket(elif_) as before,
        console_socket(selin, resume={chat.public_id: 0}) as console,
    ):
        await db(act, take_over, chat, selin)
        assert (await before.event("conversation.changed"))["left"] is True
        assert (await visitor.event("conversation.assigned"))["agent"]["name"] == "Selin"
        await until_speaks(selin, chat, True)
        await types(console, chat)
        assert (await visitor.hear("typing"))["author"]["name"] == "Selin"
        assert (await console.send_message(chat.public_id, "Merhaba"))["type"] == "ack"
        assert (await before.send_message(chat.public_id, "Ben de"))["type"] == "nack"
