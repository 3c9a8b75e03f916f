"""How many chats an agent may hold, and the ledger of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from agents.access import accesses_of
from agents.models import Agent, Status, StatusInterval
from agents.operations import create_agent, give_role, renew_limits, set_status, set_teams
from agents.queries.capacity import limits_of
from tests.support.factories import make_agent, make_brand, make_role, make_team

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def after(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def ledger(agent: Agent) -> list[tuple[str, int, datetime | None]]:
    rows = StatusInterval.objects.filter(agent=agent, started_at__gte=NOW)
    rows = rows.order_by("started_at", "pk")
    return [(row.status, row.capacity, row.ended_at) for row in rows]


@pytest.fixture
def agent() -> Agent:
    """An Online agent whose only limit is the brand's."""
    make_brand(capacity=4)
    agent = make_agent()
    StatusInterval.objects.filter(agent=agent).update(started_at=after(-60))
    set_status(agent=agent, status=Status.ONLINE, by=agent, now=NOW)
    return agent


def test_the_agents_own_limit_counts_then_the_teams_then_the_brands() -> None:
    make_brand(capacity=3)
    own, of_team, of_brand = make_agent(capacity=0), make_agent(), make_agent()
    make_team(of_team, capacity=2)
    make_team(own, of_team, capacity=5)
    make_team(of_brand)
    elsewhere = make_agent(role=make_role(brands=[make_brand(capacity=7)]))
    people = [own, of_team, of_brand, elsewhere]
    limits = limits_of(people, accesses_of(people))
    assert [limits[each.pk] for each in people] == [0, 5, 7, 7]


def test_an_interval_keeps_the_limit_it_began_with(agent) -> None:
    assert ledger(agent) == [("online", 4, None)]
    Agent.objects.filter(pk=agent.pk).update(capacity=2)
    assert renew_limits(agents=[agent], by=None, now=after(10)) == 1
    assert renew_limits(agents=[agent], by=None, now=after(20)) == 0
    assert ledger(agent) == [("online", 4, after(10)), ("online", 2, None)]
    agent.refresh_from_db()
    # The time in a status runs on.
    assert (agent.status, agent.status_since) == ("online", NOW)


def test_whoever_joins_a_team_with_a_limit_begins_a_new_interval(agent) -> None:
    set_teams(agent=agent, teams=[make_team(capacity=9)], by=None, now=after(10))
    assert ledger(agent) == [("online", 4, after(10)), ("online", 9, None)]


def test_a_new_agent_has_one_interval_with_the_limit_of_the_first_roles() -> None:
    make_brand(capacity=6)
    new = create_agent(
        email="yeni@example.com", name="Yeni", password="x" * 12, language="tr", now=NOW
    )
    give_role(role=make_role(), to=new, by=None, now=NOW)
    assert ledger(new) == [("offline", 6, None)]


def test_the_administration_notes_new_limits_of_teams_and_brands(agent, boss_client) -> None:
    team = make_team(agent)
    form = {"name": team.name, "agents": [agent.pk], "ring_seconds": 30, "capacity": 3}
    boss_client.post(reverse("admin:agents_team_change", args=[team.pk]), form)
    assert [limit for _, limit, _ in ledger(agent)] == [4, 3]
