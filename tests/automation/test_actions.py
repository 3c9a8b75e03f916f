"""What rules do: each action is an ordinary operation, and a rule that can't does nothing else."""

import pytest
from django.utils import timezone

from agents.hours.book import Book
from automation.models import Effect
from chat.models import Conversation
from chat.operations.assignment import accept
from chat.queries.people import face_of
from tests.support.desk import fresh, kinds, make_desk, start
from tests.support.factories import make_agent, make_role, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_desk(agents=2)


def reasons(chat: Conversation) -> list[str]:
    found = Effect.objects.filter(run__conversation=chat, position__gt=0).order_by("pk")
    return list(found.values_list("reason", flat=True))


def test_a_rule_gives_the_chat_to_an_agent(desk, rule, work_all):
    second = desk.agents[1]
    rule(actions=[{"action": "assign", "agent": second.public_id}])
    chat = start(desk)
    work_all()
    assert fresh(chat).assignee == second
    [line] = chat.entries.filter(kind="assigned")
    assert line.data["rule"]["name"] == "Deneme"
    assert line.data["to_id"] == second.public_id


def test_an_agent_who_is_away_is_given_nothing_and_the_chat_goes_on(desk, rule, work_all):
    away = make_agent(role=make_role())
    rule(
        actions=[
            {"action": "assign", "agent": away.public_id},
            {"action": "add_tag", "tag": "sonra"},
        ]
    )
    chat = start(desk)
    work_all()
    assert fresh(chat).assignee in desk.agents
    assert reasons(chat) == ["notonline"]


def test_a_rule_moves_the_chat_to_the_line_of_a_team_that_can_answer_it(desk, rule, work_all):
    other = make_team(desk.agents[1])
    empty = make_team()
    rule(actions=[{"action": "set_team", "team": str(other.pk)}])
    rule(
        when="updated",
        all=[{"field": "team", "operator": "changed"}],
        actions=[{"action": "set_team", "team": str(empty.pk)}],
    )
    chat = start(desk)
    work_all()
    now = fresh(chat)
    assert (now.team, now.assignee) == (other, desk.agents[1])
    assert reasons(chat) == ["", "wrongteam"]


def test_a_rule_sets_the_status(desk, rule, work_all):
    words = {"field": "text", "operator": "contains"}
    for word, status in (("bekle", "waiting"), ("bitti", "resolved")):
        rule(
            all=[{**words, "value": word}],
            actions=[{"action": "set_status", "status": status}],
        )
    waits, over = start(desk, text="Bekle"), start(desk, text="Bitti")
    work_all()
    assert fresh(waits).is_parked
    assert (fresh(over).status, kinds(over).count("queued")) == ("resolved", 0)
    [line] = over.entries.filter(kind="ended")
    assert (line.data["by"], line.data["rule"]["name"]) == ("system", "Deneme")


def test_a_rule_tells_agents_something_each_in_their_language(desk, rule, work_all, announced):
    first, second = desk.agents
    second.language = "en"
    second.save()
    stranger = make_agent(role=make_role(brands=(make_desk().brand,)))
    people = [agent.public_id for agent in (first, stranger)]
    text = {"tr": "Önemli müşteri", "en": "An important customer"}
    rule(actions=[{"action": "notify", "agents": people, "text": text}])
    rule(actions=[{"action": "notify", "team": str(desk.team.pk), "text": text}])
    start(desk)
    work_all()
    assert {event.customer for event in announced if event.name == "rule.notice"} == {
        face_of(Conversation.objects.get()).name
    }
    heard = [event.notices for event in announced if event.name == "rule.notice"]
    assert heard[0] == ((first.pk, "Önemli müşteri"),)
    assert sorted(heard[1]) == [(first.pk, "Önemli müşteri"), (second.pk, "An important customer")]


def test_a_rule_that_was_made_for_what_comes_in_takes_no_chat_from_its_agent(desk, rule, work_all):
    rule(actions=[{"action": "end_waiting"}])
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    work_all()
    assert fresh(chat).assignee == desk.agents[0]


@pytest.mark.parametrize("is_open", [True, False])
def test_rules_see_the_opening_hours_of_the_chats_own_desk(
    desk, rule, work_all, is_open, monkeypatch
):
    rule(all=[{"field": "within_hours", "operator": "is", "value": False}])
    chat = start(desk)
    monkeypatch.setattr(Book, "is_open", lambda *args, **options: is_open)
    work_all()
    assert ("note" in kinds(chat)) is not is_open


def test_a_rule_makes_a_ticket_of_the_type_it_names_or_else_of_the_topics(desk, rule, work_all):
    desk.topic.ticket_type = "question"
    desk.topic.save()
    words = {"field": "text", "operator": "contains"}
    rule(
        all=[{**words, "value": "şikâyet"}],
        actions=[{"action": "convert", "type": "complaint"}],
    )
    rule(all=[{**words, "value": "soru"}], actions=[{"action": "convert"}])
    complaint, other = start(desk, text="Bir şikâyetim var"), start(desk, text="Bir sorum var")
    work_all()
    assert fresh(complaint).ticket.type == "complaint"
    assert fresh(other).ticket.type == "question"
