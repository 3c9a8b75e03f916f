"""The life of a chat: start, end, resolve, reopen, topic."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Permission, Role, Status
from chat.events.lifecycle import (
    ConversationChanged,
    ConversationEnded,
    ConversationQueued,
    ConversationResolved,
)
from chat.models import Conversation
from chat.operations.assignment import (
    AtCapacity,
    NotOnline,
    accept,
    assign_conversation,
)
from chat.operations.conversations import (
    AlreadyOpen,
    AlreadyResolved,
    NotAssigned,
    NotEnded,
    TooLate,
    WrongTopic,
    end_conversation,
    reopen_conversation,
    resolve_conversation,
    set_topic,
)
from chat.rights import NotAuthorised
from tests.support.desk import Desk, fresh, kinds, make_desk, start, work
from tests.support.factories import (
    make_agent,
    make_brand,
    make_role,
    make_team,
    make_topic,
)

pytestmark = pytest.mark.django_db


def taken(desk: Desk) -> Conversation:
    chat = start(desk)
    return accept(conversation=chat, agent=desk.agents[0], now=timezone.now())


def test_an_ended_chat_waits_for_its_topic_and_keeps_its_slot(announced) -> None:
    desk = make_desk()
    chat = taken(desk)
    now = timezone.now()
    end_conversation(conversation=chat, by=chat.visitor, now=now)
    chat = fresh(chat)
    assert (chat.status, chat.holds_slot, chat.ended_at) == ("wrap_up", True, now)
    assert chat.entries.get(kind="ended").data == {"by": "visitor", "because": "left"}
    end_conversation(conversation=chat, by=desk.agents[0], now=now + timedelta(seconds=5))
    assert fresh(chat).ended_at == now
    assert [type(event) for event in announced].count(ConversationEnded) == 1


def test_the_callers_row_is_brought_up_to_date() -> None:
    desk = make_desk()
    chat = start(desk)
    stale = fresh(chat)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    end_conversation(conversation=stale, by=desk.agents[0], now=timezone.now())
    assert (stale.status, stale.assignee) == ("wrap_up", desk.agents[0])


def test_a_visitor_who_leaves_the_line_abandons_the_chat() -> None:
    chat = start(make_desk())
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    chat = fresh(chat)
    assert (chat.status, chat.outcome) == ("resolved", "abandoned")
    assert kinds(chat)[-2:] == ["ended", "resolved"]


def test_the_system_ends_with_its_outcome() -> None:
    chat = taken(make_desk())
    end_conversation(conversation=chat, by=None, now=timezone.now(), outcome="timed_out")
    chat = fresh(chat)
    assert (chat.status, chat.outcome, chat.holds_slot) == ("resolved", "timed_out", False)


def test_an_agent_ends_only_what_somebody_has() -> None:
    desk = make_desk()
    with pytest.raises(NotAssigned):
        end_conversation(conversation=start(desk), by=desk.agents[0], now=timezone.now())


@pytest.mark.parametrize("ended_first", [True, False])
def test_resolving_needs_a_topic_of_the_brand_and_frees_the_slot(announced, ended_first) -> None:
    desk = make_desk()
    agent, chat = desk.agents[0], taken(desk)
    if ended_first:
        end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    with pytest.raises(WrongTopic):
        resolve_conversation(
            conversation=chat, topic=make_topic(make_brand()), by=agent, now=timezone.now()
        )
    other = make_topic(desk.brand, name_tr="Ödeme")
    resolve_conversation(conversation=chat, topic=other, by=agent, now=timezone.now())
    chat = fresh(chat)
    assert (chat.status, chat.outcome, chat.holds_slot) == ("resolved", "answered", False)
    assert (chat.topic, chat.chosen_topic, chat.resolved_by) == (other, desk.topic, agent)
    assert chat.ended_at <= chat.resolved_at
    assert kinds(chat)[-3:] == ["ended", "field", "resolved"]
    assert chat.entries.get(kind="resolved").data == {
        "outcome": "answered",
        "because": "left" if ended_first else "closed",
        "topic": "Ödeme",
        "topic_id": str(other.pk),
    }
    resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=timezone.now())
    assert fresh(chat).topic == other
    assert [type(event) for event in announced].count(ConversationResolved) == 1


def test_a_queued_chat_cannot_be_resolved() -> None:
    desk = make_desk()
    with pytest.raises(NotAssigned):
        resolve_conversation(
            conversation=start(desk), topic=desk.topic, by=desk.agents[0], now=timezone.now()
        )


def test_a_visitor_reopens_with_the_same_agent_when_there_is_room() -> None:
    desk = make_desk()
    chat = taken(desk)
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=timezone.now())
    reopen_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("active", desk.agents[0], True)
    assert (chat.outcome, chat.ended_at, chat.resolved_at) == ("", None, None)
    assert kinds(chat)[-2:] == ["reopened", "assigned"]


def test_a_reopened_chat_goes_to_the_head_of_the_queue_when_its_agent_is_away() -> None:
    desk = make_desk(agents=2)
    chat = taken(desk)
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=timezone.now())
    desk.agents[0].status = Status.BREAK
    desk.agents[0].save()
    waiting = start(desk)
    reopen_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("queued", None, False)
    assert chat.priority > fresh(waiting).priority
    assert kinds(chat)[-2:] == ["reopened", "queued"]


def test_reopening_has_a_window_and_never_makes_two_open_chats(settings) -> None:
    desk = make_desk()
    chat = taken(desk)
    with pytest.raises(NotEnded):
        reopen_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    late = timezone.now() + timedelta(hours=settings.IMECE["REOPEN_HOURS"], seconds=1)
    with pytest.raises(TooLate):
        reopen_conversation(conversation=chat, by=chat.visitor, now=late)
    newer = start(desk, chat.visitor)
    with pytest.raises(AlreadyOpen) as refused:
        reopen_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    assert refused.value.conversation == newer


def test_an_agent_who_reopens_takes_the_chat_within_the_limit() -> None:
    desk = make_desk(agents=2, brand={"capacity": 1})
    first, second = desk.agents
    Role.objects.update(scope=Role.Scope.TEAM)
    chat = taken(desk)
    resolve_conversation(conversation=chat, topic=desk.topic, by=first, now=timezone.now())
    busy = start(desk)
    accept(conversation=busy, agent=second, now=timezone.now())
    with pytest.raises(AtCapacity):
        reopen_conversation(conversation=chat, by=second, now=timezone.now())
    resolve_conversation(conversation=busy, topic=desk.topic, by=second, now=timezone.now())
    reopen_conversation(conversation=chat, by=second, now=timezone.now())
    assert fresh(chat).assignee == second
    assert kinds(chat)[-2:] == ["reopened", "accepted"]
    resolve_conversation(conversation=chat, topic=desk.topic, by=second, now=timezone.now())
    second.status = Status.INVISIBLE
    second.save()
    with pytest.raises(NotOnline):
        reopen_conversation(conversation=chat, by=second, now=timezone.now())


def test_who_reopens_the_wrap_up_of_a_colleague_frees_the_colleagues_slot_for_the_next() -> None:
    desk = make_desk(agents=2, brand={"capacity": 1})
    first, second = desk.agents
    Role.objects.update(scope=Role.Scope.TEAM)
    chat = taken(desk)
    end_conversation(conversation=chat, by=first, now=timezone.now())
    waiting = start(desk)
    Conversation.objects.filter(pk=waiting.pk).update(team=make_team(first))
    work()
    assert fresh(waiting).assignee is None
    reopen_conversation(conversation=chat, by=second, now=timezone.now())
    work()
    assert (fresh(chat).assignee, fresh(waiting).assignee) == (second, first)


def test_a_topic_that_an_agent_sets_moves_a_waiting_chat_to_its_teams(announced) -> None:
    desk = make_desk()
    chat = start(desk, topic=None, topic_text="fatura")
    billing = make_topic(desk.brand, make_team(), name_tr="Fatura")
    set_topic(conversation=chat, topic=billing, by=desk.agents[0], now=timezone.now())
    assert fresh(chat).topic == billing
    entry = chat.entries.get(kind="field")
    assert (entry.visitor_seq, entry.data["label"]) == (None, "Fatura")
    assert [type(event) for event in announced].count(ConversationQueued) == 2


def test_the_agent_of_a_chat_keeps_it_when_its_topic_changes(announced) -> None:
    desk = make_desk()
    chat = taken(desk)
    chat.team = desk.team
    chat.save()
    billing = make_topic(desk.brand, make_team(), name_tr="Fatura")
    set_topic(conversation=chat, topic=billing, by=desk.agents[0], now=timezone.now())
    kept = fresh(chat)
    assert (kept.assignee, kept.status, kept.holds_slot) == (desk.agents[0], "active", True)
    # From now on the topic says which teams it belongs to.
    assert (kept.topic, kept.team) == (billing, None)
    assert type(announced[-1]) is ConversationChanged
    set_topic(conversation=chat, topic=billing, by=desk.agents[0], now=timezone.now())
    changed = chat.entries.filter(kind="field").values_list("data__name", flat=True)
    assert sorted(changed) == ["team", "topic"]


def test_a_chat_stops_ringing_at_those_whom_its_new_topic_leaves_out() -> None:
    desk = make_desk(auto_accept=False)
    chat = start(desk)
    work()
    assert chat.offers.get().result == "open"
    billing = make_topic(desk.brand, make_team())
    set_topic(conversation=chat, topic=billing, by=None, now=timezone.now())
    work()
    assert chat.offers.get().result == "withdrawn"
    set_topic(conversation=chat, topic=desk.topic, by=None, now=timezone.now())
    work()
    assert [offer.result for offer in chat.offers.order_by("pk")] == ["withdrawn", "open"]


def test_the_topic_of_a_resolved_chat_stays() -> None:
    desk = make_desk()
    chat = taken(desk)
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=timezone.now())
    other = make_topic(desk.brand)
    with pytest.raises(AlreadyResolved):
        set_topic(conversation=chat, topic=other, by=desk.agents[0], now=timezone.now())
    foreign = make_topic(make_brand())
    with pytest.raises(WrongTopic):
        set_topic(conversation=taken(desk), topic=foreign, by=None, now=timezone.now())


@pytest.mark.parametrize("verb", [end_conversation, resolve_conversation, set_topic])
def test_who_lost_a_chat_meanwhile_changes_nothing_of_it(verb) -> None:
    desk = make_desk(agents=2)
    first, second = desk.agents
    chat = taken(desk)
    seen_before = fresh(chat)
    assign_conversation(conversation=chat, to=second, by=None, now=timezone.now())
    before = kinds(chat)
    other = make_topic(desk.brand, desk.team, name_tr="Fatura")
    topic = {} if verb is end_conversation else {"topic": other}
    with pytest.raises(NotAuthorised):
        verb(conversation=seen_before, by=first, now=timezone.now(), **topic)
    assert kinds(chat) == before
    verb(conversation=fresh(chat), by=second, now=timezone.now(), **topic)
    assert kinds(chat) != before


@pytest.mark.parametrize("verb", [end_conversation, resolve_conversation, set_topic])
def test_a_supervisor_may_finish_the_chat_of_an_agent(verb) -> None:
    desk = make_desk()
    chat = taken(desk)
    selin = make_agent(
        role=make_role(Permission.SUPERVISE, Permission.ARCHIVE, scope=Role.Scope.ALL)
    )
    other = make_topic(desk.brand, desk.team, name_tr="Fatura")
    topic = {} if verb is end_conversation else {"topic": other}
    before = kinds(chat)
    verb(conversation=chat, by=selin, now=timezone.now(), **topic)
    assert kinds(chat) != before


@pytest.mark.parametrize("lost", ["role", "brand"])
def test_who_lost_the_right_to_answer_neither_takes_nor_reopens(lost) -> None:
    desk = make_desk()
    [elif_] = desk.agents
    queued = start(desk)
    ended = start(desk)
    accept(conversation=ended, agent=elif_, now=timezone.now())
    end_conversation(conversation=ended, by=elif_, now=timezone.now())
    if lost == "role":
        elif_.role_grants.all().delete()
    else:
        elif_.role_grants.get().role.brands.add(make_brand())
    with pytest.raises(NotAuthorised):
        accept(conversation=queued, agent=elif_, now=timezone.now())
    with pytest.raises(NotAuthorised):
        reopen_conversation(conversation=ended, by=elif_, now=timezone.now())
    assert (fresh(queued).status, fresh(ended).status) == ("queued", "wrap_up")
