"""What stays closed once a role, a brand or a token's purpose no longer opens it."""

import pytest
from django.test import Client as Browser
from django.utils import timezone

from agents.models import ApiToken
from agents.operations.roles import take_role
from agents.tokens import PREFIX, hash_secret, new_secret
from chat.models import Conversation, Entry, Offer
from chat.positions import Watch
from chat.protocol import Close
from tests.chat.sockets import connected, console_socket, db, new_cid, visitor_socket
from tests.factories import make_agent, make_brand, make_conversation, make_team, make_visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vera():
    return make_visitor(make_brand())


@pytest.fixture
def elif_():
    return make_agent(online=True)


@pytest.fixture
def chat(vera, elif_):
    return make_conversation(vera, assignee=elif_, status="active", accepted_at=timezone.now())


def take_roles(agent):
    for grant in agent.role_grants.select_related("role"):
        take_role(role=grant.role, of=agent, by=None, now=timezone.now())


@pytest.mark.parametrize("kind", ["message.send", "note.add"])
async def test_an_assignee_without_a_role_writes_no_more(chat, elif_, kind):
    cid = new_cid()
    async with console_socket(elif_) as console:
        assert (await console.send_message(chat.public_id, "a", cid=cid))["type"] == "ack"
    await db(take_roles, elif_)
    async with console_socket(elif_) as console:
        nack = await console.send_message(chat.public_id, "b", kind=kind)
        assert (nack["type"], nack["code"], nack["retry"]) == ("nack", "forbidden", False)
        # What was stored before is stored.
        assert (await console.send_message(chat.public_id, "a", cid=cid))["dup"] is True
    assert await db(Entry.objects.count) == 1


async def test_a_token_made_for_something_else_opens_no_socket(elif_):
    raw = await db(export_token, elif_)
    async with connected("/ws/console/", origin=None) as console:
        await console.say(type="hello", token=raw)
        assert await console.close_code() == Close.TOKEN


def export_token(agent):
    raw = PREFIX + new_secret()
    row = {"agent": agent, "name": "export", "token_hash": hash_secret(raw), "scopes": ["export"]}
    ApiToken.objects.create(**row)
    return raw


def test_what_once_rang_cannot_be_taken_without_a_role(vera, elif_):
    now = timezone.now()
    chat = make_conversation(vera, team=make_team(elif_))
    rang = {"offered_at": now, "rings_until": now, "result": Offer.Result.DECLINED}
    offer = Offer.objects.create(conversation=chat, agent=elif_, **rang)
    take_roles(elif_)
    browser = Browser()
    browser.force_login(elif_)
    for answer in ("accept", "decline"):
        path = f"/console/offers/{offer.pk}/"
        assert browser.post(path, {"answer": answer}).status_code == 404
    chat.refresh_from_db()
    assert (chat.status, chat.assignee) == (Conversation.Status.QUEUED, None)


async def test_switching_a_brand_off_ends_the_sockets_of_its_visitors(vera, chat):
    other = await db(lambda: make_visitor(make_brand()))
    async with visitor_socket(vera) as here, visitor_socket(other) as there:
        await Watch.here().recheck()
        await here.say(type="ping")
        assert await here.hear("pong")
        await db(type(vera.brand).objects.filter(pk=vera.brand_id).update, is_active=False)
        await Watch.here().recheck()
        assert await here.close_code() == Close.GONE
        await there.say(type="ping")
        assert await there.hear("pong")
