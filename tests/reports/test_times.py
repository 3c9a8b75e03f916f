"""How long things took, computed by hand: answers, silences, waits by rules, open hours."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from agents.access import access_of
from agents.models import Agent, HoursWeek, Permission, Role
from chat.models import Conversation, Entry
from chat.operations.assignment import accept
from chat.operations.conversations import (
    end_conversation,
    reopen_conversation,
    resolve_conversation,
)
from chat.operations.parking import park_conversation
from chat.operations.ratings import rate_conversation
from chat.operations.waking import wake_conversation
from chat.posting.messages import Author, Outgoing, Posted, post_message
from reports.definitions.percentile import Percentile
from reports.facts.keeping import rebuild, write_facts
from reports.figures.adding import compute
from reports.filters import Filters
from reports.models import ChatFact, StintFact
from tests.reports.test_reports import answered
from tests.support.desk import make_desk, start
from tests.support.factories import make_agent, make_brand, make_role, make_visitor

pytestmark = pytest.mark.django_db

ISTANBUL = ZoneInfo("Europe/Istanbul")
# A Tuesday.
DAY = date(2026, 11, 3)
NOON = datetime(2026, 11, 3, 12, tzinfo=ISTANBUL)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def figures(*keys: str, days: int = 0, by: str = "") -> Any:
    boss = make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL))
    filters = Filters(first=DAY, last=DAY + timedelta(days=days), zone=ISTANBUL)
    found = compute(keys, filters, access_of(boss), by=by, now=after(9 * 86_400))
    return found if by else found[None]


def says(chat: Conversation, who: Agent | None, at: datetime) -> None:
    author = Author.of_agent(who) if who else Author.of_visitor(chat.visitor)
    words = Outgoing(chat.public_id, author, "Merhaba", str(uuid4()), "message")
    posted = post_message(words, now=at)
    assert isinstance(posted, Posted), posted


def told(*lines: tuple[float, str, str, dict[str, Any]], brand: Any = None) -> ChatFact:
    """The facts of a chat with these lines: second, kind, author and what else they say."""
    brand = brand or make_brand()
    agent = make_agent()
    chat = Conversation.objects.create(
        brand=brand, visitor=make_visitor(brand), channel="web", language="tr",
        status="resolved", created_at=NOON, last_seq=len(lines) + 1,
    )  # fmt: skip
    for seq, (second, kind, author, data) in enumerate(
        ((0, "started", "visitor", {}), *lines), start=1
    ):
        Entry.objects.create(
            conversation=chat, seq=seq, kind=kind, author_kind=author, created_at=after(second),
            data={"to_id": agent.public_id} | data if kind == "accepted" else data,
            agent=agent if author == "agent" else None,
        )  # fmt: skip
    write_facts(conversation_ids=[chat.pk])
    return ChatFact.objects.filter(conversation=chat).order_by("number")[0]


SPOKE, ANSWERED = ("message", "visitor", {}), ("message", "agent", {})
TAKEN, QUEUED = ("accepted", "agent", {}), ("queued", "system", {})


def ended(by: str) -> tuple[str, str, dict[str, Any]]:
    return ("ended", by, {"by": by, "because": "left" if by == "visitor" else "closed"})


def test_each_answer_is_measured_from_the_first_word_that_stood_unanswered() -> None:
    told(
        (0, *SPOKE), (1, *QUEUED), (5, *TAKEN), (10, *ANSWERED),
        # Nothing stands unanswered.
        (12, *ANSWERED),
        (20, *SPOKE), (40, *SPOKE), (45, "message", "agent", {"automatic": True}),
        (80, *ANSWERED), (90, *SPOKE), (110, *ANSWERED),
        (200, *ended("agent")),
    )  # fmt: skip
    row = figures("response", "response_median", "response_p90", "dropped")
    # 10, 60 and 20 seconds.
    assert row == {"response": 30, "response_median": 20, "response_p90": 52, "dropped": 0}


def test_a_silence_too_long_is_no_time_spent_on_each_other() -> None:
    fact = told(
        (0, *SPOKE), (600, *ANSWERED), (840, *SPOKE), (1081, *SPOKE), (1682, *ANSWERED),
        (1690, "message", "agent", {"automatic": True}), (1700, *ANSWERED),
    )  # fmt: skip
    # An agent's up to 10 minutes and a visitor's up to 4.
    assert fact.engaged == 600 + 240 + 18


@pytest.mark.parametrize(
    ("last_word", "by", "end", "is_dropped"),
    [
        (100, "agent", 160, True),
        (100, "agent", 159, False),
        (100, "visitor", 159, False),
        (100, "visitor", 160, True),
    ],
)
def test_who_stood_unanswered_for_a_minute_at_the_end_was_dropped(
    last_word: float, by: str, end: float, is_dropped: bool
) -> None:
    told(
        (0, *SPOKE), (0, *QUEUED), (5, *TAKEN), (10, *ANSWERED), (last_word, *SPOKE),
        (end, *ended(by)),
    )  # fmt: skip
    assert figures("dropped")["dropped"] == is_dropped


def test_a_visitor_who_leaves_right_after_their_last_word_was_not_dropped() -> None:
    told((0, *QUEUED), (5, *TAKEN), (10, *SPOKE), (150, *SPOKE), (200, *ended("visitor")))
    assert figures("dropped")["dropped"] == 0
    told((0, *QUEUED), (5, *TAKEN), (10, *SPOKE), (150, *SPOKE), (200, *ended("agent")))
    assert figures("dropped")["dropped"] == 1


def test_what_a_rule_had_wait_for_its_customer_is_no_wait_and_not_missed() -> None:
    parked = ("status", "bot", {"from": "queued", "to": "waiting"})
    told((0, *QUEUED), (30, *parked), (3630, *QUEUED), (3640, *TAKEN), (3650, *ANSWERED))
    assert figures("wait", "wait_open") == {"wait": 40, "wait_open": 40}
    resolved = ("resolved", "system", {"outcome": "timed_out", "because": "timed_out"})
    told((0, *QUEUED), (30, *parked), (86_430, *resolved))
    row = figures("missed", "timed_out", "held_by_rule", "service_level")
    assert row == {"missed": 0, "timed_out": 0, "held_by_rule": 1, "service_level": 0}


def test_a_rule_s_wait_is_read_of_what_the_product_writes() -> None:
    desk = make_desk()
    chat = start(desk, now=NOON)
    park_conversation(conversation=chat, by=None, now=after(30))
    rebuild()
    assert ChatFact.objects.get().is_held


def test_who_chooses_e_mail_soon_was_not_kept_waiting_but_who_is_sent_to_the_form_was() -> None:
    def left_for_mail(second: float, **more: str) -> Any:
        ChatFact.objects.all().delete()
        data = {"outcome": "offline", "because": "nobody", **more}
        told((0, *QUEUED), (second, "resolved", "system", data))
        return figures("offline", "service_level")

    assert left_for_mail(30) == {"offline": 1, "service_level": None}
    assert left_for_mail(31) == {"offline": 1, "service_level": 0}
    assert left_for_mail(20, form="nobody") == {"offline": 1, "service_level": 0}


def test_of_a_missed_chat_that_was_closed_the_part_is_told() -> None:
    told((0, *QUEUED), (50, *ended("agent")))
    assert figures("missed", "closed", "abandoned") == {"missed": 1, "closed": 1, "abandoned": 0}


def test_a_chat_that_comes_back_is_one_chat_and_missed_only_if_nobody_ever_answered_it() -> None:
    keys = ("requests", "missed", "closed", "offline", "held_by_rule")
    desk = make_desk(agents=1)
    [elif_] = desk.agents
    chat = answered(desk, elif_, NOON, wait=10, talk=60, acw=30)
    # Their thanks bring it back to the agent, who has nothing to say to them.
    says(chat, None, after(3600))
    wake_conversation(conversation_id=chat.pk, now=after(3601))
    resolve_conversation(conversation=chat, topic=desk.topic, by=elif_, now=after(3700))
    rebuild()
    assert ChatFact.objects.filter(conversation=chat).count() == 2
    assert figures(*keys) == dict.fromkeys(keys, 0) | {"requests": 1}
    closed, parked = ended("agent"), ("status", "bot", {"from": "queued", "to": "waiting"})
    back = ("reopened", "visitor", {})
    told((0, *QUEUED), (50, *closed), (60, *back), (70, *TAKEN), (80, *ANSWERED), (90, *closed))
    assert figures(*keys) == dict.fromkeys(keys, 0) | {"requests": 2}
    told((0, *TAKEN), (1, *ANSWERED), (50, *closed), (60, *back), (61, *parked), (90, *closed))
    assert figures(*keys) == dict.fromkeys(keys, 0) | {"requests": 3}
    told((0, *QUEUED), (50, *closed), (60, *back), (70, *QUEUED), (90, *closed))
    found = figures(*keys)
    assert found == dict.fromkeys(keys, 0) | {"requests": 4, "missed": 1, "closed": 1}


def test_each_time_that_somebody_left_the_line_counts() -> None:
    told(
        (0, *QUEUED), (50, *ended("visitor")), (60, "reopened", "visitor", {}), (70, *QUEUED),
        (90, *ended("visitor")),
    )  # fmt: skip
    row = figures("missed", "abandoned", "service_level", "wait_left")
    assert row == {"missed": 1, "abandoned": 2, "service_level": 0, "wait_left": 35}


def test_passing_a_chat_on_is_no_new_wait_for_its_visitor() -> None:
    closed, back = ended("agent"), ("reopened", "visitor", {})
    goes_on = ("assigned", "system", {"because": "reopened"})
    told(
        (0, *QUEUED), (10, *TAKEN), (20, *ANSWERED), (30, *closed),
        (100, *back), (100, *goes_on), (120, *ANSWERED),
        # To another team, where somebody takes it up.
        (400, *QUEUED), (430, *TAKEN), (440, *ANSWERED), (500, *closed),
    )  # fmt: skip
    first, second = ChatFact.objects.order_by("number")
    assert (first.wait, first.first_response) == (10, 20)
    assert (second.queued_at, second.wait, second.first_response) == (None, None, 20)
    assert figures("wait", "first_response", "service_level") == {
        "wait": 10, "first_response": 20, "service_level": 1.0,
    }  # fmt: skip


def test_a_chat_resolved_again_has_a_first_and_a_last_resolution_and_counts_as_reopened() -> None:
    desk = make_desk(agents=1)
    [elif_] = desk.agents
    chat = answered(desk, elif_, NOON, wait=10, talk=60, acw=30)
    answered(desk, elif_, NOON, wait=10, talk=80, acw=10)
    reopen_conversation(conversation=chat, by=chat.visitor, now=after(3600))
    rebuild()
    # Of the one that goes on there is no last one yet.
    keys = ("resolved", "resolution_first", "resolution_last", "reopen_rate")
    assert figures(*keys) == {
        "resolved": 2, "resolution_first": 100, "resolution_last": 100, "reopen_rate": 0.5,
    }  # fmt: skip
    chat.refresh_from_db()
    end_conversation(conversation=chat, by=chat.visitor, now=after(7200))
    chat.refresh_from_db()
    if chat.resolved_at is None:
        resolve_conversation(conversation=chat, topic=desk.topic, by=elif_, now=after(7200))
    rebuild()
    row = figures(*keys)
    assert row["resolution_last"] == (7200 + 100) / 2
    assert (row["resolved"], row["reopen_rate"]) == (3, pytest.approx(1 / 3))


def test_a_chat_reopened_after_more_than_a_week_was_not_reopened_in_time() -> None:
    resolved = ("resolved", "agent", {"outcome": "answered"})
    week = 7 * 86_400
    for later, share in ((week, 1.0), (week + 1, 0.5)):
        told((0, *QUEUED), (9, *resolved), (9 + later, "reopened", "visitor", {}))
        assert figures("reopen_rate")["reopen_rate"] == share


def test_open_hours_are_those_of_the_brand_as_the_stay_began() -> None:
    brand = make_brand(time_zone="Europe/Istanbul")
    week: dict[str, Any] = {day: [] for day in ("wed", "thu", "fri", "sat", "sun")}
    week |= {"mon": [["09:00", "18:00"]], "tue": [["09:00", "12:30"]]}
    changed = after(86_400)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    HoursWeek.objects.create(brand=brand, days=week, valid_from=old, valid_until=changed)
    # Later hours change nothing of what was.
    HoursWeek.objects.create(brand=brand, days=None, valid_from=changed)
    fact = told(
        (0, *SPOKE), (0, *QUEUED), (1700, *TAKEN), (3700, *ANSWERED), (4000, *ended("agent")),
        (6 * 86_400, "resolved", "agent", {"outcome": "answered"}), brand=brand,
    )  # fmt: skip
    # Of 12:00 to 13:01:40 half an hour.
    assert (fact.wait, fact.wait_open) == (1700, 1700)
    assert (fact.first_response, fact.first_response_open) == (3700, 1800)
    assert figures("reaction", "reaction_open", "response", "response_open") == {
        "reaction": 2000, "reaction_open": 100, "response": 3700, "response_open": 1800,
    }  # fmt: skip
    # Up to 12:30 that day, and three hours of the next Monday's morning: 9 to 12.
    assert fact.resolution_open == 1800 + 3 * 3600
    later = told((2 * 86_400, *QUEUED), (2 * 86_400 + 60, *ended("visitor")), brand=brand)
    # It began while the first hours held.
    assert later.wait_left_open == 0


def test_a_net_wrap_up_leaves_out_the_seconds_of_words_elsewhere() -> None:
    desk = make_desk(agents=1, brand={"capacity": 5})
    [elif_] = desk.agents
    other = start(desk, now=NOON)
    accept(conversation=other, agent=elif_, now=after(5))
    other.refresh_from_db()
    # It ends after 70 seconds and is resolved 30 later.
    answered(desk, elif_, NOON, wait=10, talk=60, acw=30)
    rebuild()
    assert figures("acw", "acw_net") == {"acw": 30, "acw_net": 30}
    for second in (69, 75, 75.4, 80, 101):
        says(other, elif_, after(second))
    # Words that came in later change a wrap-up that was measured before.
    write_facts(conversation_ids=[other.pk])
    assert figures("acw_net")["acw_net"] == 28
    once = list(StintFact.objects.order_by("begun").values_list("agent", "begun", "acw_net"))
    rebuild()
    again = list(StintFact.objects.order_by("begun").values_list("agent", "begun", "acw_net"))
    assert once == again


def test_the_response_rate_asks_those_who_saw_the_question() -> None:
    desk = make_desk(agents=1)
    [elif_] = desk.agents
    chats = [answered(desk, elif_, NOON, wait=10, talk=60, acw=30) for _ in range(3)]
    for chat in chats[:2]:
        chat.refresh_from_db()
        chat.visitor_delivered_seq = chat.last_visitor_seq
        chat.save(update_fields=["visitor_delivered_seq"])
    rate_conversation(conversation=chats[0], score=4, comment="", now=after(200))
    rebuild()
    assert figures("response_rate")["response_rate"] == 0.5


def test_a_share_of_values_lies_where_both_databases_put_it() -> None:
    agent, brand = make_agent(), make_brand()
    visitor = make_visitor(brand)
    for number, wait in enumerate((4.5, 1.25, None, 10.0, 2.0)):
        chat = Conversation.objects.create(
            brand=brand, visitor=visitor, channel="web", language="tr", status="resolved"
        )
        ChatFact.objects.create(
            conversation=chat, number=0, upto_seq=1, brand=brand, channel="web", messages=0,
            started_by="visitor", started_at=timezone.now(), wait=wait, agent=agent,
            score=number,
        )  # fmt: skip
    shares = {
        f"at_{share}": Percentile("wait", share=share / 100) for share in (0, 25, 50, 90, 100)
    }
    found = ChatFact.objects.aggregate(**shares)
    assert found == {
        "at_0": 1.25, "at_25": 1.8125, "at_50": 3.25, "at_90": pytest.approx(8.35), "at_100": 10.0,
    }  # fmt: skip
    assert ChatFact.objects.none().aggregate(of=Percentile("wait", share=0.5)) == {"of": None}
