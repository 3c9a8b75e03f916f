"""Rules as a shop owner meets them in the administration."""

import inspect
import re

import pytest
from django.urls import reverse
from django.utils import translation

from automation.models import Rule, Run
from automation.rules import actions
from automation.rules.reasons import said_of_reason
from automation.rules.tickets import actions as ticket_actions
from tests.agents.conftest import boss, boss_client
from tests.support.desk import make_desk, start

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db
LIST = "/admin/automation/rule/"
RECIPE = f"{LIST}recipes/everyone-busy/"


def page(client, address, language="tr"):
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def form(client) -> dict:
    """What the recipe's form holds now."""
    fields = client.get(RECIPE).context["form"]
    return {name: fields[name].value() for name in fields.fields}


def test_the_recipe_is_set_up_from_its_page_and_the_list_says_each_rule_in_a_sentence(
    boss_client, boss
):
    boss.language = "tr"
    boss.save()
    assert "kurulmadı" in page(boss_client, LIST)
    told = form(boss_client) | {"mode": "on", "busy_tr": "Şu an herkes meşgul."}
    saved = boss_client.post(RECIPE, told)
    assert saved.status_code == 302
    shown = page(boss_client, LIST)
    assert "Herkes meşgul: sıraya giren" in shown
    assert "Bir sohbet ya da mesaj geldiğinde, " in shown
    assert "Şu an herkes meşgul." in shown
    assert set(Rule.objects.values_list("mode", flat=True)) == {"on"}
    assert form(boss_client)["busy_tr"] == "Şu an herkes meşgul."
    assert "Boşta kimse bulamayan, e-postayla döneceğinizi okur" in shown
    assert "bir bölümü açık" not in shown
    act(boss_client, "switch_off", Rule.objects.in_order()[1])
    assert "bir bölümü açık" in page(boss_client, LIST)


def test_an_empty_sentence_is_refused_beside_its_field(boss_client):
    refused = boss_client.post(RECIPE, form(boss_client) | {"busy_tr": " "})
    assert refused.status_code == 200
    assert refused.context["form"].errors["busy_tr"]
    assert not Rule.objects.exists()


def test_the_page_for_all_brands_names_those_that_it_does_not_reach(boss_client):
    apart, reached = make_desk().brand, make_desk().brand
    told = form(boss_client)
    for brand, mode in ((apart, "trial"), (reached, "off")):
        boss_client.post(f"{RECIPE}?brand={brand.pk}", told | {"mode": mode})
    assert boss_client.get(RECIPE).context["apart"] == [(apart, "Trial")]
    assert f'<a href="?brand={apart.pk}">{apart.name}</a> (Trial)' in page(
        boss_client, RECIPE, "en"
    )
    assert boss_client.get(f"{RECIPE}?brand={apart.pk}").context["apart"] == []
    assert f'?brand={apart.pk}">{apart.name}</a> <span class="quiet">Trial' in page(
        boss_client, LIST
    )


def test_the_page_that_asks_for_the_address_offers_its_settings_and_changes_the_usual_texts(
    boss_client,
):
    address = f"{LIST}recipes/ask-email/"
    fields = boss_client.get(address).context["form"]
    told = {name: fields[name].value() for name in fields.fields}
    assert (told["accept"], told["then"]) == ("email", "once")
    changed = {"accept": "email_or_phone", "then": "connect", "again_tr": "Adresiniz?"}
    assert boss_client.post(address, told | changed).status_code == 302
    fields = boss_client.get(address).context["form"]
    assert (fields["accept"].value(), fields["then"].value()) == ("email_or_phone", "connect")
    assert fields["again_tr"].value() == "Adresiniz?"
    # What was not changed by hand says what is asked for now.
    assert "telefon" in fields["ask_tr"].value()


def act(client, action, *rules):
    chosen = {"action": action, "_selected_action": [rule.pk for rule in rules]}
    client.post(LIST, chosen)


def test_rules_are_switched_and_moved_in_the_list(boss_client, rule):
    first, second = rule(name="Bir"), rule(name="İki")
    act(boss_client, "move_up", second)
    assert [each.name for each in Rule.objects.in_order()] == ["İki", "Bir"]
    act(boss_client, "try_out", first, second)
    assert set(Rule.objects.values_list("mode", flat=True)) == {"trial"}
    act(boss_client, "switch_off", first)
    first.refresh_from_db()
    assert first.mode == "off"


def test_the_log_says_why_a_rule_ran_and_what_it_did(boss_client, rule, work_all):
    made = rule(all=[{"field": "language", "operator": "is", "value": "tr"}])
    chat = start(make_desk())
    work_all()
    listed = page(boss_client, f"/admin/automation/run/?rule__id__exact={made.pk}", "en")
    assert "language: Türkçe" in listed
    run = Run.objects.get(rule=made)
    shown = page(boss_client, reverse("admin:automation_run_change", args=[run.pk]), "en")
    assert chat.public_id in shown
    assert "note for the team “Hello”: done" in shown
    # What comes too late says so, at each action that follows.
    run.effects.all().delete()
    run.effects.create(position=0, done=False, reason="touched")
    shown = page(boss_client, reverse("admin:automation_run_change", args=[run.pk]), "en")
    assert "note for the team “Hello”: not done: an agent had the chat by then" in shown
    assert "did nothing" in shown
    assert f"<h1>{made.name}</h1>" in shown


def refusals() -> set[str]:
    """What the operations of all actions say that they raise."""
    verbs = [
        verb
        for module in (actions, ticket_actions)
        for verb in vars(module).values()
        if inspect.isfunction(verb) and ".operations." in verb.__module__
    ]
    said = (
        re.search(r"[Rr]aises\s(.*?)(?:\.\s|\.$|\Z)", verb.__doc__ or "", re.DOTALL)
        for verb in verbs
    )
    return {name for found in said if found for name in re.findall(r"`([A-Z]\w+)`", found[1])}


def test_whatever_stops_an_action_is_said_in_words():
    named = refusals()
    assert {"Touched", "AtCapacity", "WrongTopic", "WrongValue", "TooManyTicketTags"} <= named
    # What only agents are refused, and what actions answer with a code of their own.
    others = {"TicketNotAuthorised", "EmailNeeded", "NotAssigned", "NotWanted", "TooMany"}
    with translation.override("tr"):
        unknown = said_of_reason("keyerror")
        assert unknown == "yapılmadı: hata verdi"
        unsaid = {name for name in named - others if said_of_reason(name.lower()) == unknown}
        assert unsaid == set()
        assert said_of_reason("alreadyresolved") == "yapılmadı: sohbet arşivde"


def test_who_administers_goes_from_a_chat_to_what_its_rules_did(boss_client, rule, work_all):
    chat, plain = start(make_desk()), start(make_desk())
    rule()
    done = start(make_desk())
    work_all()
    address = f"/admin/automation/run/?conversation__id__exact={done.pk}"
    assert address in page(boss_client, f"/console/chats/{done.public_id}/")
    assert done.public_id in page(boss_client, address)
    assert chat.public_id not in page(boss_client, address)
    assert 'href="/admin/automation/run' not in page(
        boss_client, f"/console/chats/{plain.public_id}/"
    )


def test_a_rule_that_was_switched_off_by_itself_says_so_until_somebody_looks(boss_client, rule):
    made = rule(name="Döngü")
    Rule.objects.filter(pk=made.pk).update(mode="off", switched_off="loop")
    assert "“Döngü” was switched off" in page(boss_client, LIST, "en")
    act(boss_client, "switch_on", made)
    assert "was switched off" not in page(boss_client, LIST, "en")


def test_a_rule_is_deleted_with_its_log(boss_client, rule):
    made = rule()
    boss_client.post(reverse("admin:automation_rule_delete", args=[made.pk]), {"post": "yes"})
    assert not Rule.objects.exists()
