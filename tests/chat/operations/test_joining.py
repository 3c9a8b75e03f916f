"""Supervisors in chats that others have: who joins, leaves and takes over, and who is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.actors import Rule
from agents.models import Agent, AuditEntry, Permission, Status
from chat.events.lifecycle import ConversationAssigned, PartChanged, SlotFreed
from chat.models import Conversation, Participation
from chat.operations.assignment import (
    AlreadyTaken,
    AtCapacity,
    NotOnline,
    accept,
    requeue,
)
from chat.operations.conversations import end_conversation, reopen_conversation
from chat.operations.joining import NobodyElse, join, leave, take_over
from chat.operations.parking import PARKED_FOR, end_parked, park_conversation
from chat.operations.transfers import HasEnded, transfer
from chat.protocol import entry_frame
from chat.rights import NotAuthorised
from tests.support.desk import Desk, fresh, here, kinds, make_desk, start
from tests.support.factories import make_agent, make_brand, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk(agents=2)


@pytest.fixture
def boss(desk: Desk) -> Agent:
    return supervisor(Permission.CHAT, Permission.SUPERVISE)


@pytest.fixture
def chat(desk: Desk) -> Conversation:
    """A chat that the first agent has."""
    return accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())


def supervisor(*rights: str, **role) -> Agent:
    agent = make_agent(online=True, role=make_role(*rights, **{"scope": "all"} | role))
    here(agent)
    return agent


def joined(chat: Conversation, by: Agent) -> Conversation:
    return join(conversation=chat, by=by, now=timezone.now())


def taken_over(chat: Conversation, by: Agent) -> Conversation:
    return take_over(conversation=chat, by=by, now=timezone.now())


def takes_part(chat: Conversation, agent: Agent) -> bool:
    return Participation.objects.taking_part(agent.pk).filter(conversation=chat).exists()


def noted() -> list[tuple[str, Agent]]:
    lines = AuditEntry.objects.filter(action__startswith="conversation.").order_by("pk")
    return [(line.action, line.actor) for line in lines]


def test_who_joins_is_named_to_the_visitor_and_the_agent_keeps_the_chat(
    desk, boss, chat, announced
):
    agent, held = chat.assignee, fresh(chat).holds_slot
    joined(chat, boss)
    assert takes_part(chat, boss)
    assert (fresh(chat).assignee, fresh(chat).holds_slot) == (agent, held)
    line = chat.entries.for_wire().get(kind="joined")
    seen = entry_frame(line, audience="visitor")
    assert (seen["author"]["name"], seen["data"]) == (boss.name, {})
    assert noted() == [("conversation.joined", boss)]
    [event] = [event for event in announced if isinstance(event, PartChanged)]
    [told] = event.deliveries()
    assert told.content["touched"] == [chat.public_id]


def test_joining_and_leaving_again_change_nothing(boss, chat):
    for _ in range(2):
        joined(chat, boss)
    for _ in range(2):
        leave(conversation=chat, by=boss, now=timezone.now())
    assert not takes_part(chat, boss)
    assert kinds(chat)[-2:] == ["joined", "left"]
    assert chat.entries.get(kind="left").visitor_seq is not None
    joined(chat, boss)
    assert takes_part(chat, boss)
    assert kinds(chat)[-3:] == ["joined", "left", "joined"]


def test_joining_takes_no_slot(boss, chat):
    Agent.objects.filter(pk=boss.pk).update(capacity=0, status=Status.BREAK)
    joined(chat, boss)
    assert takes_part(chat, boss)


def test_only_who_supervises_the_chat_joins_or_takes_over(chat):
    for agent in (
        supervisor(Permission.CHAT),
        supervisor(Permission.CHAT, Permission.SUPERVISE, brands=(make_brand(),)),
    ):
        for act in (joined, taken_over):
            with pytest.raises(NotAuthorised):
                act(chat, agent)
    assert kinds(chat)[-1] == "accepted"
    assert not noted()


def test_only_an_open_chat_that_another_has_is_joined_or_taken_over(desk, boss, chat):
    waiting = start(desk)
    for act in (joined, taken_over):
        with pytest.raises(NobodyElse):
            act(waiting, boss)
    with pytest.raises(NobodyElse):
        joined(chat, desk.agents[0])
    end_conversation(conversation=chat, by=desk.agents[0], now=timezone.now())
    for act in (joined, taken_over):
        with pytest.raises(HasEnded):
            act(chat, boss)


def test_what_colleagues_say_among_themselves_is_neither_joined_nor_taken_over(boss, chat):
    Conversation.objects.filter(pk=chat.pk).update(kind=Conversation.Kind.TEAM)
    for act in (joined, taken_over):
        with pytest.raises(NobodyElse):
            act(fresh(chat), make_agent(is_superuser=True))


def test_taking_over_is_told_as_a_transfer(desk, boss, chat, announced):
    first = desk.agents[0]
    del announced[:]
    taken_over(chat, boss)
    chat = fresh(chat)
    assert (chat.status, chat.assignee, chat.holds_slot) == ("active", boss, True)
    assert kinds(chat)[-2:] == ["transferred", "accepted"]
    line = chat.entries.for_wire().get(kind="transferred")
    assert line.agent == boss
    assert line.data == {
        "from": first.name,
        "from_id": first.public_id,
        "to": boss.name,
        "to_id": boss.public_id,
        "took": True,
    }
    assert entry_frame(line, audience="visitor")["data"] == {"to": boss.name}
    [assigned] = [event for event in announced if isinstance(event, ConversationAssigned)]
    assert (assigned.previous_id, assigned.automatic) == (first.pk, False)
    assert [event.agent_id for event in announced if isinstance(event, SlotFreed)] == [first.pk]
    [line] = AuditEntry.objects.filter(action="conversation.taken_over")
    assert (line.actor, line.data) == (boss, {"old": first.name})
    again = taken_over(chat, boss)
    assert kinds(again)[-1] == "accepted"
    assert len(noted()) == 1


def test_the_hard_limit_holds_for_who_takes_over_too(desk, boss, chat):
    Agent.objects.filter(pk=boss.pk).update(capacity=1)
    accept(conversation=start(desk), agent=boss, now=timezone.now())
    with pytest.raises(AtCapacity):
        taken_over(chat, boss)
    assert fresh(chat).assignee == desk.agents[0]


def test_who_is_not_online_takes_nothing_over(desk, boss, chat):
    Agent.objects.filter(pk=boss.pk).update(status=Status.BREAK)
    with pytest.raises(NotOnline):
        taken_over(chat, boss)
    assert fresh(chat).assignee == desk.agents[0]


def test_who_supervises_without_answering_takes_nothing_over(desk, chat):
    with pytest.raises(NotAuthorised):
        taken_over(chat, supervisor(Permission.SUPERVISE))
    assert fresh(chat).assignee == desk.agents[0]


def test_a_chat_that_went_on_to_a_third_one_is_not_taken_from_them(desk, boss, chat):
    first, second = desk.agents
    seen = fresh(chat)
    transfer(conversation=chat, to=second, by=first, now=timezone.now())
    with pytest.raises(AlreadyTaken):
        taken_over(seen, boss)
    assert fresh(chat).assignee == second


@pytest.mark.parametrize("way", ["taken over", "transferred"])
def test_who_had_joined_and_gets_the_chat_takes_no_part_twice(desk, boss, chat, way):
    first = desk.agents[0]
    desk.team.agents.add(boss)
    joined(chat, boss)
    if way == "taken over":
        taken_over(chat, boss)
    else:
        transfer(conversation=chat, to=boss, by=first, now=timezone.now())
    assert not takes_part(chat, boss)
    assert kinds(chat)[-3:] == ["joined", "transferred", "accepted"]
    # Passed back it is not theirs any more, joined or not.
    transfer(conversation=fresh(chat), to=first, by=boss, now=timezone.now())
    assert not takes_part(chat, boss)


def test_who_joined_stays_while_the_chat_goes_elsewhere(desk, boss, chat):
    first, second = desk.agents
    joined(chat, boss)
    transfer(conversation=chat, to=second, by=first, now=timezone.now())
    assert takes_part(chat, boss)
    requeue(conversation=chat, by=None, now=timezone.now())
    assert takes_part(chat, boss)


def test_the_end_of_the_chat_is_the_end_of_taking_part(desk, boss, chat):
    joined(chat, boss)
    end_conversation(conversation=chat, by=desk.agents[0], now=timezone.now())
    assert not takes_part(chat, boss)
    assert "left" not in kinds(chat)
    reopen_conversation(conversation=chat, by=desk.agents[0], now=timezone.now())
    assert not takes_part(chat, boss)


def test_a_parked_chat_whose_customer_stays_away_ends_for_who_joined_too(boss, chat):
    joined(chat, boss)
    rule = Rule(id=1, name="E-posta iste")
    park_conversation(conversation=chat, by=rule, now=timezone.now())
    assert takes_part(chat, boss)
    end_parked(now=timezone.now() + PARKED_FOR + timedelta(minutes=1))
    assert (fresh(chat).status, takes_part(chat, boss)) == ("resolved", False)
