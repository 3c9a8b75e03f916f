"""A person builds a rule in the administration, and knows nothing of how it is stored."""

import pytest
import time_machine
from django.utils import timezone

from agents.models import Topic
from automation.editor.drafts import draft_from, draft_of
from automation.models import Rule
from automation.rules.actions import ACTIONS, Action, Parameter
from automation.rules.fields import FIELDS, Field, Type
from automation.rules.recipes import install_recipe
from automation.rules.sentences import said_of
from automation.rules.writing import change_rule
from tests.agents.conftest import boss, boss_client
from tests.support.factories import make_brand, make_team, make_topic
from tests.support.rule_page import LIST, NEW, address, filled, forms_of, press

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(boss_client):
    return boss_client.get(NEW)


def test_a_rule_is_built_from_an_empty_page_and_saved(boss_client, page):
    page = press(boss_client, page, "refresh", when="updated", all__0__field="text")
    page = press(boss_client, page, "block:all", all__0__value="iade")
    page = press(boss_client, page, "refresh", all__1__0__field="has_email")
    page = press(boss_client, page, "add:all-1")
    page = press(boss_client, page, "refresh", all__1__1__field="wait")
    page = press(boss_client, page, "refresh", all__1__1__operator="greater")
    page = press(boss_client, page, "add:actions", actions__0__text__tr="Merhaba")
    page = press(boss_client, page, "refresh", actions__1__action="add_tag")
    assert not Rule.objects.exists()
    saved = press(
        boss_client,
        page,
        "save",
        name="İade",
        all__1__1__value="5",
        actions__1__tag="iade",
        fires="minutes",
        every_minutes="30",
        stop="on",
        group="Satış",
    )
    assert saved.status_code == 302, saved.context["sheet"].errors
    rule = Rule.objects.get()
    assert (rule.name, rule.mode, rule.when, rule.group) == ("İade", "trial", "updated", "Satış")
    assert rule.all == [
        {"field": "text", "operator": "contains", "value": "iade"},
        {
            "any": [
                {"field": "has_email", "operator": "is", "value": True},
                {"field": "wait", "operator": "greater", "value": 5},
            ]
        },
    ]
    assert rule.actions == [
        {"action": "send_message", "text": {"tr": "Merhaba"}},
        {"action": "add_tag", "tag": "iade"},
    ]
    assert (rule.fires, rule.stop, rule.any) == ({"minutes": 30}, True, [])


def test_a_time_rule_says_from_when_it_counts(boss_client, page):
    page = press(boss_client, page, "refresh", when="time")
    assert 'name="since"' in page.content.decode()
    typed = {"name": "Sessiz", "since": "agent_word", "minutes": "15"}
    typed |= {"actions__0__text__tr": "Orada mısınız?"}
    press(boss_client, page, "save", **typed)
    assert Rule.objects.get().after == {"since": "agent_word", "minutes": 15}


def test_a_time_rule_for_tickets_offers_what_tickets_wait_for(boss_client, page):
    page = press(boss_client, page, "refresh", when="time", since="queued", minutes="30")
    page = press(boss_client, page, "refresh", subject="ticket")
    offered = [name for name, _label in page.context["head"].fields["since"].choices]
    assert offered == ["waiting", "idle", "created", "opens", "closes"]
    # What was chosen for chats gives way to the first of these, as the field shows it.
    said = "30 minutes after the customer's unanswered word"
    assert page.context["sentence"].startswith(said)
    page = press(boss_client, page, "refresh", actions__0__action="add_tag")
    typed = {"name": "Sessiz", "since": "idle", "actions__0__tag": "sessiz"}
    press(boss_client, page, "save", **typed)
    made = Rule.objects.get()
    assert (made.subject, made.after) == ("ticket", {"since": "idle", "minutes": 30})


def test_what_is_wrong_is_said_beside_its_field_and_all_that_was_typed_stays(boss_client, page):
    page = press(boss_client, page, "refresh", all__0__field="queue_length")
    page = press(boss_client, page, "add:any", all__0__value="beş")
    typed = {"any__0__field": "text", "any__0__operator": "matches", "any__0__value": "(a"}
    refused = press(boss_client, page, "save", **typed | {"any__0__was": "text"})
    assert refused.status_code == 200
    shown = refused.content.decode()
    forms = {form.prefix: form.errors for form in forms_of(refused.context["sheet"])}
    assert forms["all-0"] == {"value": ["Write a whole number."]}
    assert forms["any-0"] == {"value": ["This pattern can't be read."]}
    assert forms["actions-0"] == {"text-tr": ["This field is required."]}
    assert refused.context["head"].errors == {"name": ["This field is required."]}
    assert 'value="beş"' in shown
    assert 'value="(a"' in shown
    assert "Nothing has been saved" in shown
    assert not Rule.objects.exists()


def test_nothing_is_called_wrong_before_somebody_wants_to_save(boss_client, page):
    page = press(boss_client, page, "add:all")
    assert not page.context["is_wrong"]
    assert "errorlist" not in page.content.decode()


def test_what_can_not_be_so_when_the_rule_looks_is_not_offered(boss_client, page):
    offered = dict(forms_of(page.context["sheet"])[0].fields["field"].choices)
    assert "change" not in offered
    page = press(boss_client, page, "refresh", when="updated")
    offered = dict(forms_of(page.context["sheet"])[0].fields["field"].choices)
    assert "change" in offered
    actions = dict(forms_of(page.context["sheet"])[1].fields["action"].choices)
    assert "save_email" in actions
    # Chosen, and then the moment is another: it says so at once, and keeps what was chosen.
    page = press(boss_client, page, "refresh", all__0__field="change", all__0__was="change")
    page = press(boss_client, page, "refresh", when="incoming")
    form = forms_of(page.context["sheet"])[0]
    assert form.errors == {"field": ["This can't be so when the rule looks."]}
    assert form["field"].value() == "change"


def test_a_value_typed_for_another_field_is_not_kept(boss_client, page):
    page = press(boss_client, page, "refresh", all__0__field="text")
    page = press(boss_client, page, "refresh", all__0__value="iade", all__0__field="page_url")
    assert forms_of(page.context["sheet"])[0]["value"].value() == ""


def test_conditions_and_actions_are_moved_into_groups_out_of_them_and_away(boss_client, rule):
    def condition(value):
        return {"field": "text", "operator": "contains", "value": value}

    made = rule(all=[condition("a"), {"any": [condition("b"), condition("c")]}])
    url = address(made)

    def after(page, act):
        page = press(boss_client, page, act, url)
        return page, draft_from(filled(page)).told()

    page, told = after(boss_client.get(url), "down:all-0")
    assert told["all"] == [{"any": [condition("a"), condition("b"), condition("c")]}]
    page, told = after(page, "down:all-0-2")
    assert told["all"][1] == condition("c")
    page, told = after(page, "down:all-1")
    assert told["any"] == [condition("c")]
    page, told = after(page, "up:any-0")
    page, told = after(page, "up:all-1")
    assert told["all"] == [{"any": [condition("a"), condition("b"), condition("c")]}]
    for _ in range(3):
        page, told = after(page, "remove:all-0-0")
    assert (told["all"], told["any"]) == ([], [])
    page, told = after(page, "remove:actions-0")
    assert told["actions"] == []
    page = press(boss_client, boss_client.get(url), "add:actions", url)
    page, told = after(page, "up:actions-1")
    assert [each["action"] for each in told["actions"]] == ["send_message", "note"]


def test_a_button_for_what_is_not_there_does_nothing(boss_client, page):
    before = draft_from(filled(page)).told()
    endless = "9" * 5000
    for act in (
        *("up:all-7", "fly:all", "fly:actions-0", "up:actions-5", "block:actions", "up", "up:x-0"),
        *(f"up:all-{endless}", f"down:actions-{endless}", "add:all-0", "block:all-0-0-0"),
    ):
        answer = press(boss_client, page, act)
        assert answer.status_code == 200, act
        assert draft_from(filled(answer)).told() == before, act


def test_there_are_no_more_conditions_and_levels_than_the_check_allows(boss_client, rule):
    inner = {"all": [{"field": "email_known", "operator": "is", "value": True}]}
    made = rule(all=[{"any": [inner]}])
    page = boss_client.get(address(made)).content.decode()
    assert 'value="block:all-0"' in page
    assert 'value="add:all-0-0"' in page
    assert 'value="block:all-0-0"' not in page
    full = rule(all=[{"field": "email_known", "operator": "is", "value": True}] * 20)
    assert 'value="add:all"' not in boss_client.get(address(full)).content.decode()


def test_a_rule_page_shows_what_is_stored_and_saving_it_changes_nothing_else(boss_client, rule):
    made = rule(
        when="time",
        after={"since": "queued", "minutes": 3},
        fires={"minutes": 7},
        all=[{"field": "status", "operator": "is", "value": "queued"}],
        any=[{"field": "rating", "operator": "less", "value": -3}],
        actions=[{"action": "set_priority", "priority": 5}],
        stop=True,
    )
    before = {name: getattr(made, name) for name in ("after", "fires", "all", "any", "actions")}
    saved = press(boss_client, boss_client.get(address(made)), "save", address(made), name="Yeni")
    assert saved.status_code == 302
    made.refresh_from_db()
    assert {name: getattr(made, name) for name in before} == before
    assert (made.name, made.stop, made.mode) == ("Yeni", True, "on")


def test_a_rule_that_names_a_deleted_topic_says_so_on_its_page_and_in_the_list(boss_client, rule):
    topic = make_topic(make_brand())
    condition = {"field": "topic", "operator": "is", "value": str(topic.pk)}
    made = rule(
        all=[condition, {"field": "tag", "operator": "is", "value": "hiç"}],
        actions=[{"action": "set_topic", "topic": str(topic.pk)}],
    )
    assert "deleted" not in boss_client.get(LIST).content.decode()
    Topic.objects.all().delete()
    shown = boss_client.get(address(made))
    forms = {form.prefix: form.errors for form in forms_of(shown.context["sheet"])}
    assert forms["all-0"] == {"value": ["There is no such thing (any more)."]}
    assert forms["actions-0"] == {"topic": ["There is no such thing (any more)."]}
    assert "names something that was deleted" in shown.content.decode()
    sentence = shown.context["sentence"]
    assert "topic is “(deleted)”" in sentence
    assert "set the topic “(deleted)”" in sentence
    # Of a tag that nobody has it can only be said that there is none.
    assert "There is no such tag now" in shown.content.decode()
    assert "names something that was deleted" in boss_client.get(LIST).content.decode()


def test_a_copy_is_off_and_a_rule_of_its_own(boss_client, rule, busy_rules):
    made = rule(name="Bir", when="updated")
    copied = press(boss_client, boss_client.get(address(made)), "copy", address(made))
    copy = Rule.objects.get(name="Bir (copy)")
    assert copied.url == address(copy)
    assert (copy.mode, copy.when, copy.actions) == ("off", "updated", made.actions)
    boss_client.post(LIST, {"action": "copy", "_selected_action": [busy_rules[1].pk]})
    own = Rule.objects.get(name=f"{busy_rules[1].name} (copy)")
    assert (own.mode, own.recipe, own.all) == ("off", "", busy_rules[1].all)


def test_rules_of_a_recipe_open_in_the_page_of_the_recipe(boss_client, busy_rules):
    opened = boss_client.get(address(busy_rules[0]))
    assert opened.url == f"{LIST}recipes/everyone-busy/"
    assert busy_rules[3].name in boss_client.get(opened.url).content.decode()


def test_rules_that_a_recipe_made_for_one_brand_are_changed_for_that_brand(boss_client, boss):
    brand = make_brand()
    now = timezone.now()
    made, _is_new = install_recipe(name="everyone-busy", brand=brand, by=boss, now=now)
    page = boss_client.get(address(made[0])).url
    form = boss_client.get(page).context["form"]
    told = {name: form[name].value() for name in form.fields} | {"mode": "off"}
    boss_client.post(page, told)
    assert {(each.brand, each.mode) for each in Rule.objects.all()} == {(brand, "off")}


def test_the_page_says_the_rule_in_both_languages(boss_client, boss, page):
    typed = {"all__0__field": "email_known", "all__0__was": "email_known"}
    typed |= {"all__0__value": "false", "actions__0__text__tr": "Selam"}
    shown = press(boss_client, page, "refresh", **typed)
    assert shown.context["sentence"] == (
        "When a chat or message comes in, if the e-mail address is not known: say to the customer "
        "“Selam”. Once per chat."
    )
    boss.language = "tr"
    boss.save()
    shown = press(boss_client, page, "refresh", **typed)
    assert "e-posta adresi bilinmiyor ise:" in shown.context["sentence"]
    assert "Sohbet başına bir kez." in shown.content.decode()
    # A text without an end does not push the rest out of sight.
    endless = press(boss_client, shown, "refresh", actions__0__text__tr="x" * 900)
    assert len(endless.context["sentence"]) < 250


def test_a_choice_of_one_is_none_and_an_action_says_whom_it_lacks(boss_client, page):
    shown = press(boss_client, page, "refresh", all__0__field="first_contact")
    assert shown.context["sheet"].all.rows[0].form["operator"].is_hidden
    shown = press(boss_client, shown, "refresh", actions__0__action="notify")
    assert "— team —" in shown.content.decode()
    shown = press(boss_client, shown, "save", name="Haber", actions__0__text__tr="Bakın")
    assert "Choose at least one agent, or a team." in shown.content.decode()


def test_only_those_who_administer_build_rules(client):
    assert client.get(NEW).status_code == 302


def test_nobody_breaks_the_page_by_sending_what_it_never_offers(boss_client, page):
    deep = {f"all{'-0' * level}-kind": "any" for level in range(1, 60)}
    wild = {"act": "save", "when": "never", "fires": "x", "all-0-field": "a\0b"} | deep
    answer = boss_client.post(NEW, wild)
    assert answer.status_code == 200
    assert not Rule.objects.exists()


def test_said_and_stored_are_the_same_before_and_after_the_page(rule):
    made = rule(
        all=[{"any": [{"field": "text", "operator": "is", "value": " a\nb"}]}],
        actions=[
            {
                "action": "send_email",
                "to": "a@b.example",
                "subject": {"tr": "x"},
                "text": {"en": "y"},
            }
        ],
    )
    again = Rule(when=made.when, fires=made.fires, **draft_of(made).told())
    assert (again.all, again.any, again.actions) == (made.all, made.any, made.actions)
    assert said_of(again) == said_of(made)


def test_what_another_room_describes_appears_by_itself(boss_client, page, monkeypatch):
    team = make_team(name="Satış")
    within = Field(label="business hours", type=Type.BOOLEAN, read=lambda facts: True)
    monkeypatch.setitem(FIELDS, "within", within)
    asked = {
        "team": Parameter(label="team", type="team"),
        "language": Parameter(label="language", type="language"),
        "as": Parameter(label="as", type="line", required=False),
    }
    monkeypatch.setitem(
        ACTIONS, "hand", Action(label="hand to", do=lambda *_: "", parameters=asked)
    )
    page = press(boss_client, page, "refresh", all__0__field="within", actions__0__action="hand")
    shown = page.content.decode()
    assert "business hours: yes" in page.context["sentence"]
    assert f'<option value="{team.pk}">Satış</option>' in shown
    assert 'name="actions-0-as"' in shown
    # What the list shows as chosen is what the sentence says.
    assert page.context["sentence"].endswith("hand to “…” “Türkçe”. Once per chat.")
    page = press(boss_client, page, "refresh", actions__0__team=str(team.pk))
    assert "hand to “Satış” “Türkçe”" in page.context["sentence"]
    told = draft_from(filled(page)).told()
    assert told["all"] == [{"field": "within", "operator": "is", "value": True}]
    assert told["actions"] == [{"action": "hand", "team": str(team.pk), "language": "tr"}]


def test_the_page_says_who_changed_the_rule_last_and_when(boss_client, boss, rule):
    made = rule()
    address = f"/admin/automation/rule/{made.pk}/change/"
    assert "Last changed on" in boss_client.get(address).content.decode()
    with time_machine.travel("2027-03-01 09:30:00+03:00", tick=False):
        change_rule(rule=made, mode="trial", by=boss, now=timezone.now())
    assert f"1 Mar 2027 09:30 by {boss.name}" in boss_client.get(address).content.decode()
