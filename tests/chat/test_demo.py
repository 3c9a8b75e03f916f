"""The demo data: honest rows, made once, gone without a trace."""

import time
from collections import defaultdict
from itertools import pairwise

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from agents.access import access_of
from agents.models import Agent, Brand, CannedReply, Permission, StatusInterval
from agents.models.audit import AuditEntry
from agents.operations.canned import add_canned_reply
from automation.models import Rule, Run
from automation.rules.recipes import settings_in_use
from chat.demo.purging import purge_demo
from chat.demo.seeding import seed_demo
from chat.models import Conversation, Entry
from chat.operations.assignment import accept
from chat.operations.starting import start_conversation
from config.files.cleaning import clean_file
from tests.automation.conftest import work_all
from tests.support.desk import Desk, fresh, here, start
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_visitor
from tests.support.ledger import row_as_told, told_by
from tickets.models import Contact, Ticket
from tickets.operations.merging import merge_contacts

__all__ = ["work_all"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> None:
    seed_demo(now=timezone.now())


def census() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_it_is_made_once_within_three_seconds_and_purged_to_nothing() -> None:
    before = census()
    start = time.process_time()
    call_command("seed_demo", verbosity=0)
    assert time.process_time() - start < 3
    full = census()
    call_command("seed_demo", verbosity=0)
    assert census() == full
    call_command("purge_demo", verbosity=0)
    assert census() == before


def test_customers_of_the_demo_who_were_merged_are_purged_too(demo) -> None:
    one, two = Contact.objects.order_by("pk")[:2]
    boss = Agent.objects.get(email="admin@example.com")
    merge_contacts(survivor=one, other=two, keep={}, by=boss, now=timezone.now())
    purge_demo()
    assert not Contact.objects.exists()


def test_what_was_done_in_the_demo_is_purged_too_and_nothing_else(demo, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    purge_demo()
    colleague, team = make_agent(role=make_role()), make_team()
    before = census()
    seed_demo(now=timezone.now())
    brand = Brand.objects.get(site_key="demo-shop")
    agent = Agent.objects.get(email="elif@example.com")
    Agent.objects.filter(pk=agent.pk).update(status="online")
    here(agent)
    chat = start_conversation(
        visitor=make_visitor(brand),
        brand=brand,
        channel="web",
        topic=None,
        topic_text="deneme",
        fields={},
        page={},
        text="Merhaba",
        client_id="7a0c9be6-9c3a-4f0e-9c1e-2f6f6a3d1b11",
        attachment_ids=[],
        now=timezone.now(),
    ).conversation
    accept(conversation=chat, agent=agent, now=timezone.now())
    add_canned_reply(
        by=agent,
        shortcut="deneme",
        title="Deneme",
        body="Ekte.",
        language="tr",
        added=[clean_file(b"merhaba", "a.txt")],
        now=timezone.now(),
    )
    purge_demo()
    after = census()
    assert {name for name in after if after[name] != before[name]} <= {"outbox.OutboxEntry"}
    assert Agent.objects.filter(pk=colleague.pk).exists()
    assert type(team).objects.filter(pk=team.pk).exists()


def test_a_role_for_the_demos_brands_alone_goes_with_them_and_never_holds_for_all(
    demo, capsys
) -> None:
    real, shown = make_brand(), list(Brand.objects.filter(is_demo=True))
    alone = make_agent(role=make_role(Permission.CHAT, name="Deneme", brands=shown))
    both = make_agent(role=make_role(Permission.CHAT, brands=(real, shown[0])))
    everywhere = make_agent(role=make_role(Permission.CHAT))
    call_command("purge_demo")
    assert "Deneme" in capsys.readouterr().out
    assert access_of(alone).brand_ids() == frozenset()
    assert access_of(both).brand_ids() == {real.pk}
    assert access_of(everywhere).brand_ids() is None
    assert AuditEntry.objects.get(action="role.deleted").target.endswith("Deneme")


def test_both_ready_rules_are_on_trial_for_its_brands_alone(demo, work_all) -> None:
    rules = Rule.objects.filter(mode="trial")
    assert set(rules.values_list("recipe", "brand__site_key").distinct()) == {
        (recipe, site)
        for recipe in ("everyone-busy", "ask-email")
        for site in ("demo-shop", "demo-cloud")
    }
    assert settings_in_use("ask-email", Brand.objects.get(site_key="demo-shop"))["then"] == "once"
    agent = Agent.objects.get(email="elif@example.com")
    Agent.objects.filter(pk=agent.pk).update(status="online")
    here(agent)
    brand = Brand.objects.get(site_key="demo-shop")
    desk = Desk(brand=brand, team=agent.teams.first(), topic=brand.topics.first())
    stranger = start(desk, make_visitor(brand))
    work_all()
    assert fresh(stranger).assignee == agent
    assert Run.objects.filter(conversation=stranger, matched=True, mode="trial").exists()


def test_everybody_signs_in_with_the_demo_password_and_is_offline(demo) -> None:
    people = {agent.email.split("@")[0]: agent for agent in Agent.objects.all()}
    assert set(people) == {"elif", "mert", "deniz", "selin", "admin"}
    for agent in people.values():
        assert agent.check_password("imece-demo")
        assert agent.is_demo
        assert agent.status == "offline"
    assert [name for name, agent in people.items() if agent.is_staff] == ["admin"]


def test_two_brands_speak_their_languages(demo, settings) -> None:
    shop, cloud = Brand.objects.order_by("-site_key")
    assert (shop.name, shop.default_language) == ("Pazar34", "tr")
    assert (cloud.site_key, cloud.default_language) == ("demo-cloud", "en")
    assert set(settings.OWN_ORIGINS) == set(shop.allowed_origins) == set(cloud.allowed_origins)
    assert 4 <= shop.topics.count() <= 5
    assert 4 <= cloud.topics.count() <= 5
    assert all(topic.teams.exists() for topic in (*shop.topics.all(), *cloud.topics.all()))
    assert set(CannedReply.objects.values_list("language", flat=True)) == {"tr", "en"}


def test_the_origins_follow_our_address(demo, settings) -> None:
    settings.OWN_ORIGINS = ["http://127.0.0.1:9999"]
    assert not seed_demo(now=timezone.now())
    assert Brand.objects.get(site_key="demo-shop").allowed_origins == ["http://127.0.0.1:9999"]


def test_every_timeline_is_dense_ordered_and_agrees_with_its_chat(demo) -> None:
    lines = defaultdict(list)
    for entry in Entry.objects.order_by("conversation", "seq"):
        lines[entry.conversation_id].append(entry)
    chats = Conversation.objects.all()
    assert chats.filter(outcome="answered").count() >= 35
    for chat in chats:
        entries = lines[chat.pk]
        assert [entry.seq for entry in entries] == list(range(1, chat.last_seq + 1))
        assert told_by(entries) == row_as_told(chat)
        times = [entry.created_at for entry in entries]
        assert times == sorted(times)
        at = {entry.kind: entry.created_at for entry in entries}
        assert at["started"] == chat.created_at
        assert at["resolved"] == chat.resolved_at < timezone.now()
        assert at.get("accepted") == chat.accepted_at
        assert chat.outcome == "offline" or at["ended"] == chat.ended_at
        said = [entry for entry in entries if entry.kind == "message"]
        assert chat.last_message_at == said[-1].created_at
        assert said[-1].body.startswith(chat.preview[:100])


def test_agents_answered_only_while_they_were_online_and_within_their_limit(demo) -> None:
    intervals = defaultdict(list)
    for interval in StatusInterval.objects.order_by("agent", "started_at"):
        intervals[interval.agent_id].append(interval)
    for agent in Agent.objects.all():
        own = intervals[agent.pk]
        assert all(one.ended_at == two.started_at for one, two in pairwise(own))
        assert (own[-1].status, own[-1].ended_at) == ("offline", None)
        assert own[-1].started_at == agent.status_since
    for chat in Conversation.objects.exclude(assignee=None):
        assert any(
            interval.status == "online"
            and interval.started_at <= chat.accepted_at
            and chat.resolved_at <= interval.ended_at
            for interval in intervals[chat.assignee_id]
            if interval.ended_at
        )
        meanwhile = Conversation.objects.filter(
            assignee=chat.assignee_id,
            accepted_at__lte=chat.accepted_at,
            resolved_at__gt=chat.accepted_at,
        )
        assert meanwhile.count() <= chat.brand.capacity


def test_tickets_have_a_dense_timeline_and_a_chat(demo) -> None:
    tickets = list(Ticket.objects.all())
    assert {ticket.status for ticket in tickets} == {"new", "open", "resolved"}
    for ticket in tickets:
        seqs = ticket.entries.order_by("seq").values_list("seq", flat=True)
        assert list(seqs) == list(range(1, ticket.last_seq + 1))
        assert ticket.conversations.get().entries.get(kind="converted").data == {
            "number": ticket.number
        }
