"""Chats that a rule lets wait for their customer: nobody is rung, and nobody is in the way."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.access import access_of
from agents.actors import Rule
from chat.models import Conversation, Entry
from chat.operations.assignment import accept
from chat.operations.automatic import Touched
from chat.operations.conversations import end_conversation, reopen_conversation
from chat.operations.parking import PARKED_FOR, end_parked, park_conversation
from chat.posting.messages import Author, Outgoing, post_message
from chat.queries.chat_list import Section, Tab, chat_rows, count_tabs, group_rows
from chat.routing import rule_hooks
from chat.routing.availability import read_floor
from tests.support.desk import Desk, fresh, kinds, make_desk, start, work, work_all
from tests.support.factories import make_agent, make_conversation, make_role, make_visitor
from tests.support.http import Desk as Api
from tests.support.http import cid, make_shop, open_widget, started
from tests.support.races import ROUNDS, at_once, check_ledger, outcomes

pytestmark = pytest.mark.django_db

RULE = Rule(id=1, name="E-posta iste")


def park(chat: Conversation, **options) -> Conversation:
    return park_conversation(conversation=chat, by=RULE, now=timezone.now(), **options)


def occupy(desk: Desk) -> None:
    """Let the agent have as many chats as allowed."""
    desk.brand.capacity = 1
    desk.brand.save()
    own = {"assignee": desk.agents[0], "status": "active", "holds_slot": True}
    make_conversation(make_visitor(desk.brand), accepted_at=timezone.now(), **own)


def say(chat: Conversation, text: str = "Orada mısınız?") -> None:
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), text, cid())
    post_message(draft, now=timezone.now())


def test_a_parked_chat_is_in_no_line_and_a_line_of_the_thread_says_which_rule_did_it(desk):
    chat = start(desk)
    park(chat)
    work()
    now = fresh(chat)
    assert (now.status, now.assignee, now.holds_slot) == ("waiting", None, False)
    assert (now.queued_at, now.unanswered_since, now.is_parked) == (None, None, True)
    assert read_floor(timezone.now()).length(desk.brand.pk) == 0
    line = Entry.objects.filter(conversation=chat, kind="status").get()
    assert (line.data["from"], line.data["to"]) == ("queued", "waiting")
    assert line.data["rule"] == {"id": 1, "name": "E-posta iste"}
    park(chat)
    assert kinds(chat).count("status") == 1


def test_it_stands_among_all_chats_and_is_counted_nowhere(desk):
    chat = start(desk)
    boss = make_agent(role=make_role("chat", "supervise", scope="all"))
    access = access_of(boss)

    def rows(tab: Tab) -> list[str]:
        now = timezone.now()
        found = chat_rows(access, boss, tab=tab, brand_id=None, now=now)
        return [
            f"{group.section}:{row.id}" for group in group_rows(found, tab) for row in group.rows
        ]

    park(chat)
    assert rows(Tab.ALL) == [f"{Section.PARKED}:{chat.public_id}"]
    assert rows(Tab.QUEUE) == rows(Tab.TEAM) == rows(Tab.MINE) == []
    figures = count_tabs(access, brand_id=None, now=timezone.now())
    assert set(figures.tabs.values()) == {0}
    assert figures.oldest is None


def test_woken_a_chat_that_nobody_had_enters_the_line_behind_the_others(desk):
    occupy(desk)
    chat = start(desk)
    park(chat)
    other = start(desk)
    say(chat)
    work()
    now = fresh(chat)
    assert (now.status, now.is_at_head) == ("queued", False)
    assert now.queued_at == now.unanswered_since
    assert now.queued_at > fresh(other).queued_at
    assert [each.id for each in read_floor(timezone.now()).queue] == [other.pk, chat.pk]


def test_an_agents_chat_can_be_parked_and_comes_back_to_the_head_and_to_them(desk):
    chat = start(desk)
    work()
    agent = desk.agents[0]
    assert fresh(chat).assignee == agent
    with pytest.raises(Touched):
        park(chat, unless_taken=True)
    park(chat)
    now = fresh(chat)
    assert (now.assignee, now.holds_slot, now.returning_to) == (None, False, agent)
    occupy(desk)
    say(chat)
    work()
    now = fresh(chat)
    assert (now.status, now.is_at_head, now.returning_to) == ("queued", True, agent)


def test_after_a_day_without_a_word_it_is_over_without_a_rating(desk):
    chat, other = start(desk), start(desk)
    park(chat)
    park(other)
    say(other)
    day = timezone.now() + PARKED_FOR
    park(other)
    assert end_parked(now=day - timedelta(minutes=1)) == 0
    assert end_parked(now=day + timedelta(minutes=1)) == 2
    done = fresh(chat)
    assert (done.status, done.outcome) == ("resolved", "timed_out")
    assert "ended" not in kinds(chat)
    [line] = Entry.objects.filter(conversation=chat, kind="resolved")
    assert line.data["because"] == "timed_out"


def test_a_visitor_begins_anew_and_what_waited_for_them_is_over():
    shop = make_shop()
    widget = open_widget(shop.brand)
    chat = started(widget)
    park(chat)
    shown = widget.get(f"conversations/{chat.public_id}").json()
    assert (shown["status"], shown["is_open"], shown["position"], shown["agent"]) == (
        ("waiting", True, None, None)
    )
    anew = widget.start("Another question")
    assert anew.status_code == 201
    assert anew.json()["id"] != chat.public_id
    done = fresh(chat)
    assert (done.status, done.outcome) == ("resolved", "timed_out")
    assert widget.get(f"conversations/{chat.public_id}").json()["can_rate"] is False
    # An idle chat has an agent, and goes on.
    refused = widget.start("And another one")
    assert refused.json()["code"] == "open"


def test_leaving_a_message_ends_what_waited():
    shop = make_shop()
    widget = open_widget(shop.brand)
    chat = started(widget)
    park(chat)
    fields = {"name": "Vera", "email": "vera@example.com"}
    left = widget.post("offline-messages", {"cid": cid(), "fields": fields, "text": "Please write"})
    assert left.status_code == 201
    assert fresh(chat).outcome == "timed_out"


def test_reopening_an_older_chat_ends_what_waits(desk):
    vera = make_visitor(desk.brand)
    older = start(desk, vera)
    work()
    end_conversation(conversation=older, by=None, now=timezone.now())
    newer = start(desk, vera)
    park(newer)
    reopen_conversation(conversation=older, by=desk.agents[0], now=timezone.now())
    assert fresh(older).status == "active"
    assert (fresh(newer).status, fresh(newer).outcome) == ("resolved", "timed_out")


def test_the_desk_lists_it_for_supervisors_and_nobody_takes_it_from_the_line():
    shop = make_shop()
    chat = started(open_widget(shop.brand))
    park(chat)
    listed = Api(make_agent(role=make_role("chat", "supervise", scope="all")))
    rows = listed.get("conversations").json()["results"]
    assert [(row["id"], row["status"]) for row in rows] == [(chat.public_id, "waiting")]
    refused = Api(shop.elif_).post(f"conversations/{chat.public_id}/accept")
    assert refused.status_code in {404, 409}


class Holding:
    """Rules that want to see words, and let the chat wait or not."""

    def __init__(self, *, wants: bool = True, waits: bool = False) -> None:
        self.wants, self.waits = wants, waits

    def holds(self, brand_id: int, when: rule_hooks.When, *, from_memory: bool = False) -> bool:
        return self.wants and when == "updated"

    def settle(self, conversation_id: int, begin: int) -> bool:
        return self.waits

    def answer(self, conversation_id: int) -> str:
        return ""


def hold(monkeypatch, **wish) -> None:
    monkeypatch.setattr(rule_hooks, "HOLD_SECONDS", 30)
    monkeypatch.setattr(rule_hooks, "_automation", Holding(**wish))


def test_words_in_line_keep_the_place_and_are_not_offered_before_rules_have_looked(
    desk, monkeypatch, announced
):
    chat = start(desk)
    hold(monkeypatch)
    say(chat)
    announced.clear()
    work()
    assert fresh(chat).status == "queued"
    assert Conversation.objects.in_line(timezone.now()).get() == chat
    assert read_floor(timezone.now()).length(desk.brand.pk) == 1
    work_all()
    assert fresh(chat).status == "active"
    assert "conversation.queued" not in [event.name for event in announced]


def test_a_word_wakes_a_parked_chat_unless_a_rule_lets_it_wait_on(desk, monkeypatch):
    chat = start(desk)
    park(chat)
    hold(monkeypatch, waits=True)
    say(chat)
    work_all()
    assert fresh(chat).is_parked
    hold(monkeypatch)
    say(chat)
    work_all()
    assert fresh(chat).status == "active"


def test_a_word_in_a_resolved_chat_is_not_offered_before_rules_have_looked(
    desk, monkeypatch, announced
):
    chat = start(desk)
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    work()
    hold(monkeypatch)
    announced.clear()
    say(chat)
    work()
    now = fresh(chat)
    assert (now.status, now.queued_at, now.is_held(timezone.now())) == ("queued", None, True)
    assert "conversation.queued" not in [event.name for event in announced]
    work_all()
    assert fresh(chat).status == "active"


@pytest.mark.parametrize("has_agent", [False, True])
def test_where_no_rule_wants_to_see_words_they_cost_what_they_cost_without_rules(
    desk, monkeypatch, has_agent
):
    chat = start(desk)
    if has_agent:
        accept(conversation=chat, agent=desk.agents[0], now=timezone.now())

    def cost() -> int:
        with CaptureQueriesContext(connection) as statements:
            say(chat)
        assert fresh(chat).held_until is None
        return len(statements)

    monkeypatch.setattr(rule_hooks, "_automation", None)
    plain = cost()
    monkeypatch.undo()
    assert cost() == plain
    hold(monkeypatch, wants=False)
    assert cost() == plain


@pytest.mark.django_db(transaction=True)
def test_of_a_rule_that_parks_and_an_agent_who_accepts_at_once_one_comes_first():
    desk = make_desk(agents=1, brand={"capacity": 100})
    for _ in range(ROUNDS):
        chat = start(desk)
        agent = desk.agents[0]
        results = at_once(
            partial(park, fresh(chat), unless_taken=True),
            partial(accept, conversation=fresh(chat), agent=agent, now=timezone.now()),
        )
        now = fresh(chat)
        if now.is_parked:
            assert outcomes(results) == {"Conversation": 1, "AlreadyTaken": 1}
            assert not now.holds_slot
        else:
            assert outcomes(results) == {"Conversation": 1, "Touched": 1}
            assert (now.assignee, now.holds_slot) == (agent, True)
        check_ledger(chat)
