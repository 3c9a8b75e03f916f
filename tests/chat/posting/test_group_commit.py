"""The writer: many senders, one transaction; nobody waits for somebody else's trouble."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DiskFull

from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.posting import group_commit as module
from chat.posting import mark_collector
from chat.posting.group_commit import BROKEN, MessageWriter
from chat.posting.messages import INVALID, UNAVAILABLE, Author, Outgoing, Posted, post_messages
from tests.support.factories import make_brand, make_conversation, make_visitor
from tests.support.sockets import db, new_cid, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writer():
    made = MessageWriter()
    yield made
    made.close()


@pytest.fixture
def chats():
    brand = make_brand()
    return [make_conversation(make_visitor(brand)) for _ in range(3)]


def draft(conversation, text="Merhaba", cid=None) -> Outgoing:
    author = Author.of_visitor(conversation.visitor)
    return Outgoing(conversation.public_id, author, text, cid or str(uuid4()))


async def submit_all(writer, drafts):
    return await asyncio.gather(*(writer.submit(each) for each in drafts))


async def test_sends_of_one_moment_share_transactions(writer, chats, monkeypatch):
    batches = []

    def counted(drafts, **options):
        batches.append(len(drafts))
        return post_messages(drafts, **options)

    monkeypatch.setattr(module, "post_messages", counted)
    results = await submit_all(writer, [draft(chats[n % 3]) for n in range(60)])
    assert all(isinstance(result, Posted) for result in results)
    assert sum(batches) == 60
    assert len(batches) < 20
    for chat in chats:
        numbers = await db(lambda chat=chat: sorted(chat.entries.values_list("seq", flat=True)))
        assert numbers == list(range(1, 21))


async def test_one_authors_sends_keep_their_order(writer, chats):
    texts = [str(number) for number in range(40)]
    await submit_all(writer, [draft(chats[0], text) for text in texts])
    said = await db(lambda: list(chats[0].entries.order_by("seq").values_list("body", flat=True)))
    assert said == texts


def test_the_same_client_id_ten_times_at_once_is_one_row(chats, writer):
    """Over the async door, the sync door and another process's writer, from real threads."""
    same, other = draft(chats[0]), MessageWriter()
    start = threading.Barrier(10)

    def by_http(_):
        start.wait()
        try:
            return writer.submit_and_wait(same)
        finally:
            connection.close()

    def by_socket(_):
        start.wait()
        return asyncio.run(other.submit(same))

    with ThreadPoolExecutor(10) as pool:
        results = [
            future.result()
            for future in [
                pool.submit(by_http if number % 2 else by_socket, number) for number in range(10)
            ]
        ]
    other.close()
    assert {(each.entry_id, each.seq, each.at) for each in results} == {
        (results[0].entry_id, 1, results[0].at)
    }
    assert sum(not each.dup for each in results) == 1
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("most", [2, 3, module.BATCH_MAX])
async def test_a_failing_message_does_not_take_its_neighbours_along(
    writer, chats, monkeypatch, most
):
    monkeypatch.setattr(module, "BATCH_MAX", most)

    def picky(drafts, **options):
        for each in drafts:
            if each.text == "poison":
                raise DataError("poison")
            if each.text == "bug":
                raise ZeroDivisionError
            if each.text == "disk":
                # With its SQLSTATE: without one it would be a connection that is gone, for all.
                raise OperationalError("disk full") from DiskFull()
        return post_messages(drafts, **options)

    monkeypatch.setattr(module, "post_messages", picky)
    texts = ["a", "poison", "b", "bug", "disk", "c"]
    results = await submit_all(writer, [draft(chats[0], text) for text in texts])
    assert [type(result) is Posted for result in results] == [True, False, True, False, False, True]
    assert results[1] == INVALID
    assert results[3] == BROKEN
    assert results[4] == UNAVAILABLE
    said = await db(lambda: list(Entry.objects.order_by("seq").values_list("seq", "body")))
    assert said == [(1, "a"), (2, "b"), (3, "c")]


async def test_a_database_that_went_away_is_told_and_its_return_noticed(writer, chats, monkeypatch):
    assert isinstance(await writer.submit(draft(chats[0])), Posted)

    def away(*args, **options):
        connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(module, "post_messages", away)
        assert await writer.submit(draft(chats[0])) == UNAVAILABLE
    assert (await writer.submit(draft(chats[0]))).seq == 2


@pytest.mark.postgres
async def test_a_batch_whose_connection_breaks_goes_together_on_another(writer, chats, monkeypatch):
    batches = []

    def broken_once(drafts, **options):
        batches.append(len(drafts))
        if len(batches) > 1:
            return post_messages(drafts, **options)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        raise AssertionError("the connection is still there")

    release = threading.Event()
    writer.between(release.wait)
    monkeypatch.setattr(module, "post_messages", broken_once)
    sent = [asyncio.ensure_future(writer.submit(draft(chats[0]))) for _ in range(3)]
    await asyncio.sleep(0)
    release.set()
    assert [result.seq for result in await asyncio.gather(*sent)] == [1, 2, 3]
    assert batches == [3, 3]


async def test_a_deadlock_is_tried_again(writer, chats, monkeypatch):
    class Deadlock(Exception):
        sqlstate = "40P01"

    failures = [1, 1]

    def unlucky(drafts, **options):
        if failures:
            failures.pop()
            raise OperationalError("deadlock detected") from Deadlock()
        return post_messages(drafts, **options)

    monkeypatch.setattr(module, "post_messages", unlucky)
    assert (await writer.submit(draft(chats[0]))).seq == 1


async def test_a_full_queue_refuses_at_once(writer, chats, monkeypatch):
    monkeypatch.setattr(module, "QUEUE_MAX", 2)
    release = threading.Event()
    writer.between(release.wait)
    waiting = [asyncio.ensure_future(writer.submit(draft(chats[0]))) for _ in range(2)]
    await asyncio.sleep(0)
    assert await writer.submit(draft(chats[0])) == UNAVAILABLE
    assert writer.submit_and_wait(draft(chats[0])) == UNAVAILABLE
    release.set()
    assert [result.seq for result in await asyncio.gather(*waiting)] == [1, 2]


async def test_draining_answers_what_is_in_hand(writer, chats):
    sent = [asyncio.ensure_future(writer.submit(draft(chats[0]))) for _ in range(20)]
    await asyncio.sleep(0)
    assert await asyncio.to_thread(writer.drain)
    assert [result.seq for result in await asyncio.gather(*sent)] == list(range(1, 21))


def test_inside_a_transaction_a_message_belongs_to_it(writer, chats):
    with transaction.atomic():
        assert isinstance(writer.submit_and_wait(draft(chats[0])), Posted)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@contextmanager
def held(conversation):
    """Hold a conversation's row in another thread, as a slow operation does."""
    locked, release = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                lock_conversation(Conversation.objects.get(pk=conversation.pk))
                locked.set()
                release.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(30)
    try:
        yield release
    finally:
        release.set()
        thread.join()


@pytest.mark.postgres
async def test_a_slow_operation_on_one_chat_stalls_nobody_else(writer, chats):
    with held(chats[0]) as release:
        stuck = [asyncio.ensure_future(writer.submit(draft(chats[0], str(n)))) for n in range(3)]
        for _ in range(5):
            assert isinstance(await writer.submit(draft(chats[1])), Posted)
        assert not any(each.done() for each in stuck)
        release.set()
        assert [result.seq for result in await asyncio.gather(*stuck)] == [1, 2, 3]
    said = await db(lambda: list(chats[0].entries.order_by("seq").values_list("body", flat=True)))
    assert said == ["0", "1", "2"]


@pytest.mark.postgres
async def test_a_held_chat_does_not_stop_the_socket_of_its_sender(chats):
    vera = chats[0].visitor
    async with visitor_socket(vera) as visitor:
        with held(chats[0]):
            cid = new_cid()
            await visitor.say(
                type="message.send", cid=cid, conversation=chats[0].public_id, text="x"
            )
            assert await visitor.is_silent()
        assert (await visitor.answer_to(cid))["seq"] == 1
    assert (await db(Conversation.objects.get, pk=chats[0].pk)).last_seq == 1


@pytest.mark.postgres
def test_a_mark_of_a_held_chat_is_written_when_it_is_free_though_nobody_moves_another(
    writer, chats, monkeypatch
) -> None:
    move, moved = mark_collector.move_marks, threading.Event()

    def noted(**batch):
        held_back = move(**batch)
        if not held_back:
            moved.set()
        return held_back

    monkeypatch.setattr("chat.posting.mark_collector.writer", writer)
    monkeypatch.setattr("chat.posting.mark_collector.move_marks", noted)
    author = Author.of_visitor(chats[0].visitor)
    post_messages([Outgoing(chats[0].public_id, author, "x", new_cid())], now=timezone.now())
    collector = mark_collector.Collector()
    with held(chats[0]):
        collector.note(chats[0].pk, None, read=1)
        collector.write(16)
        assert not moved.is_set()
    assert moved.wait(30)
    assert Conversation.objects.get(pk=chats[0].pk).visitor_read_seq == 1


@pytest.mark.postgres
def test_a_mark_of_a_chat_that_is_gone_is_not_tried_for_ever(chats, monkeypatch) -> None:
    tried, move = [], mark_collector.move_marks
    monkeypatch.setattr(
        "chat.posting.mark_collector.move_marks", lambda **batch: tried.append(1) or move(**batch)
    )
    collector = mark_collector.Collector()
    monkeypatch.setattr(collector, "_flush_later", lambda: None)
    collector.note(chats[0].pk, None, read=1)
    Conversation.objects.filter(pk=chats[0].pk).delete()
    for _ in range(mark_collector.TRIES_MAX + 5):
        collector.write(16)
    assert len(tried) == mark_collector.TRIES_MAX


def test_marks_of_many_chats_are_written_a_few_at_a_time(writer, monkeypatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr("chat.posting.mark_collector.writer", writer)
    monkeypatch.setattr(
        "chat.posting.mark_collector.move_marks",
        lambda *, marks: sizes.append(len(marks)) or [],
    )
    collector = mark_collector.Collector()
    for conversation in range(40):
        collector.note(conversation, None, delivered=1)
    collector.flush()
    written = threading.Event()
    writer.between(written.set)
    assert written.wait(30)
    assert sizes == [16, 16, 8]


def test_one_bad_mark_does_not_take_the_others_along(chats, monkeypatch) -> None:
    move, bad = mark_collector.move_marks, chats[1]

    def raising(*, marks):
        if any(mark.conversation == bad.pk for mark in marks):
            raise IntegrityError
        return move(marks=marks)

    for chat in chats:
        author = Author.of_visitor(chat.visitor)
        post_messages([Outgoing(chat.public_id, author, "x", new_cid())], now=timezone.now())
    monkeypatch.setattr("chat.posting.mark_collector.move_marks", raising)
    collector = mark_collector.Collector()
    for chat in chats:
        collector.note(chat.pk, None, read=1)
    collector.write(16)
    seen = dict(Conversation.objects.values_list("pk", "visitor_read_seq"))
    assert seen == {chat.pk: int(chat != bad) for chat in chats}
    # The bad one is not tried for ever.
    monkeypatch.setattr(
        "chat.posting.mark_collector.move_marks", lambda **_: pytest.fail("once more")
    )
    collector.write(16)


def test_marks_wait_for_a_database_that_is_away(monkeypatch) -> None:
    def away(**_):
        raise OperationalError

    monkeypatch.setattr("chat.posting.mark_collector.move_marks", away)
    collector = mark_collector.Collector()
    collector.note(1, None, read=1)
    with pytest.raises(OperationalError):
        collector.write(16)
    moved = []
    monkeypatch.setattr(
        "chat.posting.mark_collector.move_marks", lambda *, marks: moved.extend(marks) or []
    )
    collector.write(16)
    assert [mark.read for mark in moved] == [1]


async def test_jobs_and_batches_take_turns(writer, chats, monkeypatch):
    turns = []

    def noted(drafts, **options):
        turns.append("batch")
        return post_messages(drafts, **options)

    monkeypatch.setattr(module, "post_messages", noted)
    monkeypatch.setattr(module, "BATCH_MAX", 1)
    release = threading.Event()
    writer.between(release.wait)
    for _ in range(3):
        writer.between(lambda: turns.append("job"))
    sent = [asyncio.ensure_future(writer.submit(draft(chats[0]))) for _ in range(3)]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(*sent)
    assert turns[:5] == ["batch", "job", "batch", "job", "batch"]
