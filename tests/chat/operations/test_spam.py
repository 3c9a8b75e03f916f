"""Chats that nobody wanted: out of the way, out of every figure, and back when it was a mistake."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.access import access_of
from agents.models import Agent, Permission, Role
from chat.models import Conversation
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.ratings import NotRateable, rate_conversation
from chat.operations.spam import clear_spam, mark_spam
from chat.operations.tickets import convert_to_ticket
from chat.rights import NotAuthorised
from reports.definitions import FIGURES
from reports.definitions.shape import Source
from reports.facts.keeping import rebuild
from reports.figures.adding import compute
from reports.filters import default_filters
from tests.support.desk import Desk, answer, fresh, kinds, start, work
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(desk: Desk) -> Agent:
    return desk.agents[0]


def mark(chat: Conversation, by: Agent) -> Conversation:
    return mark_spam(conversation=chat, by=by, now=timezone.now())


def clear(chat: Conversation, by: Agent) -> Conversation:
    return clear_spam(conversation=chat, by=by, now=timezone.now())


def test_an_open_chat_goes_to_the_archive_without_a_topic(desk: Desk, agent: Agent) -> None:
    chat = start(desk, topic=None)
    work()
    before = fresh(chat)
    assert before.holds_slot
    marked = mark(chat, agent)
    assert (marked.status, marked.outcome, marked.topic) == ("resolved", "spam", None)
    assert (marked.holds_slot, marked.resolved_by) == (False, agent)
    assert kinds(chat)[-3:] == ["field", "ended", "resolved"]
    # The visitor reads that it ended, not what is thought of it.
    hidden = chat.entries.get(kind="field")
    assert hidden.visitor_seq is None
    assert hidden.data == {"name": "outcome", "from": "", "to": "spam", "marked": "spam"}
    seq = marked.last_seq
    mark(chat, agent)
    assert fresh(chat).last_seq == seq


def test_a_chat_in_line_need_not_be_accepted_first(desk: Desk, agent: Agent) -> None:
    chat = start(desk)
    assert mark(chat, agent).status == "resolved"
    boss = make_agent(role=make_role(Permission.SUPERVISE, Permission.ARCHIVE, scope="all"))
    assert clear(chat, boss).outcome == "abandoned"


def test_a_mistake_gives_back_what_became_of_the_chat(desk: Desk, agent: Agent) -> None:
    chat = start(desk)
    work()
    answer(chat, agent)
    resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=timezone.now())
    mark(chat, agent)
    with pytest.raises(NotRateable):
        rate_conversation(conversation=chat, score=1, comment="", now=timezone.now())
    assert clear(chat, agent).outcome == "answered"
    assert chat.entries.filter(kind="field").latest("seq").data["cleared"] == "spam"
    rate_conversation(conversation=chat, score=1, comment="", now=timezone.now())
    seq = fresh(chat).last_seq
    assert clear(chat, agent).last_seq == seq


def test_it_stands_in_no_figure_until_the_mark_is_taken_off(desk: Desk, agent: Agent) -> None:
    boss = access_of(make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL)))
    now = timezone.now()
    chat = start(desk, now=now - timedelta(minutes=9))
    work()
    answer(chat, agent)
    end_conversation(conversation=chat, by=agent, now=now)
    rate_conversation(conversation=chat, score=5, comment="", now=now)
    resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=now)

    def figures() -> dict[str, object]:
        rebuild()
        of_chats = [key for key, figure in FIGURES.items() if figure.source is not Source.TIME]
        whole = compute(of_chats, default_filters("Europe/Istanbul", now=now), boss, now=now)[None]
        return {key: value for key, value in whole.items() if value}

    before = figures()
    assert {"requests", "sessions", "ratings", "csat"} <= set(before)
    mark(chat, agent)
    assert figures() == {}
    clear(chat, agent)
    assert figures() == before


def test_the_ticket_that_was_made_in_case_nobody_comes_goes_with_it(
    desk: Desk, agent: Agent
) -> None:
    chat = start(desk)
    made = convert_to_ticket(conversation=chat, by=None, now=timezone.now(), email="a@example.com")
    mark(chat, agent)
    made.ticket.refresh_from_db()
    assert made.ticket.status == "resolved"


def test_who_may_not_file_a_chat_may_not_mark_it(desk: Desk, agent: Agent) -> None:
    chat = start(desk)
    stranger = make_agent(role=make_role(Permission.ARCHIVE))
    with pytest.raises(NotAuthorised):
        mark(chat, stranger)
    mark(chat, agent)
    with pytest.raises(NotAuthorised):
        clear(chat, stranger)
