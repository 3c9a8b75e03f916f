"""What agents and routing do all day costs the same, however much lies in the archive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from agents.access import access_of
from agents.models import Status
from agents.operations import set_status
from chat.models import Conversation
from chat.operations.lateness import alert_late
from chat.operations.silence import end_idle_chats, end_long_waits, free_idle_chats
from chat.operations.stranded import hand_on_stranded
from chat.operations.vanished import requeue_unreachable, requeue_vanished, withdraw_unheard
from chat.operations.wrap_ups import free_wrap_ups
from chat.routing.availability import availability
from chat.sockets.threads import agent_threads, visitor_threads
from chat.tasks import route
from chat.widget.sessions import VisitorSession
from config.database.sqlite.upkeep import gather_statistics
from tests.support.factories import make_conversation, make_visitor
from tests.support.http import Shop, make_shop

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.skipif(not settings.IS_SQLITE, reason="PostgreSQL doesn't tell what it does"),
]
ARCHIVED = 2000
STEP = 200


@contextmanager
def counting() -> Iterator[list[int]]:
    """Count the steps of SQLite's machine, in units of `STEP`."""
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(tick, STEP)
    try:
        yield count
    finally:
        connection.connection.set_progress_handler(None, 0)


def steps(work: Callable[[], Any]) -> int:
    """How much the database works for this."""
    work()
    with counting() as count:
        work()
    return count[0]


@pytest.fixture
def shop() -> Shop:
    """A shop whose agent has some chats, one of them without an answer for long."""
    shop = make_shop()
    now = timezone.now()
    for number in range(4):
        make_conversation(
            make_visitor(shop.brand),
            topic=shop.topic,
            team=shop.team,
            assignee=shop.elif_,
            status="active",
            holds_slot=True,
            accepted_at=now,
            unanswered_since=now - timedelta(seconds=number),
        )
    make_conversation(make_visitor(shop.brand), topic=shop.topic, team=shop.team)
    return shop


def fill_archive(shop: Shop) -> None:
    """Archive chats of the same agent, topic, team and brand, of many visitors."""
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(
            brand=shop.brand,
            visitor=make_visitor(shop.brand) if number % 100 == 0 else None,
            channel="web",
            language="tr",
            topic=shop.topic,
            chosen_topic=shop.topic,
            team=shop.team,
            assignee=shop.elif_,
            status="resolved",
            outcome="answered",
            queued_at=now,
            accepted_at=now,
            ended_at=now,
            resolved_at=now,
            resolved_by=shop.elif_,
        )
        for number in range(ARCHIVED)
    )
    gather_statistics()


def works(shop: Shop) -> dict[str, Callable[[], Any]]:
    """What happens all day."""
    now = timezone.now()
    console = Client()
    console.force_login(shop.elif_, "agents.signin.backends.AgentBackend")
    chat = Conversation.objects.filter(status="active").select_related("visitor").first()
    assert chat is not None
    visitor = chat.visitor
    assert visitor is not None
    session = VisitorSession(
        brand=shop.brand, secret_hash=visitor.secret_hash, language="tr", visitor=visitor
    )
    other = {"by": shop.elif_, "agent": shop.elif_}

    def turn() -> None:
        set_status(**other, status=Status.INVISIBLE, now=now)
        set_status(**other, status=Status.ONLINE, now=now)

    return {
        "the list of chats": lambda: console.get("/console/"),
        "a chat that opens": lambda: console.get(f"/console/chats/{chat.public_id}/"),
        "the queue": lambda: console.get("/console/?tab=queue"),
        "routing": lambda: route(now=now),
        "what visitors can expect": lambda: availability(shop.brand, channel="web", now=now),
        "wrap-ups": lambda: free_wrap_ups(now=now),
        "wrap-ups of an agent": lambda: free_wrap_ups(now=now, agent_id=shop.elif_.pk),
        "who vanished": lambda: requeue_vanished(now=now),
        "who lost a role": lambda: requeue_unreachable(now=now),
        "what nobody finishes": lambda: hand_on_stranded(now=now),
        "who waits for too long": lambda: end_long_waits(now=now),
        "whose customers are silent": lambda: free_idle_chats(now=now),
        "whose customers stay away": lambda: end_idle_chats(now=now),
        "what rings at nobody": lambda: withdraw_unheard(now=now),
        "who waits too long": lambda: alert_late(now=now),
        "a status": turn,
        "an agent's socket": lambda: agent_threads(access_of(shop.elif_), [chat.public_id]),
        "a visitor's socket": lambda: visitor_threads(session, [chat.public_id]),
    }


def test_nothing_that_happens_all_day_grows_with_the_archive(shop: Shop) -> None:
    before = {name: steps(work) for name, work in works(shop).items()}
    fill_archive(shop)
    # What is counted would show a look through the archive.
    assert steps(lambda: Conversation.objects.filter(outcome="spam").count()) > ARCHIVED / STEP
    after = {name: steps(work) for name, work in works(shop).items()}
    grown = {name: (before[name], n) for name, n in after.items() if n > before[name] * 1.5 + 10}
    assert not grown, grown


def test_the_queue_is_read_in_its_order_from_its_index(shop: Shop) -> None:
    fill_archive(shop)
    line = Conversation.objects.in_line(timezone.now()).in_order()
    plan = line.explain()
    assert "chat_queue" in plan
    assert "TEMP B-TREE" not in plan
