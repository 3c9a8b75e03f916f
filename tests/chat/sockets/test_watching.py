"""What a console hears: the chats it watches, was given or lost, and who types and reads there."""

import asyncio

import pytest
from django.core.cache import cache
from django.utils import timezone

from agents.models import AuditEntry, Permission
from chat.models import Conversation, Entry, Participation
from chat.posting import mark_collector
from chat.sockets.watch import Watch
from config.realtime.layer import announce
from config.wire import event_frame, frames_content
from tests.support.factories import make_agent, make_role
from tests.support.sockets import console_socket, db, fill, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_console_hears_only_what_it_watches_or_has(chat, vera):
    selin = await db(make_supervisor)
    async with console_socket(selin) as console:
        await db(fill, chat, 1)
        assert await console.is_silent()
        await console.say(type="watch", conversation=chat.public_id, after=0)
        assert await console.numbers_until(1) == [1]
        await db(fill, chat, 1)
        assert await console.numbers_until(2) == [2]
        await console.say(type="unwatch", conversation=chat.public_id)
        assert await console.is_silent()
        await db(fill, chat, 1)
        assert await console.is_silent()


def make_supervisor():
    return make_agent(role=make_role(Permission.SUPERVISE, Permission.CHAT, scope="all"))


def watchings():
    """The audit log's lines about chats that were watched."""
    lines = AuditEntry.objects.filter(action="conversation.watched").order_by("pk")
    return list(lines.values_list("actor", "target", "ip"))


async def test_watching_somebody_elses_chat_stands_once_an_hour_in_the_audit_log(chat, vera):
    boss = await db(make_supervisor)
    line = (boss.pk, f"conversation {chat.pk}: {chat.public_id}", "10.0.0.1")
    async with visitor_socket(vera) as visitor, console_socket(boss) as console:
        for _ in range(2):
            await console.say(type="watch", conversation=chat.public_id, after=0)
            await visitor.send_message(chat.public_id, "Merhaba")
            await console.hear("entries")
            await console.say(type="unwatch", conversation=chat.public_id)
        assert await db(watchings) == [line]
        assert not await db(Entry.objects.exclude(kind="message").exists)
    # However often a screen reconnects.
    async with console_socket(boss, resume={chat.public_id: 0}):
        assert await db(watchings) == [line]
    await db(cache.clear)
    async with console_socket(boss, resume={chat.public_id: 0}):
        assert await db(watchings) == [line, line]


async def test_who_takes_part_in_a_chat_does_not_watch_it(chat, elif_):
    guest = await db(make_supervisor)
    await db(Participation.objects.create, conversation=chat, agent=guest, joined_at=timezone.now())
    for agent in (elif_, guest):
        async with console_socket(agent, resume={chat.public_id: 0}) as console:
            await console.say(type="watch", conversation=chat.public_id, after=0)
            assert await console.is_silent()
    assert not await db(watchings)


async def test_what_may_not_be_seen_cannot_be_watched(chat):
    outsider = await db(make_agent)
    async with console_socket(outsider, resume={chat.public_id: 0}) as console:
        assert console.welcome["heads"] == {}
        await console.say(type="watch", conversation=chat.public_id, after=0)
        await db(fill, chat, 1)
        assert await console.is_silent()
        nack = await console.send_message(chat.public_id, "x")
        assert nack["code"] == "forbidden"


async def test_a_chat_given_to_me_is_heard_and_one_taken_away_no_more(chat, elif_):
    mert = await db(make_agent)
    async with console_socket(mert) as console:
        await db(give, chat, mert)
        assert await console.event("conversation.assigned") == {"conversation": chat.public_id}
        await until_followed(chat, True)
        assert await console.is_silent()
        await db(fill, chat, 1)
        assert await console.numbers_until(1) == [1]
        await db(give, chat, elif_, tell=mert)
        await console.event("conversation.assigned")
        await until_followed(chat, False)
        assert await console.is_silent()
        await db(fill, chat, 1)
        assert await console.is_silent()


async def until_followed(conversation, wanted: bool) -> None:
    """Wait until the only socket here follows a chat, or doesn't: the event is told before."""
    [socket] = Watch.here().sockets
    for _ in range(5000):
        if (conversation.public_id in socket.threads) is wanted:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to that")


def give(conversation, agent, tell=None):
    Conversation.objects.update(assignee=agent)
    frame = event_frame("conversation.assigned", {"conversation": conversation.public_id})
    content = frames_content(frame, touched=[conversation.public_id])
    announce([(f"agent.{(tell or agent).pk}", content)])


# Typing, reading, delivery


async def test_typing_is_shown_to_the_other_side_and_never_stored(chat, vera, elif_):
    async with visitor_socket(vera) as visitor, console_socket(elif_) as console:
        await visitor.say(type="typing", conversation=chat.public_id, on=True, text="gizli")
        heard = await console.hear("typing")
        assert heard == {
            "type": "typing",
            "conversation": chat.public_id,
            "author": {"kind": "visitor", "id": vera.public_id, "name": "Vera"},
            "on": True,
        }
        await console.say(type="typing", conversation=chat.public_id, on=True, mode="reply")
        assert (await visitor.hear("typing"))["author"]["id"] == elif_.public_id
        await console.say(type="typing", conversation=chat.public_id, on=True, mode="note")
        assert await visitor.is_silent()
        assert await console.is_silent()


async def test_colleagues_see_whether_a_reply_or_a_note_is_typed(chat, elif_):
    selin = await db(make_supervisor)
    async with (
        console_socket(elif_) as console,
        console_socket(selin, resume={chat.public_id: 0}) as other,
    ):
        for mode in ("reply", "note"):
            await console.say(type="typing", conversation=chat.public_id, on=True, mode=mode)
            assert (await other.hear("typing"))["mode"] == mode


async def test_a_supervisor_who_watches_types_unseen_until_joined(chat, vera):
    selin = await db(make_supervisor)
    async with (
        visitor_socket(vera) as visitor,
        console_socket(selin, resume={chat.public_id: 0}) as console,
    ):
        await console.say(type="typing", conversation=chat.public_id, on=True, mode="reply")
        assert await console.is_silent()
        assert await visitor.is_silent()
    await db(Participation.objects.create, conversation=chat, agent=selin, joined_at=timezone.now())
    async with (
        visitor_socket(vera) as visitor,
        console_socket(selin, resume={chat.public_id: 0}) as console,
    ):
        await console.say(type="typing", conversation=chat.public_id, on=True, mode="reply")
        assert (await visitor.hear("typing"))["author"]["id"] == selin.public_id


async def test_a_supervisor_who_watches_reads_unseen_until_joined(chat, vera):
    selin = await db(make_supervisor)
    await db(fill, chat, 1)
    async with console_socket(selin, resume={chat.public_id: 0}) as console:
        await console.numbers_until(1)
        await console.say(type="read", conversation=chat.public_id, seq=1)
        await console.say(type="ping")
        await console.hear("pong")
        await db(mark_collector.collector.write)
    own = await db(Participation.objects.get, agent=selin)
    await db(chat.refresh_from_db)
    assert (own.read_seq, chat.agents_read_seq, chat.agents_delivered_seq) == (1, 0, 0)
    await db(Participation.objects.update, joined_at=timezone.now())
    async with console_socket(selin, resume={chat.public_id: 1}) as console:
        await console.say(type="read", conversation=chat.public_id, seq=1)
        await console.say(type="ping")
        await console.hear("pong")
        await db(mark_collector.collector.write)
    await db(chat.refresh_from_db)
    assert chat.agents_read_seq == 1


async def test_marks_travel_in_the_counter_of_the_one_who_hears(chat, vera, elif_):
    async with console_socket(elif_) as console:
        await console.send_message(chat.public_id, "not", kind="note.add")
        await console.send_message(chat.public_id, "Merhaba")
        async with visitor_socket(vera) as visitor:
            assert await visitor.numbers_until(1) == [1]
            delivered = await console.event("conversation.delivered")
            assert delivered == {"conversation": chat.public_id, "seq": 2, "by": "visitor"}
            await visitor.say(type="read", conversation=chat.public_id, seq=1)
            read = await console.event("conversation.read")
            assert read == {"conversation": chat.public_id, "seq": 2, "by": "visitor"}
            await visitor.send_message(chat.public_id, "Sağ olun")
            assert (await visitor.event("conversation.delivered"))["seq"] == 2
            await console.say(type="read", conversation=chat.public_id, seq=3)
            assert await visitor.event("conversation.read") == {
                "conversation": chat.public_id,
                "seq": 2,
                "by": "agent",
            }
    chat = await db(Conversation.objects.get)
    assert (chat.visitor_read_seq, chat.visitor_delivered_seq) == (1, 1)
    assert (chat.agents_read_seq, chat.agents_delivered_seq) == (2, 2)
    assert (await db(Participation.objects.get)).read_seq == 3


async def test_marks_never_go_back_nor_beyond_the_end(chat, vera):
    await db(fill, chat, 3)
    async with visitor_socket(vera, resume={chat.public_id: 3}) as visitor:
        for seq in (99, 1):
            await visitor.say(type="read", conversation=chat.public_id, seq=seq)
            assert await visitor.is_silent()
            await db(mark_collector.collector.write)
    assert (await db(Conversation.objects.get)).visitor_read_seq == 3
