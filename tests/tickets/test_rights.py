"""Who may see a ticket: the rows that a query keeps, and the bells that screens hear."""

from itertools import product

import pytest
from django.utils import timezone

from agents.access import access_of
from agents.models import Permission
from tests.support import tickets as support
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tests.support.sockets import console_socket, db
from tickets.models import Ticket
from tickets.operations.changes import change_ticket
from tickets.operations.drafts import save_ticket_draft
from tickets.places import place_of, reaches


@pytest.mark.django_db
def test_whether_a_ticket_is_seen_is_the_same_of_its_row_and_of_where_it_stands():
    ours, theirs = make_team(), make_team()
    brand = make_brand(default_team=ours)
    brands = [brand, make_brand(default_team=theirs), make_brand()]
    people = [make_agent(role=make_role(Permission.CHAT)), make_agent(is_superuser=True)]
    for scope, bound in product(("own", "team", "all"), ((), (brand,))):
        for team in (ours, theirs):
            people.append(make_agent(role=make_role(Permission.TICKETS, brands=bound, scope=scope)))
            team.agents.add(people[-1])
    # A role that is given to a team counts for that team alone.
    grant = make_role(Permission.TICKETS, scope="team")
    theirs.role_grants.create(role=grant)
    people.append(make_agent(role=make_role(Permission.CHAT)))
    ours.agents.add(people[-1])
    theirs.agents.add(people[-1])
    places = {}
    for each in brands:
        topics = [None, make_topic(each), make_topic(each, theirs), make_topic(each, ours, theirs)]
        for topic, team, mine in product(
            topics, (None, ours, theirs), (None, people[2], people[5])
        ):
            ticket = support.opened(each, topic=topic, assignee=mine)
            # As an operation has it: opening gives it a team.
            Ticket.objects.filter(pk=ticket.pk).update(team=team)
            ticket.team = team
            places[ticket.pk] = place_of(ticket)
    seen = set()
    for agent in people:
        access = access_of(agent)
        visible = set(Ticket.objects.visible_to(access).values_list("pk", flat=True))
        held = set(Ticket.objects.held_by(access).values_list("pk", flat=True))
        assert held == visible & set(agent.tickets.values_list("pk", flat=True))
        parts = Ticket.objects.in_parts(access)
        assert sorted(each.pk for part in parts for each in part) == sorted(visible)
        for pk, place in places.items():
            is_seen = pk in visible
            assert reaches(access, place) is is_seen, (agent.pk, place)
            seen.add(is_seen)
    assert seen == {True, False}


def _desk():
    role = make_role(Permission.TICKETS, scope="team")
    people = [make_agent(role=role) for _ in range(3)]
    team, other = make_team(*people[::2]), make_team(people[1])
    return people, support.opened(make_brand(default_team=team)), other


def _change(ticket, **changes):
    change_ticket(ticket=ticket, by=None, now=timezone.now(), changes=changes)


def _type(ticket, agent):
    save_ticket_draft(ticket=ticket, agent=agent, text="Bak", mode="reply", now=timezone.now())


@pytest.mark.django_db(transaction=True)
async def test_only_who_may_see_a_ticket_hears_which_one_it_is():
    (elif_, mert, suna), ticket, other = await db(_desk)
    seen, bare = str(ticket.pk), {"brand": str(ticket.brand_id)}
    async with console_socket(elif_) as ours, console_socket(mert) as theirs:
        await db(_type, ticket, suna)
        assert (await ours.event("ticket.typing"))["ticket"] == seen
        await db(_change, ticket, subject="Kargo kayıp")
        assert (await ours.event("ticket.changed")).items() >= (bare | {"ticket": seen}).items()
        # That there was something: a list may have lost a row. Who typed, not at all.
        frame = await theirs.hear("event")
        assert (frame["name"], frame["data"]) == ("ticket.changed", bare)
        # Who sees it no longer hears of that, and who sees it now.
        await db(_change, ticket, team=other)
        assert (await ours.event("ticket.changed"))["ticket"] == seen
        heard = [await theirs.event("ticket.changed") for _ in range(2)]
        assert [each.get("ticket") for each in heard] == [None, seen]
