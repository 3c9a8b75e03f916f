"""One change to many tickets, and back."""

import pytest
from django.utils import timezone

from agents.models import Permission, Role
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tests.support.tickets import opened
from tickets.models import Ticket
from tickets.operations.changes import change_ticket
from tickets.operations.many import change_many, undo_many
from tickets.operations.replies import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def giver():
    return make_agent(role=make_role(Permission.TICKETS, scope=Role.Scope.TEAM))


@pytest.fixture
def team(giver):
    return make_team(giver)


def test_many_are_changed_and_changed_back_but_for_what_changed_since(giver, team):
    ticket, other = (opened(make_brand(), team=team) for _ in range(2))
    foreign = opened(make_brand(), team=make_team())
    now = timezone.now()
    done = change_many(
        tickets=[ticket, other, foreign], by=giver, now=now, changes={"status": "resolved"}
    )
    assert {each.ticket_id for each in done} == {ticket.pk, other.pk}
    change_ticket(ticket=other, by=giver, now=now, changes={"status": "open"})
    assert undo_many(done=done, by=giver, now=now) == 1
    found = dict(Ticket.objects.values_list("pk", "status"))
    assert (found[ticket.pk], found[other.pk], found[foreign.pk]) == ("new", "open", "new")


@pytest.mark.parametrize("scope", [Role.Scope.OWN, Role.Scope.TEAM])
def test_who_gives_many_away_gets_them_back_while_nothing_has_happened_there(team, scope):
    role = make_role(Permission.TICKETS, scope=scope)
    giver, taker = make_agent(role=role), make_agent(role=role)
    team.agents.add(giver)
    others = make_team(taker)
    brand = make_brand()
    given = [opened(brand, team=team) for _ in range(3)]
    wish = {"team": others, "assignee": taker}
    done = change_many(tickets=given, by=giver, now=timezone.now(), changes=wish, tag="iade")
    assert not Ticket.objects.visible_to(giver).exists()
    # In the last one the new agent has begun.
    say(ticket=given[2], by=taker, text="Merhaba", client_id="c1", now=timezone.now())
    assert undo_many(done=done, by=giver, now=timezone.now()) == 2
    became = Ticket.objects.order_by("pk").values_list("team", "assignee", "tags__name", "status")
    assert [*became[:2]] == [(team.pk, None, None, "new")] * 2
    assert became[2][:3] == (others.pk, taker.pk, "iade")


@pytest.mark.parametrize("lost", ["role", "account", "team"])
def test_who_may_no_longer_see_them_at_all_takes_nothing_back(giver, team, lost):
    others = make_team()
    ticket = opened(make_brand(), team=team)
    done = change_many(tickets=[ticket], by=giver, now=timezone.now(), changes={"team": others})
    if lost == "role":
        giver.role_grants.all().delete()
    elif lost == "team":
        team.agents.remove(giver)
    else:
        giver.is_active = False
        giver.save()
    assert undo_many(done=done, by=giver, now=timezone.now()) == 0
    assert Ticket.objects.get().team == others
