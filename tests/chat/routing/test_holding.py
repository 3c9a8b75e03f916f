"""Chats that rules want to see before they stand in line and anybody hears of them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.access import access_of
from chat.models import Conversation
from chat.operations.assignment import accept, route
from chat.operations.conversations import end_conversation
from chat.operations.releasing import release_overdue
from chat.posting.messages import Author, Outgoing, post_message
from chat.queries.chat_list import Tab, chat_rows, count_tabs
from chat.routing import rule_hooks
from chat.routing.availability import read_floor
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.support.desk import Desk, fresh, kinds, make_desk, start, work
from tests.support.factories import make_conversation, make_visitor
from tests.support.http import Desk as Api
from tests.support.http import cid, make_shop, open_widget, started

pytestmark = pytest.mark.django_db

# Longer than any test takes, and when that is over.
HOLD = 30
LATER = timedelta(seconds=HOLD + 1)


class Rules:
    """An automation that holds every chat and notes what it is asked to look at."""

    def __init__(self) -> None:
        self.is_holding = True
        self.asked: list[tuple[int, str]] = []
        self.seen: list[tuple[int, int]] = []
        self.then: Callable[[], bool] = lambda: False

    def holds(self, brand_id: int, when: rule_hooks.When, *, from_memory: bool = False) -> bool:
        self.asked.append((brand_id, when))
        return self.is_holding

    def settle(self, conversation_id: int, begin: int) -> bool:
        self.seen.append((conversation_id, begin))
        return self.then()

    def answer(self, conversation_id: int) -> str:
        return "Şu an kapalıyız."

    def words(self, conversation_id: int, state: str) -> str:
        return ""

    def says(self, brand_id: int, state: str) -> bool:
        return False


@pytest.fixture
def rules(monkeypatch):
    monkeypatch.setattr(rule_hooks, "HOLD_SECONDS", HOLD)
    made = Rules()
    monkeypatch.setattr(rule_hooks, "_automation", made)
    return made


@pytest.fixture
def desk() -> Desk:
    return make_desk(agents=2)


def effects() -> list[str]:
    return [row.kind for row in OutboxEntry.objects.order_by("pk")]


def test_without_rules_and_where_none_wants_it_a_chat_is_not_held_and_costs_the_same(
    desk, monkeypatch
):
    monkeypatch.setattr(rule_hooks, "_automation", None)

    def cost() -> int:
        OutboxEntry.objects.all().delete()
        with CaptureQueriesContext(connection) as statements:
            chat = start(desk)
        assert (fresh(chat).held_until, kinds(chat)[-1]) == (None, "queued")
        assert set(effects()) == {"event", "event.urgent"}
        return len(statements)

    start(desk)
    plain = cost()
    made = Rules()
    made.is_holding = False
    monkeypatch.setattr(rule_hooks, "_automation", made)
    assert cost() == plain
    assert made.asked == [(desk.brand.pk, "incoming")]


def test_nothing_is_asked_of_rules_that_are_not_there(monkeypatch):
    monkeypatch.setattr(rule_hooks, "_automation", None)
    assert not rule_hooks.holds(1, "incoming")
    assert not rule_hooks.settle(1, 1)
    assert rule_hooks.answer(1) == ""


def test_what_rules_have_said_is_the_answer(rules):
    assert rule_hooks.answer(1) == "Şu an kapalıyız."


def test_a_held_chat_stands_nowhere_in_line_and_is_not_offered(desk, rules, announced):
    chat = start(desk)
    now = timezone.now()
    assert (fresh(chat).status, fresh(chat).queued_at) == ("queued", None)
    assert kinds(chat) == ["started", "message"]
    assert "conversation.queued" not in [event.name for event in announced]
    assert read_floor(now).length(desk.brand.pk) == 0
    assert not Conversation.objects.in_line(now).exists()
    assert route(now=now) is None
    # By the clock alone, should nobody have let it go.
    assert Conversation.objects.in_line(now + LATER).get() == chat


def test_a_held_chat_is_in_no_list_and_no_figure_of_the_desk(rules):
    shop = make_shop()
    api, browser = Api(shop.elif_), Browser()
    browser.force_login(shop.elif_)

    def seen() -> tuple[list[str], int, bool]:
        frame = browser.get("/console/?tab=queue").context["frame"]
        ids = [row["id"] for row in api.get("conversations").json()["results"]]
        return ids, frame.parts["chat"].counters.queued, frame.parts["chat"].counters.oldest is None

    started(open_widget(shop.brand))
    assert seen() == ([], 0, True)
    rules.is_holding = False
    shown = started(open_widget(shop.brand))
    assert seen() == ([shown.public_id], 1, False)


def test_a_customer_whose_chat_is_held_is_queued_and_has_no_place_yet(rules):
    shop = make_shop()
    widget = open_widget(shop.brand)
    answer = widget.start()
    assert answer.status_code == 201
    assert answer.json()["status"] == "queued"
    assert (answer.json()["position"], answer.json()["eta"]) == (None, None)


def test_a_chat_joins_the_line_once_the_rules_have_looked(desk, rules, announced):
    chat = start(desk)
    drain("rules")
    assert rules.seen == [(chat.pk, 1)]
    assert kinds(chat)[2:] == ["queued"]
    assert fresh(chat).held_until is None
    assert fresh(chat).queued_at > chat.created_at
    assert "conversation.queued" in [event.name for event in announced]
    work()
    assert fresh(chat).assignee in desk.agents


def test_a_chat_that_rules_keep_waiting_is_let_go_when_its_time_is_up(desk, rules, time_machine):
    rules.then = lambda: True
    chat = start(desk)
    drain("rules")
    work()
    assert (fresh(chat).assignee, kinds(chat)[-1]) == (None, "message")
    time_machine.move_to(timezone.now() + LATER)
    work()
    assert kinds(chat)[2] == "queued"
    assert fresh(chat).assignee in desk.agents


def test_rules_that_never_come_hold_a_chat_only_for_its_time(desk, rules, time_machine):
    chat = start(desk)
    time_machine.move_to(timezone.now() + LATER)
    work()
    assert rules.seen == []
    assert fresh(chat).assignee in desk.agents


def test_rules_that_fail_hold_nobody_and_are_tried_again(desk, rules):
    def fail() -> bool:
        raise ValueError("a rule with a fault")

    rules.then = fail
    chat = start(desk)
    drain("rules")
    work()
    assert fresh(chat).assignee in desk.agents
    row = OutboxEntry.objects.get(kind="chat.settle")
    assert (row.attempts, row.done_at) == (1, None)


def test_a_held_chat_whose_workers_died_is_released_by_the_sweeper(desk, rules):
    chat = start(desk)
    assert release_overdue(now=timezone.now()) == 0
    assert release_overdue(now=timezone.now() + LATER) == 1
    assert release_overdue(now=timezone.now() + LATER) == 0
    assert kinds(chat)[2:] == ["queued"]


def test_a_chat_that_is_overdue_shows_how_long_it_waits(desk, rules):
    chat = start(desk)
    agent, later = desk.agents[0], timezone.now() + LATER
    waits = fresh(chat).held_until
    rows = chat_rows(access_of(agent), agent, tab=Tab.QUEUE, brand_id=None, now=later)
    assert [row.waiting_since for row in rows] == [waits]
    assert count_tabs(access_of(agent), brand_id=None, now=later).oldest == waits


def test_a_chat_that_is_overdue_joins_the_line_before_it_is_given_to_anybody(
    desk, rules, announced
):
    chat = start(desk)
    route(now=timezone.now() + LATER)
    assert kinds(chat)[2:] == ["queued", "accepted"]
    assert fresh(chat).held_until is None
    assert [event.name for event in announced].count("conversation.queued") == 1


def test_who_is_let_go_late_has_stood_in_line_since_the_time_was_up(desk, rules):
    chat = start(desk)
    since = fresh(chat).held_until
    release_overdue(now=since + timedelta(minutes=10))
    assert fresh(chat).queued_at == since
    assert chat.entries.get(kind="queued").created_at == since


def test_who_knows_a_held_chat_may_take_it(desk, rules):
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[1], now=timezone.now())
    drain("rules")
    work()
    assert kinds(chat)[2:] == ["queued", "accepted"]
    assert (fresh(chat).held_until, fresh(chat).assignee) == (None, desk.agents[1])


def test_a_customer_who_leaves_a_held_chat_never_stood_in_line(desk, rules):
    chat = start(desk)
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    drain("rules")
    work()
    assert "queued" not in kinds(chat)
    assert (fresh(chat).status, fresh(chat).outcome) == ("resolved", "abandoned")


def test_what_is_told_of_a_chat_that_was_purged_meanwhile_ends_quietly(desk, rules):
    start(desk)
    Conversation.objects.all().delete()
    drain("rules")
    work()
    assert not OutboxEntry.objects.filter(done_at=None, available_at__lte=timezone.now())


def test_further_words_while_a_chat_is_held_wake_the_worker_at_its_moment(
    rules, caplog, django_capture_on_commit_callbacks
):
    chat = make_conversation(make_visitor(make_desk().brand))
    with django_capture_on_commit_callbacks(execute=True):
        for text in ("Merhaba?", "Kimse yok mu?"):
            words = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), text, cid())
            post_message(words, now=timezone.now())
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
