"""What stays closed once a role, a brand or a token's purpose no longer opens it."""

import pytest
from django.test import Client as Browser
from django.utils import timezone

from agents.credentials.tokens import PREFIX, hash_secret, new_secret
from agents.models import ApiToken, AuditEntry, Role
from agents.operations.roles import take_role
from chat.events.groups import thread_group
from chat.models import Conversation, Entry, Offer, Participation
from chat.posting.messages import Author, Outgoing, Posted, post_message
from chat.protocol import Close, typing_frame
from chat.sockets.watch import Watch
from config.realtime.layer import announce
from config.wire import frames_content
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_team,
    make_topic,
    make_visitor,
)
from tests.support.sockets import connected, console_socket, db, new_cid, token_for, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


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


async def test_a_page_that_is_the_brands_no_more_keeps_no_socket(vera):
    site = "https://shop.example"
    brands = type(vera.brand).objects.filter(pk=vera.brand_id)
    await db(brands.update, allowed_origins=[site])
    async with (
        connected("/ws/visitor/", origin=site) as there,
        visitor_socket(vera) as here,
    ):
        await there.hello(token=token_for(vera))
        await Watch.here().recheck()
        await there.say(type="ping")
        assert await there.hear("pong")
        await db(brands.update, allowed_origins=["https://else.example"])
        await Watch.here().recheck()
        assert await there.close_code() == Close.FORBIDDEN
        await here.say(type="ping")
        assert await here.hear("pong")


# A chat that was taken away. Nothing is told of it here: a lost doorbell must not matter.


@pytest.fixture
def own(elif_):
    """A chat that stays with Elif: what is said there comes after what was said elsewhere."""
    return make_conversation(make_visitor(make_brand()), assignee=elif_, status="active")


async def hears(console, chat, own) -> bool:
    """Return whether the console hears what is said, and who types, in the chat now."""
    author = Author.of_visitor(chat.visitor)
    shown = typing_frame(chat.public_id, author.shape(), on=True)
    announce([(thread_group(chat.pk), frames_content(shown))])
    await db(says, chat)
    await db(says, own)
    heard = set()
    while True:
        frame = await console.hear()
        if frame["type"] == "entries" and frame["conversation"] == own.public_id:
            assert len(heard) in {0, 2}
            return bool(heard)
        if frame.get("conversation") == chat.public_id:
            heard.add(frame["type"])


def says(chat):
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), "Gizli", new_cid())
    assert isinstance(post_message(draft, now=timezone.now()), Posted)


def transfer(chat):
    Conversation.objects.filter(pk=chat.pk).update(assignee=make_agent())


def requeue(chat):
    queue = {"assignee": None, "status": "queued", "team": make_team()}
    Conversation.objects.filter(pk=chat.pk).update(**queue)


@pytest.mark.parametrize("take_away", [transfer, requeue])
@pytest.mark.parametrize("is_watched", [True, False])
async def test_a_chat_that_was_taken_away_is_heard_no_more(chat, elif_, own, take_away, is_watched):
    resume = {chat.public_id: 0} if is_watched else {}
    async with console_socket(elif_, resume=resume) as console:
        await Watch.here().recheck()
        assert await hears(console, chat, own)
        await db(take_away, chat)
        await Watch.here().recheck()
        assert not await hears(console, chat, own)


@pytest.mark.parametrize("is_watched", [True, False])
async def test_a_chat_of_the_team_goes_on_only_where_a_screen_shows_it(
    chat, vera, elif_, own, is_watched
):
    topic = await db(lambda: make_topic(vera.brand, make_team(elif_)))
    await db(Conversation.objects.filter(pk=chat.pk).update, topic=topic)
    await db(Role.objects.update, scope=Role.Scope.TEAM)
    async with console_socket(elif_) as console:
        if is_watched:
            await console.say(type="watch", conversation=chat.public_id)
            await console.say(type="ping")
            await console.hear("pong")
        await Watch.here().recheck()
        assert await hears(console, chat, own)
        await db(transfer, chat)
        await Watch.here().recheck()
        assert await hears(console, chat, own) is is_watched
        if is_watched:
            # From now on it is somebody else's chat that is watched.
            assert await db(AuditEntry.objects.filter(action="conversation.watched").count) == 1
            # The topic goes to another team.
            await db(lambda: topic.teams.set([make_team()]))
            await Watch.here().recheck()
            assert not await hears(console, chat, own)


async def test_who_left_a_chat_hears_it_no_more(chat, elif_, own):
    await db(transfer, chat)
    joined = {"conversation": chat, "agent": elif_, "joined_at": timezone.now()}
    part = await db(lambda: Participation.objects.create(**joined))
    async with console_socket(elif_, resume={chat.public_id: 0}) as console:
        assert await hears(console, chat, own)
        await db(Participation.objects.filter(pk=part.pk).update, left_at=timezone.now())
        await Watch.here().recheck()
        assert not await hears(console, chat, own)


async def test_losing_the_brand_ends_the_socket_and_the_next_one_hears_nothing(chat, elif_, own):
    async with console_socket(elif_) as console:
        assert await hears(console, chat, own)
        await db(lambda: elif_.role_grants.get().role.brands.add(own.brand))
        await Watch.here().recheck()
        assert await console.close_code() == Close.TOKEN
    async with console_socket(elif_, resume={chat.public_id: 0}) as console:
        assert set(console.welcome["heads"]) == {own.public_id}
        assert not await hears(console, chat, own)
