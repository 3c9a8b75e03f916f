"""Both sockets, frame by frame, through the ASGI application."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from agents.models import Brand
from chat.models import Conversation, Entry, Installation
from chat.posting import mark_collector
from chat.protocol import Close
from chat.sockets.threads import unresolved_threads, visitor_thread
from chat.sockets.watch import Watch
from config.realtime.layer import announce
from tests.support.desk import make_desk, start, work
from tests.support.factories import make_conversation, make_team, make_visitor
from tests.support.sockets import (
    connected,
    console_socket,
    db,
    fill,
    new_cid,
    token_for_stranger,
    visitor_socket,
)

pytestmark = pytest.mark.django_db(transaction=True)


# Coming back


async def test_an_online_agent_who_connects_again_is_given_what_waits(vera, elif_):
    team = await db(make_team, elif_)
    await db(Brand.objects.filter(pk=vera.brand_id).update, default_team=team)
    queued = await db(make_conversation, vera)
    await db(work)
    async with console_socket(elif_) as console:
        await db(work)
        data = await console.event("conversation.assigned")
        assert data["conversation"] == queued.public_id


# Messages


async def test_who_gave_a_name_in_the_form_writes_under_it_on_the_open_socket():
    desk = await db(make_desk)
    vera = await db(lambda: make_visitor(desk.brand, name=""))
    async with visitor_socket(vera) as visitor, console_socket(desk.agents[0]) as console:
        chat = await db(lambda: start(desk, vera, fields={"name": "Ayşe Çelik"}))
        await visitor.hear("entries")
        await console.say(type="watch", conversation=chat.public_id, after=chat.last_seq)
        await console.say(type="ping")
        await console.hear("pong")
        await visitor.say(type="typing", conversation=chat.public_id, on=True)
        assert (await console.hear("typing"))["author"]["name"] == "Ayşe Çelik"
        await visitor.send_message(chat.public_id, "Merhaba")
        [entry] = (await console.hear("entries"))["entries"]
        assert entry["author"]["name"] == "Ayşe Çelik"


async def test_a_message_is_acked_and_reaches_both_screens(chat, vera, elif_):
    async with visitor_socket(vera) as visitor, console_socket(elif_) as console:
        cid = new_cid()
        ack = await visitor.send_message(chat.public_id, "Merhaba", cid=cid)
        at = ack.pop("at")
        assert at.endswith("Z")
        assert ack == {
            "type": "ack",
            "cid": cid,
            "id": f"{chat.public_id}.1",
            "seq": 1,
            "dup": False,
        }
        heard = await console.hear("entries")
        assert heard == {
            "type": "entries",
            "conversation": chat.public_id,
            "entries": [
                {
                    "id": f"{chat.public_id}:1",
                    "seq": 1,
                    "kind": "message",
                    "author": {"kind": "visitor", "id": vera.public_id, "name": "Vera"},
                    "text": "Merhaba",
                    "attachments": [],
                    "data": {},
                    "cid": cid,
                    "at": at,
                }
            ],
            "head": 1,
            "more": False,
        }
        answer = await console.send_message(chat.public_id, "Buyurun")
        assert (answer["seq"], answer["id"]) == (2, f"{chat.public_id}:2")
        frames = [await visitor.hear("entries") for _ in range(2)]
        said = frames[1]["entries"][0]
        assert said["author"] == {"kind": "agent", "id": elif_.public_id, "name": elif_.name}
        assert said["id"] == f"{chat.public_id}.2"


async def test_the_same_client_id_gets_the_same_ack(chat, vera):
    async with visitor_socket(vera) as visitor:
        cid = new_cid()
        first = await visitor.send_message(chat.public_id, "Bir", cid=cid)
        second = await visitor.send_message(chat.public_id, "Bir", cid=cid)
        assert second == first | {"dup": True}
        # As by HTTP: one spelling.
        frame = {"cid": cid.upper(), "conversation": chat.public_id, "text": "Bir"}
        await visitor.say(type="message.send", **frame)
        assert await visitor.hear("ack") == second


async def test_notes_never_reach_the_visitor(chat, vera, elif_):
    async with visitor_socket(vera) as visitor, console_socket(elif_) as console:
        note = await console.send_message(chat.public_id, "Dikkat", kind="note.add")
        assert note["seq"] == 1
        await console.send_message(chat.public_id, "Merhaba")
        frame = await visitor.hear("entries")
        assert [(entry["seq"], entry["text"]) for entry in frame["entries"]] == [(1, "Merhaba")]


async def test_a_visitor_has_no_notes(chat, vera):
    async with visitor_socket(vera) as visitor:
        await visitor.say(type="note.add", cid=new_cid(), conversation=chat.public_id, text="x")
        assert await visitor.close_code() == Close.BAD_FRAME


async def test_a_chat_that_begins_after_the_welcome_is_heard(vera, elif_):
    async with connected("/ws/visitor/") as visitor:
        stranger = token_for_stranger(vera.brand, "b" * 64)
        assert (await visitor.hello(token=stranger))["heads"] == {}
        someone = await db(make_visitor, vera.brand, secret_hash="b" * 64)
        chat = await db(make_conversation, someone, assignee=elif_, status="active")
        await db(fill, chat, 1)
        assert (await visitor.hear("entries"))["entries"][0]["seq"] == 1
        assert (await visitor.send_message(chat.public_id, "iki"))["seq"] == 2


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "x" * 10_001])
async def test_what_cannot_be_said_is_nacked(chat, vera, text):
    async with visitor_socket(vera) as visitor:
        nack = await visitor.send_message(chat.public_id, text)
        assert (nack["type"], nack["code"], nack["retry"]) == ("nack", "invalid", False)


async def test_another_visitors_chat_is_forbidden(chat, elif_):
    mallory = await db(make_visitor, chat.brand)
    async with (
        visitor_socket(mallory, resume={chat.public_id: 0}) as visitor,
        console_socket(elif_) as console,
    ):
        await db(fill, chat, 1)
        assert visitor.welcome["heads"] == {}
        nack = await visitor.send_message(chat.public_id, "Ben Vera")
        assert (nack["code"], nack["retry"]) == ("forbidden", False)
        await visitor.say(type="typing", conversation=chat.public_id, on=True)
        await visitor.say(type="read", conversation=chat.public_id, seq=1)
        assert await visitor.is_silent()
        await console.hear("entries")
        assert await console.is_silent()
        assert await db(Entry.objects.count) == 1
        await db(mark_collector.collector.write)
        assert (await db(Conversation.objects.get)).visitor_read_seq == 0


async def test_a_browser_without_a_visitor_is_forbidden(chat):
    async with connected("/ws/visitor/") as visitor:
        await visitor.hello(token=token_for_stranger(chat.brand))
        assert (await visitor.send_message(chat.public_id, "x"))["code"] == "forbidden"


async def test_an_ended_chat_refuses_messages(chat, vera, elif_):
    long_ago = timezone.now() - timedelta(days=3)
    await db(
        Conversation.objects.update, status="resolved", ended_at=long_ago, resolved_at=long_ago
    )
    async with visitor_socket(vera) as visitor, console_socket(elif_) as console:
        nack = await visitor.send_message(chat.public_id, "Hâlâ orada mısınız")
        assert (nack["code"], nack["retry"]) == ("ended", False)
        assert (await console.send_message(chat.public_id, "x"))["code"] in {"ended", "forbidden"}


async def test_a_full_writer_says_unavailable(chat, vera, monkeypatch):
    monkeypatch.setattr("chat.posting.group_commit.QUEUE_MAX", 0)
    async with visitor_socket(vera) as visitor:
        nack = await visitor.send_message(chat.public_id, "x")
        assert (nack["code"], nack["retry"]) == ("unavailable", True)


# Welcome, resume, gaps


async def test_welcome_tells_heads_limits_and_epoch(chat, vera, monkeypatch):
    # What an earlier test saw went with its rows.
    monkeypatch.setattr("chat.sockets.threads._epoch", None)
    async with visitor_socket(vera) as visitor:
        assert visitor.welcome["heartbeat"] == 25
        assert visitor.welcome["limits"]["text"] == 10_000
        installation = await db(Installation.objects.get)
        assert UUID(visitor.welcome["epoch"]) == installation.epoch


async def test_what_colleagues_say_about_a_visitor_is_no_chat_of_theirs(chat, vera):
    room = await db(make_conversation, vera, kind=Conversation.Kind.TEAM, status="active")
    async with visitor_socket(vera, resume={room.public_id: 0}) as visitor:
        assert visitor.welcome["heads"] == {chat.public_id: 0}
    assert await db(visitor_thread, vera.secret_hash, room.public_id) is None
    known = await db(unresolved_threads, vera.secret_hash)
    assert [each.public_id for each in known] == [chat.public_id]


@pytest.mark.parametrize("seen", range(6))
async def test_resume_brings_what_was_missed_and_nothing_else(chat, vera, elif_, seen):
    await db(fill, chat, 5)
    missing = list(range(seen + 1, 6))
    async with (
        visitor_socket(vera, resume={chat.public_id: seen}) as visitor,
        console_socket(elif_, resume={chat.public_id: seen}) as console,
    ):
        assert visitor.welcome["heads"] == console.welcome["heads"] == {chat.public_id: 5}
        for client in (visitor, console):
            if missing:
                assert await client.numbers_until(5) == missing
            assert await client.is_silent()
        await visitor.send_message(chat.public_id, "altı")
        assert (await console.numbers_until(6)) == [6]


async def test_long_absence_comes_in_batches(chat, vera):
    await db(fill, chat, 250)
    async with visitor_socket(vera, resume={chat.public_id: 0}) as visitor:
        frames = [await visitor.hear("entries") for _ in range(3)]
        assert [len(frame["entries"]) for frame in frames] == [100, 100, 50]
        assert [frame["more"] for frame in frames] == [True, True, False]
        assert {frame["head"] for frame in frames} == {250}


@pytest.mark.parametrize(("said", "seen"), [(501, 0), (3, 9)])
async def test_too_far_behind_or_ahead_is_a_resync(chat, vera, said, seen):
    await db(fill, chat, said)
    async with visitor_socket(vera, resume={chat.public_id: seen}) as visitor:
        assert await visitor.hear() == {"type": "resync", "conversation": chat.public_id}
        assert (await visitor.send_message(chat.public_id, "x"))["seq"] == said + 1


async def test_five_hundred_behind_is_still_brought(chat, vera):
    await db(fill, chat, 500)
    async with visitor_socket(vera, resume={chat.public_id: 0}) as visitor:
        assert await visitor.numbers_until(500) == list(range(1, 501))


async def test_a_lost_doorbell_is_repaired_by_the_next(chat, vera, elif_, monkeypatch):
    async with console_socket(elif_) as console:
        with monkeypatch.context() as patch:
            patch.setattr("config.events.announce", lambda deliveries: None)
            await db(fill, chat, 3)
        await db(fill, chat, 1)
        assert await console.numbers_until(4) == [1, 2, 3, 4]


async def test_the_position_check_repairs_a_lost_doorbell(chat, vera, elif_, monkeypatch):
    async with visitor_socket(vera) as visitor, console_socket(elif_) as console:
        with monkeypatch.context() as patch:
            patch.setattr("config.events.announce", lambda deliveries: None)
            await db(fill, chat, 3)
        assert await visitor.is_silent()
        await Watch.here().check_positions()
        assert await visitor.numbers_until(3) == [1, 2, 3]
        assert await console.numbers_until(3) == [1, 2, 3]


async def test_a_resync_of_the_layer_reads_the_database(chat, vera, elif_, monkeypatch):
    from_layer = [("visitor." + vera.secret_hash[:32], {"type": "live.resync"})]
    async with visitor_socket(vera) as visitor:
        with monkeypatch.context() as patch:
            patch.setattr("config.events.announce", lambda deliveries: None)
            await db(fill, chat, 2)
        announce(from_layer)
        assert await visitor.numbers_until(2) == [1, 2]


async def test_a_resync_of_the_layer_finds_a_chat_that_began_unheard(vera, monkeypatch):
    async with visitor_socket(vera) as visitor:
        with monkeypatch.context() as patch:
            patch.setattr("config.events.announce", lambda deliveries: None)
            chat = await db(make_conversation, vera)
            await db(fill, chat, 2)
        announce([("visitor." + vera.secret_hash[:32], {"type": "live.resync"})])
        assert await visitor.numbers_until(2) == [1, 2]
        await db(fill, chat, 1)
        assert await visitor.numbers_until(3) == [3]


async def test_a_restored_backup_is_a_resync(chat, vera):
    await db(fill, chat, 5)
    async with visitor_socket(vera, resume={chat.public_id: 5}) as visitor:
        await db(Entry.objects.filter(seq__gt=2).delete)
        await db(Conversation.objects.update, last_seq=2, last_visitor_seq=2)
        await Watch.here().check_positions()
        assert (await visitor.hear("resync"))["conversation"] == chat.public_id
