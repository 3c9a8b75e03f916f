"""What roles let an agent see, for every scope, brand and channel."""

from functools import partial

import pytest
from django.conf import settings
from django.utils import timezone

from agents.access import access_of, accesses_of, brands_of
from agents.models import Permission, Role, RoleGrant
from agents.operations import disable_agent, give_role, set_members, take_role
from chat.models import Conversation, Participation
from chat.models.querysets import surely_sees
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)
from tests.support.races import at_once
from tickets.models import Contact, Ticket

pytestmark = pytest.mark.django_db


def seen(agent):
    found = set(Conversation.objects.visible_to(agent))
    # What a row alone says must never be more.
    access = access_of(agent)
    assert {chat for chat in Conversation.objects.all() if surely_sees(access, chat)} <= found
    return found


@pytest.fixture
def brand():
    return make_brand()


@pytest.fixture
def floor(brand):
    """Two teams with one topic each; a queued and an assigned chat per team."""
    elif_ = make_agent(role=make_role(Permission.CHAT))
    deniz = make_agent(role=make_role(Permission.CHAT))
    sales, support = make_team(elif_), make_team(deniz)
    topics = make_topic(brand, sales), make_topic(brand, support)
    chats = {}
    for name, topic, assignee in (("sales", topics[0], elif_), ("support", topics[1], deniz)):
        for status, person in (("queued", None), ("active", assignee)):
            chats[name, status] = make_conversation(
                make_visitor(brand), topic=topic, status=status, assignee=person
            )
    return {"elif": elif_, "deniz": deniz, "sales": sales, "support": support, **chats}


def test_own_scope_shows_my_chats_and_my_teams_queue(floor):
    assert seen(floor["elif"]) == {floor["sales", "active"], floor["sales", "queued"]}


def test_own_scope_hides_a_colleagues_chat_of_the_same_team(floor):
    mert = make_agent()
    floor["sales"].agents.add(mert)
    assert seen(mert) == {floor["sales", "queued"]}


def test_a_chat_i_joined_is_mine_to_see_until_i_leave(floor):
    chat = floor["support", "active"]
    part = Participation.objects.create(
        conversation=chat, agent=floor["elif"], joined_at=timezone.now()
    )
    assert chat in seen(floor["elif"])
    part.left_at = timezone.now()
    part.save()
    assert chat not in seen(floor["elif"])


def test_only_having_looked_at_a_chat_shows_nothing(floor):
    chat = floor["support", "active"]
    Participation.objects.create(conversation=chat, agent=floor["elif"], read_seq=3)
    assert chat not in seen(floor["elif"])


def test_team_scope_shows_all_chats_of_my_teams(floor):
    selin = make_agent(role=make_role(Permission.CHAT, scope=Role.Scope.TEAM))
    floor["sales"].agents.add(selin)
    assert seen(selin) == {floor["sales", "active"], floor["sales", "queued"]}


def test_all_scope_shows_everything_of_the_brands_it_names(floor, brand):
    other = make_conversation(make_visitor(make_brand()))
    everywhere = make_agent(role=make_role(Permission.CHAT, scope=Role.Scope.ALL))
    here = make_agent(role=make_role(Permission.CHAT, scope=Role.Scope.ALL, brands=(brand,)))
    assert seen(everywhere) == set(Conversation.objects.all())
    assert seen(here) == set(Conversation.objects.all()) - {other}


def test_a_role_that_shows_everything_is_not_narrowed_by_a_second_one(floor):
    everywhere = make_agent(role=make_role(Permission.CHAT, scope=Role.Scope.ALL))
    RoleGrant.objects.create(team=floor["sales"], role=make_role(Permission.CHAT))
    floor["sales"].agents.add(everywhere)
    assert seen(everywhere) == set(Conversation.objects.all())


@pytest.mark.parametrize("scope", Role.Scope.values)
@pytest.mark.parametrize("brand_given", [True, False])
@pytest.mark.parametrize("channel_given", [True, False])
@pytest.mark.parametrize("by_team", [True, False])
def test_a_role_shows_no_more_than_its_brand_and_channel(
    floor, brand, scope, brand_given, channel_given, by_team
):
    role = make_role(
        Permission.CHAT,
        scope=scope,
        brands=(brand if brand_given else make_brand(),),
        channels=["web"] if channel_given else ["whatsapp"],
    )
    agent = make_agent(role=make_role(Permission.EXPORT))
    team = make_team(agent)
    floor["sales"].agents.add(agent)
    if by_team:
        RoleGrant.objects.create(role=role, team=floor["sales"])
    else:
        RoleGrant.objects.create(role=role, agent=agent)
    make_conversation(make_visitor(brand), team=team, channel="telegram")
    expected = set()
    if brand_given and channel_given:
        expected = {
            "own": {floor["sales", "queued"]},
            "team": {floor["sales", "queued"], floor["sales", "active"]},
            "all": set(Conversation.objects.filter(channel="web")),
        }[scope]
    assert seen(agent) == expected


def test_a_role_given_to_one_team_does_not_reach_my_other_team(floor):
    agent = make_agent(role=make_role(Permission.EXPORT))
    floor["sales"].agents.add(agent)
    floor["support"].agents.add(agent)
    RoleGrant.objects.create(role=make_role(Permission.CHAT), team=floor["sales"])
    assert seen(agent) == {floor["sales", "queued"]}


def test_a_chats_own_team_wins_over_the_teams_of_its_topic(floor):
    chat = floor["sales", "queued"]
    chat.team = floor["support"]
    chat.save()
    assert chat not in seen(floor["elif"])
    assert chat in seen(floor["deniz"])


def test_a_chat_without_topic_belongs_to_the_brands_default_team(floor, brand):
    chat = make_conversation(make_visitor(brand))
    assert chat not in seen(floor["elif"])
    brand.default_team = floor["sales"]
    brand.save()
    assert chat in seen(floor["elif"])
    assert chat not in seen(floor["deniz"])


def test_a_topic_without_teams_falls_to_the_default_team(floor, brand):
    brand.default_team = floor["support"]
    brand.save()
    chat = make_conversation(make_visitor(brand), topic=make_topic(brand))
    assert chat in seen(floor["deniz"])
    assert chat not in seen(floor["elif"])


def test_resolved_chats_need_the_archive_permission(floor):
    chat = floor["sales", "active"]
    chat.status = "resolved"
    chat.save()
    assert chat not in seen(floor["elif"])
    RoleGrant.objects.create(role=make_role(Permission.ARCHIVE), agent=floor["elif"])
    assert chat in seen(floor["elif"])


@pytest.mark.parametrize("also_chat", [True, False])
def test_who_may_read_the_archive_sees_nothing_open_by_it(floor, also_chat):
    resolved = floor["support", "active"]
    resolved.status = "resolved"
    resolved.save()
    reader = make_agent(role=make_role(Permission.ARCHIVE, scope=Role.Scope.ALL))
    if also_chat:
        floor["sales"].agents.add(reader)
        RoleGrant.objects.create(role=make_role(Permission.CHAT), agent=reader)
    assert seen(reader) == {resolved} | ({floor["sales", "queued"]} if also_chat else set())


def test_supervisors_see_open_chats_without_answering_them(floor):
    selin = make_agent(role=make_role(Permission.SUPERVISE, scope=Role.Scope.ALL))
    assert floor["sales", "active"] in seen(selin)
    assert not access_of(selin).may(Permission.CHAT)


def test_a_role_taken_away_hides_even_my_own_chats(floor):
    elif_ = floor["elif"]
    role = elif_.role_grants.get().role
    take_role(role=role, of=elif_, by=None, now=timezone.now())
    assert seen(elif_) == set()


def test_leaving_a_team_hides_its_queue(floor):
    set_members(team=floor["sales"], agents=[], by=None, now=timezone.now())
    assert floor["sales", "queued"] not in seen(floor["elif"])


def test_a_disabled_agent_sees_nothing_whatever_the_roles(floor, brand):
    admin = make_agent(role=make_role(Permission.ADMIN))
    boss = make_agent(is_superuser=True)
    assert len(seen(admin)) == len(seen(boss)) == 4
    for agent in (admin, boss):
        disable_agent(agent=agent, by=None, now=timezone.now())
        assert seen(agent) == set()
        assert not brands_of(agent).exists()


def test_operator_chats_stay_between_those_who_take_part(floor, brand):
    everyone = make_agent(role=make_role(Permission.CHAT, scope=Role.Scope.ALL))
    room = make_conversation(make_visitor(brand), kind="team", status="active")
    assert room not in seen(everyone)
    Participation.objects.create(conversation=room, agent=everyone, joined_at=timezone.now())
    assert room in seen(everyone)


def test_several_teams_and_roles_never_double_a_row(floor, brand):
    elif_ = floor["elif"]
    make_team(elif_)
    floor["sales"].topics.first().teams.add(make_team(elif_))
    RoleGrant.objects.create(role=make_role(Permission.CHAT, scope="team"), agent=elif_)
    rows = list(Conversation.objects.visible_to(elif_))
    assert len(rows) == len(set(rows))


def test_access_costs_two_queries_for_any_number_of_agents(floor, django_assert_num_queries):
    with django_assert_num_queries(2):
        access = access_of(floor["elif"])
    with django_assert_num_queries(2):
        accesses_of([floor["elif"], floor["deniz"]])
    with django_assert_num_queries(1):
        list(Conversation.objects.visible_to(access))


def test_brands_of_names_only_authorised_brands(brand):
    make_brand()
    here = make_agent(role=make_role(Permission.CHAT, brands=(brand,)))
    assert list(brands_of(here)) == [brand]
    assert brands_of(make_agent()).count() == 2
    assert brands_of(make_agent(role=make_role(Permission.ADMIN, brands=(brand,)))).count() == 2


def test_tickets_follow_scope_and_brand(floor, brand):
    elif_ = make_agent(role=make_role(Permission.TICKETS))
    floor["sales"].agents.add(elif_)
    leader = make_agent(role=make_role(Permission.TICKETS, scope="team"))
    floor["sales"].agents.add(leader)
    contact = Contact.objects.create(name="Vera")

    def ticket(**changes):
        return Ticket.objects.create(
            **{"brand": brand, "contact": contact, "source": "offline", "language": "tr"} | changes
        )

    free, mine = ticket(team=floor["sales"]), ticket(assignee=elif_)
    theirs = ticket(team=floor["sales"], assignee=floor["deniz"])
    foreign = ticket(team=floor["support"])
    assert set(Ticket.objects.visible_to(elif_)) == {free, mine}
    assert set(Ticket.objects.visible_to(leader)) == {free, theirs}
    assert set(Ticket.objects.visible_to(floor["elif"])) == set()
    everything = make_agent(role=make_role(Permission.TICKETS, scope="all", brands=(brand,)))
    assert set(Ticket.objects.visible_to(everything)) == {free, mine, theirs, foreign}
    elsewhere = make_agent(role=make_role(Permission.TICKETS, scope="all", brands=(make_brand(),)))
    assert set(Ticket.objects.visible_to(elsewhere)) == set()


def test_contacts_are_seen_through_visible_chats_and_tickets(floor, brand):
    of_chat, of_ticket, of_nobody = (
        Contact.objects.create(name=name) for name in ("Chat", "Ticket", "Nobody")
    )
    Conversation.objects.filter(pk=floor["sales", "active"].pk).update(contact=of_chat)
    Ticket.objects.create(
        brand=brand, contact=of_ticket, source="offline", language="tr", team=floor["sales"]
    )
    agent = floor["elif"]
    assert set(Contact.objects.visible_to(agent)) == {of_chat}
    RoleGrant.objects.create(role=make_role(Permission.TICKETS), agent=agent)
    assert set(Contact.objects.visible_to(agent)) == {of_chat, of_ticket}
    assert set(Contact.objects.visible_to(floor["deniz"])) == set()
    assert of_nobody in Contact.objects.visible_to(make_agent(role=make_role(Permission.ADMIN)))


def test_chats_come_to_members_of_the_teams_whose_roles_reach_the_brand_and_channel(brand):
    chat, other = make_role(Permission.CHAT, brands=(brand,), channels=["web"]), make_brand()
    first, second = make_team(), make_team()
    RoleGrant.objects.create(role=chat, team=first)
    both = make_agent(role=make_role(Permission.EXPORT))
    only_second = make_agent(role=make_role(Permission.EXPORT))
    personal = make_agent(role=chat)
    admin = make_agent(role=make_role(Permission.ADMIN))
    first.agents.add(both)
    second.agents.add(both, only_second, personal, admin)
    accesses = accesses_of([both, only_second, personal, admin])

    def takers(brand, channel, *teams):
        ids = [team.pk for team in teams]
        return {pk for pk, access in accesses.items() if access.may_take(brand.pk, channel, ids)}

    assert takers(brand, "web", first) == {both.pk}
    assert takers(brand, "web", second) == {personal.pk, admin.pk}
    assert takers(brand, "web", first, second) == {both.pk, personal.pk, admin.pk}
    assert takers(brand, "whatsapp", first, second) == {admin.pk}
    assert takers(other, "web", first, second) == {admin.pk}
    assert takers(brand, "web") == set()


def test_the_admin_role_opens_the_administration_and_losing_it_closes_it():
    agent = make_agent()
    role = make_role(Permission.ADMIN)
    give_role(role=role, to=agent, by=None, now=timezone.now())
    agent.refresh_from_db()
    assert agent.is_staff
    take_role(role=role, of=agent, by=None, now=timezone.now())
    agent.refresh_from_db()
    assert not agent.is_staff


def test_the_admin_role_of_a_team_follows_its_members():
    agent, team = make_agent(), make_team()
    give_role(role=make_role(Permission.ADMIN), to=team, by=None, now=timezone.now())
    set_members(team=team, agents=[agent], by=None, now=timezone.now())
    agent.refresh_from_db()
    assert agent.is_staff
    set_members(team=team, agents=[], by=None, now=timezone.now())
    agent.refresh_from_db()
    assert not agent.is_staff


@pytest.mark.django_db(transaction=True)
def test_a_role_given_by_many_at_once_is_given_once() -> None:
    role, agent, team = make_role(), make_agent(), make_team()
    for holder in (agent, team):
        give = partial(give_role, role=role, to=holder, by=None, now=timezone.now())
        [grant] = set(at_once(*[give] * 6))
        assert RoleGrant.objects.get(role=role) == grant
        take_role(role=role, of=holder, by=None, now=timezone.now())


def test_every_right_that_a_role_offers_is_asked_for_somewhere() -> None:
    rooms = ("agents", "chat", "tickets", "automation", "reports")
    files = [path for room in rooms for path in (settings.BASE_DIR / room).rglob("*.py")]
    code = "".join(path.read_text() for path in files if "migrations" not in path.parts)
    assert [name for name in Permission.names if f"Permission.{name}" not in code] == []
