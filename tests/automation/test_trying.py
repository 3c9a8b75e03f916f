"""A rule is tried: on a chosen chat before it is saved, or for days while it is on trial."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from automation.models import Rule, Run
from automation.rules.trying import try_rule
from chat.models import Conversation
from chat.operations.conversations import end_conversation
from tests.agents.conftest import boss, boss_client
from tests.automation.ticket_talk import opened
from tests.support.desk import make_desk, start
from tests.support.factories import make_brand
from tests.support.rule_page import LIST, NEW, address, forms_of, press

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(boss_client):
    return boss_client.get(NEW)


def test_a_rule_that_is_not_saved_is_tried_on_a_real_chat_and_nothing_changes(
    boss_client, page, work_all
):
    desk = make_desk()
    chat = start(desk, text="Siparişim nerede?")
    work_all()
    chat.refresh_from_db()
    head = chat.last_seq
    page = press(boss_client, page, "refresh", all__0__field="text")
    page = press(boss_client, page, "block:all", all__0__value="SİPARİŞ")
    page = press(boss_client, page, "refresh", all__1__0__field="email_known")
    page = press(boss_client, page, "add:all-1", all__1__0__value="true")
    page = press(boss_client, page, "refresh", all__1__1__field="status")
    typed = {"all__1__1__value": chat.status, "actions__0__text__en": "Soon"}
    typed |= {"name": "", "recent": chat.public_id}
    tried = press(boss_client, page, "try", **typed)
    found = tried.context["tried"]
    assert [(row.holds, row.saw) for row in found["rows"]] == [
        (True, "Siparişim nerede?"),
        (True, ""),
    ]
    inner = found["rows"][1].rows
    assert [row.holds for row in inner] == [False, True]
    assert inner[0].saw == "no"
    assert found["would"] == ["say to the customer “Soon”"]
    assert "The rule would act" in tried.content.decode()
    work_all()
    chat.refresh_from_db()
    assert (chat.last_seq, Rule.objects.count(), Run.objects.count()) == (head, 0, 0)


def test_a_rule_that_would_do_nothing_says_which_condition_keeps_it(boss_client, page):
    chat = start(make_desk())
    page = press(boss_client, page, "refresh", all__0__field="email_known")
    typed = {"actions__0__text__en": "Soon", "chat": f"https://x/console/chats/{chat.public_id}/"}
    tried = press(boss_client, page, "try", **typed)
    assert "The rule would do nothing" in tried.content.decode()
    assert [row.holds for row in tried.context["tried"]["rows"]] == [False]


def test_a_rule_of_another_brand_would_not_look_at_the_chat(boss_client, page):
    desk, other = make_desk(), make_brand(name="Ada")
    typed = {"actions__0__text__en": "Soon", "recent": start(desk).public_id}
    for brand, acts in ((desk.brand, True), (other, False)):
        tried = press(boss_client, page, "try", **typed, brand=str(brand.pk))
        found, words = tried.context["tried"], "It looks only at what belongs to its own brand."
        assert (found["matches"], words in tried.content.decode()) == (acts, not acts)


def test_a_time_rule_would_not_act_before_its_minutes_or_in_the_archive(rule):
    desk = make_desk()
    chat = start(desk)
    made = rule(when="time", after={"since": "created", "minutes": 10})
    unsaid = rule(when="time", after={"since": "agent_word", "minutes": 10})
    elsewhere = rule(brand=make_brand(name="Ada"))
    later = chat.created_at + timedelta(minutes=10)

    def tried(one, now):
        found = try_rule(one, chat, now=now)
        return found["matches"], found["reason"], found["actions"][0]["would"] != ""

    with translation.override("en"):
        assert tried(made, later) == (True, "", True)
        soon = later - timedelta(seconds=1)
        assert tried(made, soon) == (False, "Its minutes are not over yet.", False)
        nothing = "What its minutes count from has not happened there."
        assert tried(unsaid, later) == (False, nothing, False)
        own = "It looks only at what belongs to its own brand."
        assert tried(elsewhere, later) == (False, own, False)
        now = timezone.now()
        end_conversation(conversation=chat, by=None, outcome="timed_out", now=now)
        is_over = "Rules of time look only at what is still open."
        assert tried(made, later) == (False, is_over, False)


def test_trying_asks_for_a_chat_that_is_there_and_a_rule_that_can_be(boss_client, page):
    start(make_desk())
    typed = {"actions__0__text__en": "Soon"}
    nothing = press(boss_client, page, "try", **typed)
    assert nothing.context["trying"].errors == {"recent": ["Choose a chat."]}
    unknown = press(boss_client, page, "try", **typed, chat="nobody")
    assert unknown.context["trying"].errors == {"chat": ["There is no such chat."]}
    empty = press(boss_client, page, "try", recent=Conversation.objects.get().public_id)
    assert empty.context["tried"] is None
    assert empty.context["is_wrong"]


def test_a_rule_on_trial_logs_what_it_would_do_and_that_is_no_run(boss_client, rule, work_all):
    made = rule(name="Deneme", mode="trial", fires="once")
    acted = rule(name="Açık", fires="once", actions=[{"action": "add_tag", "tag": "x"}])
    chat = start(make_desk())
    work_all()
    assert list(chat.entries.filter(kind="note")) == []
    runs = {run.rule_id: run for run in Run.objects.all()}
    assert runs.keys() == {made.pk, acted.pk}
    shown = boss_client.get(LIST).context["cl"].result_list
    assert {each.pk: each.acted for each in shown} == {made.pk: 0, acted.pk: 1}
    run = boss_client.get(reverse("admin:automation_run_change", args=[runs[made.pk].pk]))
    assert "note for the team “Hello”: only tried out" in run.content.decode()
    assert "only tried out" in boss_client.get(address(made)).content.decode()


def test_a_rule_for_tickets_is_built_and_tried_on_a_real_ticket(boss_client, page):
    ticket = opened(make_brand(name="Pazar"), text="Kargom nerede?")
    page = press(boss_client, page, "refresh", subject="ticket")
    offered = dict(forms_of(page.context["sheet"])[0].fields["field"].choices)
    assert {"source", "subject", "type"} <= set(offered)
    assert not {"visitor_here", "queue_length", "channel"} & set(offered)
    assert "When a ticket comes in" in page.context["sentence"]
    page = press(boss_client, page, "refresh", all__0__field="source")
    page = press(boss_client, page, "refresh", actions__0__action="set_priority")
    typed = {"all__0__value": "email", "actions__0__priority": "high", "name": "Posta"}
    tried = press(boss_client, page, "try", **typed, recent=f"#{ticket.pk}")
    assert tried.context["tried"]["matches"]
    assert tried.context["tried"]["would"] == ["set the priority “High”"]
    assert f"Ticket #{ticket.pk} as it stands now." in tried.content.decode()
    assert not Run.objects.exists()
    by_number = press(boss_client, tried, "try", recent="", chat=f"#{ticket.pk}")
    assert by_number.context["tried"]["ticket"] == ticket
    unknown = press(boss_client, tried, "try", recent="", chat="999999")
    assert unknown.context["trying"].errors == {"chat": ["There is no such ticket."]}
    press(boss_client, page, "save", **typed)
    made = Rule.objects.get()
    assert (made.subject, made.all[0]["value"]) == ("ticket", "email")
    assert made.actions == [{"action": "set_priority", "priority": "high"}]


def test_what_only_chats_have_is_marked_once_the_rule_is_for_tickets(boss_client, page):
    page = press(boss_client, page, "refresh", all__0__field="visitor_here")
    page = press(boss_client, page, "refresh", subject="both")
    [first, *_rest] = forms_of(page.context["sheet"])
    assert first.errors == {"field": ["This can't be so when the rule looks."]}
    page = press(boss_client, page, "save", when="time", name="x")
    assert page.context["head"].errors["subject"] == [
        "Rules of time look at chats or at tickets, not at both."
    ]


def test_a_run_in_a_ticket_leads_there_and_from_there_to_its_log(
    boss_client, rule, work_all, settings
):
    settings.LANGUAGE_CODE = "en"
    made = rule(subject="ticket", name="Posta", fires="once")
    ticket = opened(make_brand(name="Pazar"))
    work_all()
    log = f"/admin/automation/run/?ticket__id__exact={ticket.pk}"
    shown = boss_client.get(log)
    assert shown.status_code == 200
    assert f"#{ticket.pk}</a>" in shown.content.decode()
    listed = boss_client.get(LIST).context["cl"].result_list
    assert [each.acted for each in listed] == [1]
    assert f'{log}&amp;rule__id__exact={made.pk}"' in boss_client.get(
        f"/console/tickets/{ticket.pk}/"
    ).content.decode().replace("&amp;amp;", "&amp;")
