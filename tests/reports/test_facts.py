"""Facts say what the lines say, whatever happened, in whatever order, however late."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chat.models import Conversation, Entry
from chat.operations.assignment import accept
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.joining import join, leave
from chat.operations.ratings import rate_conversation
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from reports.facts import keeping, past
from reports.facts.keeping import catch_up, rebuild
from reports.facts.reading import read_stays
from reports.models import ChatFact, StintFact
from tests.chat.operations.test_replay import Day
from tests.reports.reference import stays_of
from tests.support.desk import answer, make_desk, start
from tests.support.desk import work as work_off
from tests.support.factories import make_agent, make_role
from tests.support.races import somebody_waits

pytestmark = pytest.mark.django_db


def work() -> None:
    """Let the workers do what is due, facts last."""
    work_off()
    while drain("maintenance"):
        pass


def facts_of(chat: Conversation) -> list[dict[str, Any]]:
    found = []
    for fact in ChatFact.objects.filter(conversation=chat).order_by("number"):
        names = (
            "started_at queued_at accepted_at first_reply_at ended_at resolved_at outcome score "
            "wait first_response reaction session_duration reopened_at engaged was_dropped "
            "was_answered wait_left"
        )
        row = {name: getattr(fact, name) for name in names.split()}
        row["stints"] = list(
            fact.stints.order_by("pk").values_list("agent", "started_at", "talk", "acw", "answered")
        )
        row["words"] = list(fact.said.order_by("pk").values_list("agent", "said_at", "seconds"))
        row["missed_offers"] = list(
            fact.missed_offers.order_by("pk").values_list("agent", "missed_at")
        )
        found.append(row)
    return found


@pytest.mark.parametrize("seed", range(2))
def test_facts_equal_the_plain_reading_of_the_ledger(seed: int) -> None:
    Day(seed).pass_by()
    rebuild()
    told = 0
    for chat in Conversation.objects.all():
        lines = list(chat.entries.order_by("seq"))
        assert facts_of(chat) == stays_of(lines), [(x.seq, x.kind, x.data) for x in lines]
        told += len(facts_of(chat))
    assert ChatFact.objects.count() == told > Conversation.objects.count()
    assert StintFact.objects.filter(acw__isnull=False).exists()
    # Each session is marked once, of its agent and of all.
    sessions = StintFact.objects.filter(answered=True)
    assert sessions.filter(is_session=True).count() == sessions.values("stay").distinct().count()
    of_agents = sessions.filter(is_agents_session=True)
    assert of_agents.count() == sessions.values("stay", "agent").distinct().count() > 0
    assert not StintFact.objects.filter(answered=False, is_agents_session=True).exists()


_LINES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "visitor writes": ("message", "visitor", {}),
    "agent writes": ("message", "agent", {}),
    "greeting": ("message", "agent", {"automatic": True}),
    "note": ("note", "agent", {}),
    "supervisor joins": ("joined", "agent", {}),
    "supervisor leaves": ("left", "agent", {}),
    "queued": ("queued", "system", {}),
    "accepted": ("accepted", "agent", {"to_id": "elif"}),
    "goes on": ("assigned", "system", {"to_id": "elif", "because": "woke"}),
    "handed on": ("assigned", "system", {"to_id": "elif"}),
    "parked": ("status", "system", {"to": "waiting"}),
    "freed": ("status", "system", {"slot": "freed", "to": "wrap_up"}),
    "ended": ("ended", "visitor", {"because": "left"}),
    "resolved": ("resolved", "agent", {"outcome": "answered", "because": "left"}),
    "reopened": ("reopened", "visitor", {}),
    "reopened by agent": ("reopened", "agent", {}),
    "rated": ("rated", "visitor", {"score": 4}),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(_LINES)), st.integers(0, 900)), max_size=25))
def test_any_order_of_lines_is_read_without_an_error_and_nothing_lasts_less_than_nothing(
    happened: list[tuple[str, int]],
) -> None:
    at = timezone.now()
    lines = [SimpleNamespace(kind="started", author_kind="visitor", data={}, created_at=at)]
    for name, seconds in happened:
        at += timedelta(seconds=seconds)
        kind, author, data = _LINES[name]
        lines.append(SimpleNamespace(kind=kind, author_kind=author, data=data, created_at=at))
    for line in lines:
        line.agent_id = 7 if line.author_kind == "agent" else None
        line.visitor_seq = None
    stays = read_stays(lines, agent_ids={"elif": 7}, wrap_up_cap=300)
    assert len(stays) == 1 + sum(line.kind == "reopened" for line in lines)
    for stay in stays:
        lasting = [stay.wait, stay.first_response, stay.reaction, stay.session_duration]
        lasting += [stay.wait_left, stay.engaged, stay.resolution]
        lasting += [word.seconds for word in stay.said]
        lasting += [part for stint in stay.stints for part in (stint.talk, stint.acw)]
        assert all(seconds is None or seconds >= 0 for seconds in lasting)
        assert all(stint.acw is None or stint.acw <= 300 for stint in stay.stints)
        # An agent has a chat once at a time.
        for before, after in zip(stay.stints, stay.stints[1:], strict=False):
            assert before.ended_at is not None
            assert before.ended_at <= after.started_at


def test_the_worker_writes_facts_after_a_rating_that_came_late() -> None:
    desk = make_desk()
    now = timezone.now()
    chat = start(desk, now=now)
    accept(conversation=chat, agent=desk.agents[0], now=now + timedelta(seconds=20))
    answer(chat, desk.agents[0], now=now + timedelta(seconds=30))
    end_conversation(conversation=chat, by=desk.agents[0], now=now + timedelta(seconds=80))
    resolve_conversation(
        conversation=chat, topic=desk.topic, by=desk.agents[0], now=now + timedelta(seconds=100)
    )
    work()
    fact = ChatFact.objects.get()
    assert (fact.wait, fact.session_duration, fact.score) == (20, 60, None)
    assert fact.stints.get().acw == 20
    rate_conversation(conversation=chat, score=5, comment="", now=now + timedelta(hours=3))
    work()
    assert ChatFact.objects.get().score == 5


def test_what_a_supervisor_says_is_theirs_and_the_chat_stays_its_agents() -> None:
    desk = make_desk()
    elif_ = desk.agents[0]
    boss = make_agent(role=make_role("supervise", scope="all"))
    chat = accept(conversation=start(desk), agent=elif_, now=timezone.now())
    join(conversation=chat, by=boss, now=timezone.now())
    answer(chat, boss)
    leave(conversation=chat, by=boss, now=timezone.now())
    answer(chat, elif_)
    end_conversation(conversation=chat, by=elif_, now=timezone.now())
    work()
    fact = ChatFact.objects.get()
    assert fact.first_reply_by_id == boss.pk
    assert list(fact.said.order_by("pk").values_list("agent", flat=True)) == [boss.pk, elif_.pk]
    assert list(fact.stints.values_list("agent", flat=True)) == [elif_.pk]
    # Whom a rating is about: of two who said as much, who said the last of it.
    assert fact.rated_agent_id == elif_.pk


def test_a_first_start_makes_all_facts_and_words_that_no_event_tells_are_caught_up() -> None:
    desk = make_desk()
    chat = start(desk)
    ChatFact.objects.all().delete()
    catch_up()
    work()
    assert ChatFact.objects.get().upto_seq == Conversation.objects.get().last_seq
    assert catch_up() == 0
    Entry.objects.create(
        conversation=chat, seq=90, kind="note", author_kind="system", created_at=timezone.now()
    )
    Conversation.objects.update(last_seq=90)
    assert catch_up() == 1
    work()
    assert ChatFact.objects.get().upto_seq == 90


def test_the_past_gets_its_facts_though_a_new_chat_had_some_before() -> None:
    desk = make_desk(agents=2)
    past, new = start(desk), start(desk)
    work()
    ChatFact.objects.filter(conversation=past).delete()
    assert ChatFact.objects.get().conversation == new
    catch_up()
    work()
    assert {fact.conversation for fact in ChatFact.objects.all()} == {past, new}


def test_the_command_makes_all_facts_anew_and_goes_on_from_where_it_was_stopped() -> None:
    desk = make_desk()
    chats = [start(desk) for _ in range(3)]
    ChatFact.objects.all().delete()
    call_command("rebuild_metrics", verbosity=0, before=chats[2].pk)
    assert {fact.conversation for fact in ChatFact.objects.all()} == set(chats[:2])
    call_command("rebuild_metrics", verbosity=0)
    assert ChatFact.objects.count() == 3


def test_the_past_is_made_in_parts_each_an_effect_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = make_desk()
    chats = [start(desk) for _ in range(3)]
    work()
    ChatFact.objects.all().delete()
    monkeypatch.setattr(past, "BATCH", 1)
    monkeypatch.setattr(past, "PART_SECONDS", -1.0)
    catch_up()
    # While one is on its way, nobody begins another.
    catch_up()
    rows = OutboxEntry.objects.filter(kind=keeping.REBUILD)
    assert rows.count() == 1
    seen = []
    while rows.filter(done_at=None).exists():
        drain("maintenance")
        seen.append(ChatFact.objects.count())
    assert {fact.conversation for fact in ChatFact.objects.all()} == set(chats)
    assert rows.count() >= 3
    assert not keeping.lacks_the_past()


class AtWork:
    """Workers who write the facts of one chat each; the first stands still at some call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
        self._done = getattr(keeping, call)
        self._stands, self._goes_on = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        monkeypatch.setattr(keeping, call, self._call)

    def _call(self, *args: Any, **named: Any) -> Any:
        found = self._done(*args, **named)
        if not self._stands.is_set():
            self._stands.set()
            self._goes_on.wait(60)
        return found

    def write(self, chat: Conversation) -> threading.Thread:
        def run() -> None:
            try:
                keeping.write_facts(conversation_ids=[chat.pk])
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        return thread

    def write_at_once(
        self, one: Conversation, other: Conversation, *, between: Callable[[], Any]
    ) -> None:
        """Have the other written, after something has happened, while the first stands still."""
        self.write(one)
        assert self._stands.wait(60)
        between()
        second = self.write(other)
        until = time.monotonic() + 60
        while second.is_alive() and not somebody_waits():
            assert time.monotonic() < until
        self._goes_on.set()
        for thread in self._threads:
            thread.join(60)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_read_fewer_lines_does_not_write_after_who_read_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = make_desk()
    chat, [elif_] = start(desk), desk.agents
    AtWork(monkeypatch, "read_stays").write_at_once(
        chat, chat, between=lambda: accept(conversation=chat, agent=elif_, now=timezone.now())
    )
    fact = ChatFact.objects.get()
    assert fact.accepted_at is not None
    assert fact.upto_seq == Conversation.objects.get().last_seq


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_wrap_up_is_measured_with_words_of_a_chat_that_is_written_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = make_desk(brand={"capacity": 5})
    now, [elif_] = timezone.now(), desk.agents
    wrapped, other = start(desk, now=now), start(desk, now=now)
    for chat in (wrapped, other):
        accept(conversation=chat, agent=elif_, now=now)
    answer(wrapped, elif_, now=now + timedelta(seconds=5))
    end_conversation(conversation=wrapped, by=elif_, now=now + timedelta(seconds=60))
    resolve_conversation(
        conversation=wrapped, topic=desk.topic, by=elif_, now=now + timedelta(seconds=90)
    )
    AtWork(monkeypatch, "write_net").write_at_once(
        wrapped,
        other,
        between=lambda: answer(other, elif_, now=now + timedelta(seconds=70)),
    )
    assert StintFact.objects.get(acw__gt=0).acw_net == 29
