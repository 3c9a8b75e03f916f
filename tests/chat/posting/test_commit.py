"""The commit that goes along with a batch's last statements: all of it or nothing."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.pq import TransactionStatus

from chat.models import Conversation, Entry
from chat.posting import messages, sql
from chat.posting.messages import Author, Outgoing, Posted, post_messages
from config.outbox.models import OutboxEntry
from tests.support.factories import make_brand, make_conversation, make_visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chat() -> Conversation:
    return make_conversation(make_visitor(make_brand()))


def say(chat: Conversation) -> int:
    """Post one message; return its number."""
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), "Merhaba", str(uuid4()))
    [posted] = post_messages([draft], now=timezone.now())
    return posted.seq


def check_goes_on(chat: Conversation, *, said: int) -> None:
    """Check that nothing else was stored, and that the connection is sound."""
    assert (Entry.objects.count(), OutboxEntry.objects.count()) == (said, said)
    assert say(chat) == said + 1
    assert Conversation.objects.get().last_seq == said + 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(1, 1, id="at once: the number is taken"),
        pytest.param(5, 999_999, id="at the commit: no such agent"),
    ],
)
def test_what_the_database_refuses_is_not_stored_and_not_announced(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch, place: int, value: int
) -> None:
    say(chat)
    announced: list[bool] = []
    store = sql.store

    def wrong(entries: Any, locked: Any, **options: Any) -> Any:
        transaction.on_commit(lambda: announced.append(True))
        changed = [(*entry[:place], value, *entry[place + 1 :]) for entry in entries]
        return store(changed, locked, **options)

    with monkeypatch.context() as patch:
        patch.setattr(sql, "store", wrong)
        with pytest.raises(IntegrityError):
            say(chat)
    check_goes_on(chat, said=1)
    assert not announced


def test_what_is_marked_for_rollback_is_not_committed(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = messages.publish

    def marked(event: Any) -> None:
        publish(event)
        transaction.set_rollback(True)

    with monkeypatch.context() as patch:
        patch.setattr(messages, "publish", marked)
        say(chat)
    check_goes_on(chat, said=0)


@pytest.mark.postgres
def test_plans_are_kept_although_the_first_batch_failed(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: Any) -> None:
        raise RuntimeError

    # A connection that no batch has used.
    connection.close()
    connection.close_pool()
    with monkeypatch.context() as patch:
        patch.setattr(messages, "publish", broken)
        with pytest.raises(RuntimeError):
            say(chat)
    say(chat)
    with connection.cursor() as cursor:
        cursor.execute("SHOW plan_cache_mode")
        assert cursor.fetchone() == ("force_generic_plan",)


@pytest.mark.postgres
def test_a_batch_begins_and_commits_without_a_trip_of_its_own(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(chat)
    raw = connection.connection
    found: list[bool] = []
    commit = type(raw).commit

    def idle(self: Any) -> None:
        found.append(self.pgconn.transaction_status == TransactionStatus.IDLE)
        commit(self)

    monkeypatch.setattr(type(raw), "commit", idle)
    monkeypatch.setattr(type(raw), "_get_tx_start_command", lambda self: pytest.fail("a BEGIN"))
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), "Merhaba", str(uuid4()))
    # The second time it is a repeat, and the last statement a question.
    first, second = [post_messages([draft], now=timezone.now())[0] for _ in range(2)]
    assert isinstance(first, Posted)
    assert isinstance(second, Posted)
    assert (first.dup, second.dup, found) == (False, True, [True, True])
    assert raw.autocommit


@pytest.mark.postgres
def test_the_outbox_row_is_planned_once(chat: Conversation) -> None:
    for _ in range(3):
        say(chat)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert any("outbox_outboxentry" in text for (text,) in cursor.fetchall())
