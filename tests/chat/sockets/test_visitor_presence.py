"""Agents see whether the visitor of a chat is on the page."""

import asyncio
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent
from chat.models import Conversation, Visitor
from chat.sockets import visitor_presence
from chat.sockets.visitor_presence_redis import Shared
from chat.sockets.watch import Watch
from tests.support import servers
from tests.support.factories import make_agent, make_conversation, make_visitor
from tests.support.http import Shop
from tests.support.sockets import (
    Client,
    connected,
    console_socket,
    db,
    token_for_stranger,
    visitor_socket,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _soon(settings: Any) -> None:
    """Nobody waits ten seconds here, and each test says itself which Redis there is."""
    settings.IMECE = settings.IMECE | {"AWAY_SECONDS": 0.05}
    settings.REDIS_URL = ""


@pytest.fixture
def vera(shop: Shop) -> Visitor:
    return make_visitor(shop.brand)


@pytest.fixture
def elif_(shop: Shop) -> Agent:
    return shop.elif_


@pytest.fixture
def chat(vera: Visitor, elif_: Agent) -> Conversation:
    return make_conversation(vera, assignee=elif_, status="active", accepted_at=timezone.now())


async def heard(console: Client) -> str:
    """What the agent is told next."""
    return str((await console.event("presence"))["visitor"])


async def says_nothing_more(console: Client) -> bool:
    """Whether no presence was told until now."""
    await console.say(type="ping")
    while (frame := await console.hear())["type"] != "pong":
        if frame.get("name") == "presence":
            return False
    return True


async def test_an_agent_is_told_at_once_and_when_it_changes(chat, vera, elif_):
    async with console_socket(elif_) as console:
        assert await heard(console) == "away"
        async with visitor_socket(vera):
            told = await console.event("presence")
            assert set(told) == {"conversation", "visitor", "at"}
            assert (told["conversation"], told["visitor"]) == (chat.public_id, "here")
        assert await heard(console) == "away"


async def test_whoever_comes_later_is_told_too(chat, vera, elif_):
    async with visitor_socket(vera), console_socket(elif_) as console:
        assert await heard(console) == "here"


async def test_a_chat_that_is_only_watched_is_told_of(chat, vera, shop):
    mert = await db(make_agent)
    await db(shop.team.agents.add, mert)
    await db(Conversation.objects.update, assignee=None, status="queued")
    async with visitor_socket(vera), console_socket(mert) as console:
        assert await says_nothing_more(console)
        await console.say(type="watch", conversation=chat.public_id)
        assert await heard(console) == "here"


async def test_a_reload_is_not_a_leaving(chat, vera, elif_, settings):
    settings.IMECE = settings.IMECE | {"AWAY_SECONDS": 60}
    async with visitor_socket(vera), console_socket(elif_) as console:
        assert await heard(console) == "here"
    async with console_socket(elif_) as console:
        assert await heard(console) == "here"
        async with visitor_socket(vera):
            assert await says_nothing_more(console)


async def test_one_of_two_tabs_closed_is_not_a_leaving(chat, vera, elif_):
    async with visitor_socket(vera), console_socket(elif_) as console:
        assert await heard(console) == "here"
        async with visitor_socket(vera):
            pass
        await asyncio.sleep(0.1)
        assert await says_nothing_more(console)


async def test_a_page_that_dies_while_it_loads_leaves_later_not_at_the_first_ones_time(
    chat, vera, elif_, settings
):
    async with console_socket(elif_) as console:
        settings.IMECE = settings.IMECE | {"AWAY_SECONDS": 0.2}
        async with visitor_socket(vera):
            pass
        settings.IMECE = settings.IMECE | {"AWAY_SECONDS": 60}
        # Was welcomed, and gone before it followed anything.
        page = object()
        visitor_presence.attach(vera.secret_hash, page)
        visitor_presence.detach(vera.secret_hash, page)
        await asyncio.sleep(0.4)
        assert [await heard(console) for _ in range(2)] == ["away", "here"]
        assert await says_nothing_more(console)


async def test_a_chat_that_begins_after_the_welcome_tells_that_its_visitor_is_here(shop, elif_):
    secret = "c" * 64
    async with connected("/ws/visitor/") as visitor, console_socket(elif_) as console:
        await visitor.hello(token=token_for_stranger(shop.brand, secret))
        someone = await db(make_visitor, shop.brand, secret_hash=secret)
        chat = await db(make_conversation, someone, assignee=elif_, status="active")
        await console.say(type="watch", conversation=chat.public_id)
        assert await heard(console) == "here"


async def test_of_idle_visitors_nothing_is_kept_or_said(shop, elif_):
    before = dict(visitor_presence._chats)
    async with connected("/ws/visitor/") as visitor, console_socket(elif_) as console:
        await visitor.hello(token=token_for_stranger(shop.brand, "d" * 64))
        assert visitor_presence._chats == before
        assert await says_nothing_more(console)
    assert visitor_presence._leaving.keys().isdisjoint({"d" * 32})


async def test_a_resolved_chat_says_nothing_of_its_visitor(chat, vera, elif_):
    await db(Conversation.objects.update, status="resolved")
    async with visitor_socket(vera), console_socket(elif_) as console:
        await console.say(type="watch", conversation=chat.public_id)
        assert await says_nothing_more(console)


async def test_visitors_hear_nothing_of_it(chat, vera, elif_):
    async with visitor_socket(vera) as visitor, console_socket(elif_):
        async with visitor_socket(vera):
            pass
        assert await says_nothing_more(visitor)


# More than one process


@pytest.fixture
def processes(monkeypatch, redis_server: servers.Redis) -> list[Shared]:
    """This process, and another one."""
    pair = [Shared(redis_server.url) for _ in range(2)]
    monkeypatch.setattr(visitor_presence, "shared", pair[0])
    return pair


async def test_a_visitor_of_another_process_is_here(chat, vera, elif_, processes):
    _, other = processes
    await other.hold([visitor_presence.key_of(vera.secret_hash)])
    async with console_socket(elif_) as console:
        assert await heard(console) == "here"
        await other.release(visitor_presence.key_of(vera.secret_hash))
        await Watch.here().check_presence()
        assert await heard(console) == "away"


async def test_the_other_processes_know_before_an_agent_is_told(
    chat, vera, elif_, processes, monkeypatch
):
    known = asyncio.Event()
    hold = processes[0].hold

    async def slowly(keys):
        await known.wait()
        await hold(keys)

    monkeypatch.setattr(processes[0], "hold", slowly)
    async with console_socket(elif_) as console:
        assert await heard(console) == "away"
        async with visitor_socket(vera):
            await asyncio.sleep(0.2)
            assert await says_nothing_more(console)
            known.set()
            assert await heard(console) == "here"


async def test_who_leaves_this_process_but_not_the_other_is_still_here(
    chat, vera, elif_, processes
):
    _, other = processes
    async with visitor_socket(vera), console_socket(elif_) as console:
        assert await heard(console) == "here"
        await other.hold([visitor_presence.key_of(vera.secret_hash)])
    async with console_socket(elif_) as console:
        assert await heard(console) == "here"
        await asyncio.sleep(0.2)
        assert visitor_presence.key_of(vera.secret_hash) not in visitor_presence._chats
        await Watch.here().check_presence()
        assert await says_nothing_more(console)


async def test_a_process_that_died_is_believed_for_a_while_only(
    chat, vera, elif_, processes, monkeypatch
):
    _, other = processes
    await other.hold([visitor_presence.key_of(vera.secret_hash)])
    async with console_socket(elif_) as console:
        assert await heard(console) == "here"
        monkeypatch.setattr("chat.sockets.visitor_presence_redis.HELD_SECONDS", 0)
        await Watch.here().check_presence()
        assert await heard(console) == "away"


async def test_without_redis_nothing_is_said_of_who_may_be_elsewhere(
    chat, vera, elif_, processes, redis_server
):
    _, other = processes
    await other.hold([visitor_presence.key_of(vera.secret_hash)])
    async with console_socket(elif_) as console:
        assert await heard(console) == "here"
        redis_server.stop()
        await Watch.here().check_presence()
        assert await heard(console) == "unknown"
        async with visitor_socket(vera):
            assert await heard(console) == "here"
        assert await heard(console) == "unknown"
    async with console_socket(elif_) as console:
        assert await says_nothing_more(console)
