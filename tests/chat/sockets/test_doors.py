"""Who is let in, who is shut out, and how soon."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from agents.brands import origins
from agents.events import agent_group, desk_group
from agents.models import ApiToken, Permission, Presence
from agents.operations.accounts import disable_agent
from agents.operations.roles import give_role
from chat.models import Entry
from chat.protocol import Close
from chat.sockets import visitor_presence
from chat.sockets.watch import Watch
from config.events import Delivery
from config.realtime.layer import RESYNC, announce
from tests.support.factories import make_agent, make_brand, make_role
from tests.support.sockets import (
    OWN,
    Client,
    api_token,
    connected,
    console_socket,
    db,
    is_refused,
    session_cookie,
    token_for,
    visitor_socket,
)

pytestmark = pytest.mark.django_db(transaction=True)

HOST = OWN.split("//", 1)[1]
FOREIGN = [
    "https://evil.example",
    "https://shop.example.evil.example",
    "https://evil.shop.example",
    "https://shop.example:8443",
    "http://shop.example",
    "https://shop.example@evil.example",
    "https://user@shop.example",
    "https://shop.example/",
    "https://shop.example.",
    "null",
    "",
    "file://",
    "shop.example",
    "https://",
    "https://shop.example:99999",
    f"https://{HOST}",
    f"http://evil.{HOST}",
]


@pytest.fixture(autouse=True)
def _fresh_origins(monkeypatch):
    """Every test asks the database which pages may knock."""
    monkeypatch.setattr(origins, "_known", (0.0, frozenset()))


# Origins


@pytest.mark.parametrize("origin", [OWN, "https://shop.example", None])
async def test_a_widget_may_knock_from_our_page_the_brands_or_no_page(vera, origin):
    async with connected("/ws/visitor/", origin=origin) as visitor:
        assert (await visitor.hello(token=token_for(vera)))["type"] == "welcome"


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_is_refused_before_the_socket_opens(vera, origin):
    assert await is_refused("/ws/visitor/", origin=origin)


async def test_another_brands_page_is_refused_at_hello(vera):
    await db(make_brand, allowed_origins=["https://other.example"])
    async with connected("/ws/visitor/", origin="https://other.example") as visitor:
        await visitor.say(type="hello", token=token_for(vera))
        assert await visitor.close_code() == Close.FORBIDDEN


@pytest.mark.parametrize("origin", [*FOREIGN, "https://shop.example", None])
async def test_with_a_cookie_only_our_own_page_may_open_the_console(vera, elif_, origin):
    cookie = await db(session_cookie, elif_)
    assert await is_refused("/ws/console/", origin=origin, cookie=cookie)


async def test_with_a_cookie_our_own_page_opens_the_console(elif_):
    cookie = await db(session_cookie, elif_)
    async with connected("/ws/console/", cookie=cookie) as console:
        assert (await console.hello())["type"] == "welcome"


@pytest.mark.parametrize("origin", ["https://shop.example", "https://evil.example", "null"])
async def test_a_page_with_an_agents_token_must_be_ours(vera, origin):
    assert await is_refused("/ws/console/", origin=origin)


# Credentials


@pytest.mark.parametrize("token", [None, "x", "a.b.c", "x" * 4000, "half \ud83c"])
async def test_without_a_good_token_the_widget_gets_4401(vera, token):
    async with connected("/ws/visitor/") as visitor:
        await visitor.say(type="hello", token=token)
        assert await visitor.close_code() == Close.TOKEN


async def test_a_token_lives_fifteen_minutes_but_an_open_socket_outlives_it(vera, chat):
    token = token_for(vera)
    async with connected("/ws/visitor/") as visitor:
        await visitor.hello(token=token)
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert (await visitor.send_message(chat.public_id, "x"))["type"] == "ack"
            async with connected("/ws/visitor/") as late:
                await late.say(type="hello", token=token)
                assert await late.close_code() == Close.TOKEN


@pytest.mark.parametrize("token", [None, "x", "imece_" + "a" * 43, "imece_\udc00"])
async def test_without_a_session_or_token_the_console_gets_4401(token):
    async with connected("/ws/console/") as console:
        await console.say(type="hello", token=token)
        assert await console.close_code() == Close.TOKEN


async def test_a_console_drawn_for_another_agent_gets_4401_and_counts_as_nobodys_screen(elif_):
    async with connected("/ws/console/", cookie=await db(session_cookie, elif_)) as console:
        await console.say(type="hello", agent="somebody-else", resume={})
        assert await console.close_code() == Close.TOKEN
    assert not await db(Presence.objects.filter(agent=elif_).exists)
    async with connected("/ws/console/", cookie=await db(session_cookie, elif_)) as console:
        assert await console.hello(agent=elif_.public_id)


async def test_a_visitors_token_opens_no_console_and_an_agents_no_widget(vera, elif_):
    async with connected("/ws/console/") as console:
        await console.say(type="hello", token=token_for(vera))
        assert await console.close_code() == Close.TOKEN
    async with connected("/ws/visitor/") as visitor:
        await visitor.say(type="hello", token=await db(api_token, elif_))
        assert await visitor.close_code() == Close.TOKEN


async def test_no_hello_in_time_closes_with_4408(monkeypatch):
    monkeypatch.setattr("chat.sockets.connection.HELLO_SECONDS", 0.05)
    async with connected("/ws/visitor/") as visitor:
        assert await visitor.close_code() == Close.SLOW


async def test_another_first_frame_closes_with_4408():
    async with connected("/ws/visitor/") as visitor:
        await visitor.say(type="ping")
        assert await visitor.close_code() == Close.SLOW


async def test_a_second_hello_closes_with_4400(vera):
    async with visitor_socket(vera) as visitor:
        await visitor.say(type="hello", token=token_for(vera))
        assert await visitor.close_code() == Close.BAD_FRAME


# Old clients


@pytest.mark.parametrize("protocol", [-1, 0])
async def test_a_client_that_speaks_what_nobody_understands_any_more_gets_4426(
    vera, elif_, protocol
):
    token = await db(api_token, elif_)
    for path, credential in (("/ws/visitor/", token_for(vera)), ("/ws/console/", token)):
        async with connected(path, origin=None) as client:
            await client.say(type="hello", token=credential, protocol=protocol)
            assert await client.close_code() == Close.OLD_CLIENT


@pytest.mark.parametrize("protocol", [1, 2, 10**30])
async def test_a_current_or_newer_client_is_welcome(vera, protocol):
    async with visitor_socket(vera, protocol=protocol) as visitor:
        assert visitor.welcome["type"] == "welcome"


@pytest.mark.parametrize("protocol", ["1", 1.0, True, None, []])
async def test_a_protocol_that_is_no_number_closes_with_4400(vera, protocol):
    async with connected("/ws/visitor/") as visitor:
        await visitor.say(type="hello", token=token_for(vera), protocol=protocol)
        assert await visitor.close_code() == Close.BAD_FRAME


# How many


async def test_the_sixth_socket_of_a_visitor_replaces_the_oldest(vera):
    first = Client("/ws/visitor/")
    await first.connect()
    await first.hello(token=token_for(vera))
    others = []
    for _ in range(settings.IMECE["SOCKETS_PER_VISITOR"]):
        client = Client("/ws/visitor/")
        await client.connect()
        await client.hello(token=token_for(vera))
        others.append(client)
    assert await first.close_code() == Close.REPLACED
    for client in others:
        assert await client.is_silent()
    for client in (first, *others):
        await client.disconnect()
    newcomer = object()
    assert visitor_presence.attach(vera.secret_hash, newcomer) == [newcomer]
    visitor_presence.detach(vera.secret_hash, newcomer)


async def test_an_address_may_have_twenty_sockets_without_hello(vera):
    waiting = [Client("/ws/visitor/", address="10.9.9.9") for _ in range(20)]
    for client in waiting:
        assert (await client.connect())[0]
    assert await is_refused("/ws/visitor/", address="10.9.9.9")
    async with connected("/ws/visitor/", address="10.9.9.8"):
        pass
    await waiting[0].hello(token=token_for(vera))
    async with connected("/ws/visitor/", address="10.9.9.9"):
        pass
    for client in waiting:
        await client.disconnect()
    assert not Watch.here().crowd.pending


async def test_an_address_may_have_so_many_visitors_sockets(vera, elif_, settings):
    settings.IMECE = {**settings.IMECE, "SOCKETS_PER_ADDRESS": 2}
    here = {"address": "10.9.9.9"}
    async with connected("/ws/visitor/", **here) as first:
        await first.hello(token=token_for(vera))
        async with connected("/ws/visitor/", **here) as second:
            await second.hello(token=token_for(vera))
            assert await is_refused("/ws/visitor/", **here)
            # Agents have shown who they are.
            cookie = await db(session_cookie, elif_)
            async with connected("/ws/console/", cookie=cookie, **here) as console:
                await console.hello()
            async with connected("/ws/visitor/", address="10.9.9.8"):
                pass
        async with connected("/ws/visitor/", **here):
            pass
    assert not Watch.here().crowd.opened


async def test_who_knocks_while_others_are_looked_at_is_counted_with_them(vera, settings):
    settings.IMECE = {**settings.IMECE, "PENDING_SOCKETS_PER_IP": 3}
    # Whether a foreign page may knock is asked of the database.
    clients = [
        Client("/ws/visitor/", address="10.9.9.9", origin="https://shop.example") for _ in range(9)
    ]
    let_in = [found for found, _ in await asyncio.gather(*(each.connect() for each in clients))]
    assert let_in.count(True) == 3
    for client in clients:
        await client.disconnect()


# Revocation


async def test_a_revocation_closes_all_sockets_or_those_of_one_session(elif_):
    cookie = await db(session_cookie, elif_)
    async with (
        connected("/ws/console/", cookie=cookie) as browser,
        console_socket(elif_) as program,
    ):
        await browser.hello()
        key = cookie.split("=", 1)[1]
        announce([(f"agent.{elif_.pk}", {"type": "live.revoke", "session": key})])
        assert await browser.close_code() == Close.TOKEN
        assert await program.is_silent()
        announce([(f"agent.{elif_.pk}", {"type": "live.revoke", "session": None})])
        assert await program.close_code() == Close.TOKEN


async def test_disabling_an_agent_closes_the_socket(elif_):
    async with console_socket(elif_) as console:
        await db(disable_agent, agent=elif_, by=None, now=timezone.now())
        assert await console.close_code() == Close.TOKEN


async def test_a_role_change_closes_the_socket(elif_):
    async with console_socket(elif_) as console:
        await db(give_role, role=await db(make_role), to=elif_, by=None, now=timezone.now())
        assert await console.close_code() == Close.TOKEN


def deactivate(agent, client):
    type(agent).objects.filter(pk=agent.pk).update(is_active=False)


def change_password(agent, client):
    agent.set_password("another-long-password")
    agent.save()


def log_out(agent, client):
    Session.objects.all().delete()


def take_rights(agent, client):
    agent.role_grants.all().delete()


def give_rights(agent, client):
    role = agent.role_grants.get().role
    role.permissions = [*role.permissions, Permission.EXPORT]
    role.save()


@pytest.mark.parametrize("change", [deactivate, change_password, log_out, take_rights, give_rights])
async def test_the_recheck_finds_what_no_bell_announced(elif_, change):
    cookie = await db(session_cookie, elif_)
    async with connected("/ws/console/", cookie=cookie) as console:
        await console.hello()
        await Watch.here().recheck()
        assert await console.is_silent()
        await db(change, elif_, console)
        await Watch.here().recheck()
        assert await console.close_code() == Close.TOKEN


async def test_a_resync_finds_a_revocation_whose_bell_was_lost(elif_):
    async with console_socket(elif_) as console:
        await db(ApiToken.objects.update, revoked_at=timezone.now())
        announce([(agent_group(elif_.pk), RESYNC)])
        assert await console.close_code() == Close.TOKEN


async def test_the_recheck_finds_a_revoked_token(elif_):
    async with console_socket(elif_) as console:
        await db(ApiToken.objects.update, revoked_at=timezone.now())
        await Watch.here().recheck()
        assert await console.close_code() == Close.TOKEN


async def test_an_open_console_hears_a_brand_that_was_made_meanwhile(elif_):
    bounded = await db(make_role, brands=(await db(make_brand),))
    other = await db(make_agent, role=bounded)
    async with console_socket(elif_) as console, console_socket(other) as elsewhere:
        made = await db(make_brand)
        await Watch.here().recheck()
        assert await console.hear("event")
        bell = Delivery.of_event(desk_group(made.pk), "list.changed", brand=str(made.pk))
        announce([bell])
        assert (await console.hear("event"))["data"] == {"brand": str(made.pk)}
        await Watch.here().recheck()
        assert await console.is_silent()
        assert await elsewhere.is_silent()


async def test_the_watch_rechecks_by_itself(elif_, monkeypatch):
    monkeypatch.setattr("chat.sockets.watch.RECHECK_SECONDS", 0.05)
    async with console_socket(elif_) as console:
        await db(deactivate, elif_, console)
        assert await console.close_code() == Close.TOKEN


async def test_a_disabled_agent_cannot_write_even_before_the_socket_closes(chat, elif_):
    async with console_socket(elif_) as console:
        await db(deactivate, elif_, console)
        nack = await console.send_message(chat.public_id, "x")
        assert (nack["code"], nack["retry"]) == ("forbidden", False)
        assert not await db(Entry.objects.exists)
