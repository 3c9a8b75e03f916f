"""What a hello costs: statements until a visitor's socket has all it missed."""

import threading
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from agents.events import agent_group
from agents.models import Agent, Status
from chat.posting.messages import Author, Outgoing, post_messages
from chat.routing import shown
from chat.sockets import watch
from chat.sockets.watch import Watch
from config.realtime.layer import RESYNC, announce
from tests.support.factories import make_agent, make_conversation, make_visitor
from tests.support.sockets import (
    Client,
    connected,
    console_socket,
    db,
    token_for,
    token_for_stranger,
    visitor_socket,
)

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "https://shop.example"


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What sockets read, statement by statement; nothing gets old or is looked at anew by time."""
    monkeypatch.setattr(watch, "RECHECK_SECONDS", 600.0)
    seen: list[str] = []
    execute = CursorWrapper.execute

    def note(self, sql, params=None):
        if threading.current_thread().name.startswith("live-read"):
            seen.append(sql)
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", note)
    monkeypatch.setattr(shown, "SHARED_FOR", shown.SHARED_FOR * 1000)
    monkeypatch.setattr("chat.sockets.threads.EPOCH_SECONDS", 1000)
    monkeypatch.setattr("agents.brands.origins.REMEMBER_SECONDS", 1000)
    return seen


async def introduce(token: str, statements: list[str], **hello) -> Client:
    """Connect from the brand's page and wait until the server has said all it has to say."""
    async with connected("/ws/visitor/", origin=PAGE) as client:
        statements.clear()
        await client.hello(token=token, **hello)
        await client.say(type="ping")
        await client.hear("pong")
        return client


async def test_an_idle_visitors_hello_costs_one_statement(shop, statements):
    for number in range(3):
        await introduce(token_for_stranger(shop.brand, f"{number}" * 64), statements)
        if number:
            assert len(statements) == 1, statements


async def test_a_knock_costs_nothing(shop, statements):
    token = token_for_stranger(shop.brand)
    await introduce(token, statements)
    statements.clear()
    async with connected("/ws/visitor/", origin=PAGE):
        assert statements == []


async def test_a_hello_with_an_open_chat_costs_two_statements(shop, statements):
    visitor = await db(make_visitor, shop.brand)
    chat = await db(make_conversation, visitor, assignee=shop.elif_, status="active")
    token = await db(token_for, visitor)
    for _ in range(2):
        await introduce(token, statements, resume={chat.public_id: 0})
    assert len(statements) == 2, statements


async def test_what_was_missed_costs_a_fixed_number_more(shop, statements):
    visitor = await db(make_visitor, shop.brand)
    chat = await db(make_conversation, visitor, assignee=shop.elif_, status="active")
    token, author = await db(token_for, visitor), Author.of_visitor(visitor)

    def say(count):
        texts = [Outgoing(chat.public_id, author, "Merhaba", str(uuid4())) for _ in range(count)]
        post_messages(texts, now=timezone.now())

    costs = []
    for count in (1, 60):
        await db(say, count)
        await introduce(token, statements, resume={chat.public_id: 0})
        await introduce(token, statements, resume={chat.public_id: 0})
        costs.append(len(statements))
    assert costs[0] == costs[1] == 5, statements


async def test_a_socket_is_told_at_once_what_to_expect(shop):
    visitor = await db(make_visitor, shop.brand)
    async with visitor_socket(visitor) as client:
        assert client.welcome["availability"]["state"] == "online"
    await db(Agent.objects.update, status=Status.OFFLINE)
    await db(shown.forget_shown)
    async with visitor_socket(visitor) as client:
        told = client.welcome["availability"]
    assert (told["state"], [topic["state"] for topic in told["topics"]]) == ("offline", ["offline"])


async def test_looking_after_all_agents_sockets_costs_the_same_however_many_follow_chats(
    shop, statements
):
    def make_busy_agent():
        agent = make_agent()
        for _ in range(3):
            make_conversation(make_visitor(shop.brand), assignee=agent, status="active")
        return agent

    costs = []
    async with AsyncExitStack() as sockets:
        for _ in range(3):
            await sockets.enter_async_context(console_socket(await db(make_busy_agent)))
            # The first look tells where each chat stands.
            await Watch.here().recheck()
            statements.clear()
            await Watch.here().recheck()
            costs.append(len(statements))
    assert len(set(costs)) == 1, costs


async def test_a_resync_costs_a_socket_the_same_however_many_agents_are_here(shop, statements):
    def make_busy_agent():
        agent = make_agent()
        make_conversation(make_visitor(shop.brand), assignee=agent, status="active")
        return agent

    costs = []
    async with AsyncExitStack() as sockets:
        agent = await db(make_busy_agent)
        console = await sockets.enter_async_context(console_socket(agent))
        for _ in range(2):
            statements.clear()
            announce([(agent_group(agent.pk), RESYNC)])
            while (await console.hear("event"))["name"] != "list.changed":
                pass
            costs.append(len(statements))
            for _ in range(3):
                await sockets.enter_async_context(console_socket(await db(make_busy_agent)))
    assert len(set(costs)) == 1, costs
