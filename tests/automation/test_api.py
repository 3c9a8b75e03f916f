"""Rules over HTTP, as programs outside expect them."""

import pytest
from django.utils import timezone

from automation.models import Rule
from tests.automation.ticket_talk import opened
from tests.support.desk import make_desk, start
from tests.support.factories import make_agent, make_brand, make_role
from tests.support.http import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return Desk(make_agent(role=make_role("admin", scope="all")))


def body(**changes):
    return {
        "name": "İade",
        "when": "updated",
        "fires": "every",
        "all": [{"field": "text", "operator": "contains", "value": "iade"}],
        "actions": [{"action": "add_tag", "tag": "iade"}],
    } | changes


def test_a_rule_is_added_read_changed_and_deleted(boss):
    made = boss.post("rules", body())
    assert made.status_code == 201
    rule = made.json()
    assert (rule["mode"], rule["when"], rule["stop"]) == ("off", "updated", False)
    assert boss.get(f"rules/{rule['id']}").json() == rule
    changed = boss.call("PATCH", f"rules/{rule['id']}", {"mode": "on"})
    assert changed.json()["mode"] == "on"
    assert [each["id"] for each in boss.get("rules").json()["results"]] == [rule["id"]]
    assert boss.call("DELETE", f"rules/{rule['id']}").status_code == 204
    assert boss.get(f"rules/{rule['id']}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"all": [{"field": "text", "operator": "matches", "value": "(a"}]}, "all.0.value"),
        ({"all": [{"field": "text", "operator": "contains", "value": ""}]}, "all.0.value"),
        ({"all": [{"field": "colour", "operator": "is", "value": "x"}]}, "all.0.field"),
        ({"all": [{"any": []}]}, "all.0"),
        ({"all": [{"field": "wait", "operator": "contains", "value": "x"}]}, "all.0.operator"),
        ({"when": "incoming", "all": [{"field": "change", "operator": "is"}]}, "all.0.field"),
        ({"all": [{"field": "topic", "operator": "is", "value": "99999"}]}, "all.0.value"),
        ({"any": [{"any": [{"any": [{"any": [{}]}]}]}]}, "any.0.any.0.any.0.any"),
        ({"actions": []}, "actions"),
        ({"actions": [{"action": "send_message", "text": {"tr": "x" * 2001}}]}, "actions.0.text"),
        ({"actions": [{"action": "fly"}]}, "actions.0.action"),
        ({"actions": [{"action": "convert", "type": "party"}]}, "actions.0.type"),
        ({"when": "time"}, "after"),
        ({"when": "time", "after": {"since": "idle", "minutes": 5}}, "after.since"),
        (
            {"when": "time", "subject": "ticket", "after": {"since": "queued", "minutes": 5}},
            "after.since",
        ),
        ({"fires": {"minutes": 0}}, "fires"),
        ({"all": [{"field": "wait", "operator": "less", "value": 3}] * 21}, "all"),
    ],
)
def test_what_can_not_be_is_refused_and_its_place_is_named(boss, changes, place):
    refused = boss.post("rules", body(**changes))
    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid"
    assert place in refused.json()["errors"]
    assert not Rule.objects.exists()


def test_a_rule_of_time_for_tickets_is_made_and_answered_as_it_was_told(boss):
    after = {"since": "waiting", "minutes": 30}
    told = {"when": "time", "subject": "ticket", "after": after, "all": [], "any": []}
    made = boss.post("rules", body(**told, actions=[{"action": "add_tag", "tag": "bekliyor"}]))
    assert made.status_code == 201
    assert (made.json()["subject"], made.json()["after"]) == ("ticket", after)


def test_an_unknown_key_is_refused(boss):
    refused = boss.post("rules", body(colour="red"))
    assert refused.status_code == 400
    assert "colour" in refused.json()["errors"]


def test_only_those_who_administer_see_rules():
    assert Desk(make_agent()).get("rules").status_code == 403


def test_a_dry_run_says_what_each_condition_saw_and_changes_nothing(boss):
    desk = make_desk()
    chat = start(desk, text="Siparişim nerede?")
    told = body(
        when="incoming",
        all=[
            {"field": "text", "operator": "contains", "value": "SİPARİŞ"},
            {"field": "language", "operator": "is", "value": "en"},
        ],
    )
    rule = boss.post("rules", told).json()
    head = chat.last_seq
    tried = boss.post(f"rules/{rule['id']}/dry-run", {"conversation": chat.public_id}).json()
    assert tried["matches"] is False
    assert [node["holds"] for node in tried["nodes"]] == [True, False]
    assert tried["nodes"][1]["saw"] == "tr"
    assert tried["actions"] == [{"action": "add_tag", "would": ""}]
    chat.refresh_from_db()
    assert chat.last_seq == head


def test_a_recipe_is_installed_once_and_its_settings_are_replaced(boss):
    listed = boss.get("rules/recipes").json()
    assert listed[0]["name"] == "everyone-busy"
    assert listed[0]["installed"] is False
    first = boss.post("rules/recipes/everyone-busy", {"mode": "on"})
    assert first.status_code == 201
    again = boss.post(
        "rules/recipes/everyone-busy", {"mode": "trial", "texts": {"busy": {"tr": "Meşgulüz."}}}
    )
    assert again.status_code == 200
    assert again.json() == first.json()
    assert set(Rule.objects.values_list("mode", flat=True)) == {"trial"}
    texts = boss.get("rules/recipes").json()[0]["settings"]["texts"]
    assert texts["busy"]["tr"] == "Meşgulüz."
    wrong = boss.post("rules/recipes/everyone-busy", {"texts": {"busy": {"tr": " "}}})
    assert "texts.busy.tr" in wrong.json()["errors"]
    assert boss.post("rules/recipes/nothing", {}).status_code == 404


def test_the_recipe_that_asks_for_the_address_takes_its_settings_and_says_them(boss):
    made = boss.post("rules/recipes/ask-email", {"accept": "email_or_phone", "then": "remind"})
    assert made.status_code == 201
    listed = {each["name"]: each["settings"] for each in boss.get("rules/recipes").json()}
    asking = listed["ask-email"]
    assert (asking["accept"], asking["then"]) == ("email_or_phone", "remind")
    assert "telefon" in asking["texts"]["ask"]["tr"]
    assert set(listed["everyone-busy"]) == {"texts"}
    wrong = boss.post("rules/recipes/ask-email", {"then": "twice"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["then"])
    assert boss.post("rules/recipes/everyone-busy", {"then": "once"}).status_code == 400


@pytest.mark.parametrize(
    ("action", "place"),
    [
        ({"action": "set_status", "status": "gone"}, "actions.0.status"),
        ({"action": "set_team", "team": "99999"}, "actions.0.team"),
        ({"action": "assign", "agent": "nobody"}, "actions.0.agent"),
        ({"action": "notify", "text": {"tr": "Bak"}}, "actions.0.agents"),
        ({"action": "notify", "agents": ["nobody"], "text": {"tr": "Bak"}}, "actions.0.agents"),
    ],
)
def test_an_action_that_names_what_is_not_there_is_refused(boss, action, place):
    refused = boss.post("rules", body(actions=[action]))
    assert refused.status_code == 400
    assert place in refused.json()["errors"]


def test_what_a_brand_says_by_itself_is_read_and_set(boss):
    brand = make_desk().brand
    path = f"rules/replies/{brand.pk}"
    before = boss.get(path).json()
    assert set(before) == {"welcome", "busy", "offline", "closed", "idle", "closing"}
    assert (before["welcome"]["on"], before["idle"]["on"]) == (False, True)
    told = {"welcome": {"on": True, "texts": {"tr": "Selam {{visitor.name|size}}"}}}
    after = boss.call("PUT", path, told)
    assert after.status_code == 200
    assert after.json() == boss.get(path).json()
    assert after.json()["welcome"] == {
        "on": True,
        "texts": {"tr": "Selam {{visitor.name|size}}", "en": before["welcome"]["texts"]["en"]},
    }
    assert {key: each for key, each in after.json().items() if key != "welcome"} == {
        key: each for key, each in before.items() if key != "welcome"
    }
    for wrong, place in (
        ({"busy": {"on": True, "texts": {"tr": " "}}}, "busy.texts.tr"),
        ({"busy": {"texts": {"en": "{{colour}}"}}}, "busy.texts.en"),
        ({"busy": {"texts": {"en": "x" * 1001}}}, "busy.texts.en"),
        ({"party": {"on": True}}, "party"),
    ):
        refused = boss.call("PUT", path, wrong)
        assert refused.status_code == 400
        assert place in refused.json()["errors"]
    assert boss.get(path).json() == after.json()
    assert boss.get("rules/replies/999999").status_code == 404
    assert Desk(make_agent()).get(path).status_code == 403


def test_the_log_tells_what_a_rule_did(boss, rule, work_all):
    desk = make_desk()
    made = rule(name="Not", all=[{"field": "language", "operator": "is", "value": "tr"}])
    start(desk)
    work_all()
    [run] = boss.get(f"rules/{made.pk}/runs").json()["results"]
    assert run["matched"] is True
    assert run["actions"] == [{"action": "note", "done": True}]
    assert run["nodes"][0] | {"saw": "tr", "holds": True} == run["nodes"][0]
    assert timezone.now().isoformat()[:10] in run["at"]


def test_a_rule_for_tickets_is_tried_on_one_and_its_runs_name_it(boss, work_all):
    told = {"subject": "ticket", "when": "incoming", "mode": "on"}
    made = boss.post("rules", body(**told)).json()
    assert made["subject"] == "ticket"
    ticket = opened(make_brand(name="Pazar"), text="İade istiyorum")
    tried = boss.post(f"rules/{made['id']}/dry-run", {"ticket": str(ticket.pk)})
    assert tried.json()["matches"]
    chat = start(make_desk())
    for wrong in ({"conversation": chat.public_id}, {}, {"conversation": "x", "ticket": "1"}):
        assert boss.post(f"rules/{made['id']}/dry-run", wrong).status_code in {400, 404}
    assert boss.post(f"rules/{made['id']}/dry-run", {"ticket": "999999"}).status_code == 404
    work_all()
    [run] = boss.get(f"rules/{made['id']}/runs").json()["results"]
    assert (run["ticket"], run["matched"]) == (str(ticket.pk), True)
    assert "conversation" not in run
