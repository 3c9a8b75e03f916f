"""A rule as a shop owner builds it: with a mouse in one language, with keys alone in the other."""

import os
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from automation.models import Rule, Run
from chat.console.chat import chat_url
from chat.models import Conversation
from tests.automation.conftest import rule
from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_visitor,
)
from tests.support.http import open_widget, started
from tests.support.patience import until
from tests.support.widget_page import Shop, Visitor, visitor_context

__all__ = ["rule"]

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS", "")
# Whether the browser asks before it leaves the page.
LEAVES_ASKING = """() => {
  const event = new Event("beforeunload", { cancelable: true });
  return !window.dispatchEvent(event);
}"""
# What the page says, in the words of each language.
WORDS = {
    "tr": {
        "new": "Yeni kural",
        "sentence": "Bir sohbet ya da mesaj geldiğinde, metin şunu içeriyor: “iade” ise: müşteriye "
        "söyle: “Sipariş numaranız nedir?”, sonra etiket ekle: “iade”. Sohbet başına bir kez.",
        "acts": "Kural çalışırdı",
        "saved": "Kaydedildi: İade.",
    },
    "en": {
        "new": "New rule",
        "sentence": "When a chat or message comes in, if text contains “iade”: say to the customer "
        "“Sipariş numaranız nedir?”, then add the tag “iade”. Once per chat.",
        "acts": "The rule would act",
        "saved": "Saved: İade.",
    },
}


def look(page, name):
    """Check the page as it stands: axe, and no sideways scrolling."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize(("language", "theme"), [("tr", "light"), ("en", "dark")])
def test_a_person_builds_a_rule_tries_it_and_a_visitor_meets_it(
    site: Site, new_context: Contexts, language: str, theme: str
) -> None:
    """Holds alone that page and script build what the engine then runs, in both languages."""
    shop = Shop(site, language=language)
    shop.agent()
    role = make_role("admin", "chat", scope="all")
    boss = make_agent(role=role, language=language, theme=theme, is_staff=True)
    started(open_widget(shop.brand), "İade etmek istiyorum")
    narrow = {"viewport": {"width": 360, "height": 740}} if language == "en" else {}
    page = new_context(agent=boss, url=site.url, **narrow).new_page()
    words = WORDS[language]

    page.goto(f"{site.url}/admin/automation/rule/")
    page.get_by_role("link", name=words["new"]).click()
    # Loaded: its script hears what is typed.
    page.wait_for_url("**/rule/add/")
    assert not page.evaluate(LEAVES_ASKING)
    page.locator("#id_name").fill("İade")
    assert page.evaluate(LEAVES_ASKING)
    page.locator("#id_mode").select_option("on")
    page.locator("#id_all-0-field").select_option("text")
    page.locator("#id_all-0-value[maxlength]").fill("iade")
    page.locator("#id_actions-0-text-tr").fill("Sipariş numaranız nedir?")
    page.locator("#add-actions").click()
    # The focus goes to what was added.
    expect(page.locator("#id_actions-1-action")).to_be_focused()
    page.locator("#id_actions-1-action").select_option("add_tag")
    page.locator("#id_actions-1-tag").fill("iade")
    page.locator("#id_actions-1-tag").blur()
    expect(page.locator("#rule-sentence")).to_have_text(words["sentence"])
    page.locator("#block-all").click()
    expect(page.locator("#id_all-1-0-field")).to_be_focused()
    look(page, f"rule-{language}")

    page.locator("#id_recent").select_option(index=1)
    page.locator("#id_all-1-0-field").select_option("topic")
    page.locator("#rule-try-now").click()
    # Nothing was chosen there: the page goes to what is wrong, and keeps all that was typed.
    expect(page.locator("#id_all-1-0-value[aria-invalid]")).to_be_focused()
    expect(page.locator("#id_actions-0-text-tr")).to_have_value("Sipariş numaranız nedir?")
    look(page, f"rule-wrong-{language}")
    page.locator("#remove-all-1").click()
    expect(page.locator("#id_all-1-0-field")).to_have_count(0)
    page.locator("#rule-try-now").click()
    expect(page.locator("#rule-outcome h3")).to_have_text(words["acts"])
    expect(page.locator("#rule-outcome")).to_be_focused()
    look(page, f"rule-tried-{language}")
    assert not Rule.objects.exists()

    page.locator("button[value=save]").click()
    expect(page.locator(".messagelist")).to_contain_text(words["saved"])
    look(page, f"rules-{language}")
    visitor = Visitor(visitor_context(new_context), shop.url).start("Ürünü İADE edeceğim")
    visitor.sees("Sipariş numaranız nedir?")
    # Aloud too what nobody wrote has no name.
    nameless = visitor.frame.locator(".thread-voice > div").filter(has_text=re.compile("(^|\n): "))
    expect(nameless).to_have_count(0)
    if language == "tr":
        # The line that tells of it leads to this rule's log.
        chat, rule = Conversation.objects.latest("pk"), Rule.objects.get()
        page.goto(f"{site.url}{chat_url(chat)}")
        log = page.locator(".thread-line.is-status a")
        runs = f"conversation__id__exact={chat.pk}&rule__id__exact={rule.pk}"
        expect(log).to_have_attribute("href", f"/admin/automation/run/?{runs}")


@pytest.mark.once
def test_rules_are_dragged_and_switched_in_the_list_and_reviewed(
    site: Site, new_context: Contexts, rule: Callable[..., Rule]
) -> None:
    made = [rule(name=name) for name in ("Bir", "İki")] + [rule(name="Üç", group="Gece")]
    boss = make_agent(role=make_role("admin", scope="all"), language="tr", is_staff=True)
    page = new_context(agent=boss, url=site.url).new_page()
    page.goto(f"{site.url}/admin/automation/rule/")
    look(page, "rules-list")
    rows = page.locator("tr[data-rule]")
    rows.nth(2).locator(".rules-handle").drag_to(rows.nth(0), target_position={"x": 200, "y": 4})
    expect(rows.nth(0)).to_contain_text("Üç")
    in_order = ["Üç", "Bir", "İki"]
    until(page, lambda: [each.name for each in Rule.objects.in_order()] == in_order)
    rows.nth(1).get_by_role("button", name="Deneme").click()
    expect(rows.nth(1).locator("[aria-pressed=true]")).to_have_text("Deneme")
    page.set_viewport_size({"width": 360, "height": 740})
    look(page, "rules-list-narrow")

    chat = make_conversation(make_visitor(make_brand()))
    for number in range(5):
        Run.objects.create(rule=made[0], conversation=chat, key=f"{number}", mode="on")
    page.goto(f"{site.url}/admin/automation/rule/review/")
    expect(page.locator(".review-week .step-5")).to_have_count(2)
    look(page, "review-narrow")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="dark")
    look(page, "review")


@pytest.mark.once
def test_a_rule_is_built_with_keys_alone(site: Site, new_context: Contexts) -> None:
    boss = make_agent(role=make_role("admin", scope="all"), language="en", is_staff=True)
    phone = {"viewport": {"width": 360, "height": 740}}
    page = new_context(agent=boss, url=site.url, **phone).new_page()
    page.goto(f"{site.url}/admin/automation/rule/add/")
    page.locator("#id_name").focus()
    page.keyboard.type("Keys")
    # Enter saves nothing.
    page.keyboard.press("Enter")
    expect(page.locator("#id_name")).to_have_value("Keys")
    page.locator("#add-all").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#id_all-1-field")).to_be_focused()
    # One letter: a list begins its search anew after a second without one.
    page.keyboard.press("f")
    expect(page.locator("#rule-sentence")).to_contain_text(
        "and the customer writes for the first time"
    )
    expect(page.locator("#id_all-1-field")).to_be_focused()
    page.locator("#up-all-1").focus()
    page.keyboard.press("Space")
    expect(page.locator("#id_all-0-field")).to_have_value("first_contact")
    # The button is at its end there: the focus goes to the condition.
    expect(page.locator("#id_all-0-field")).to_be_focused()
    page.locator("#remove-all-1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rule-status")).to_have_text("Removed.")
    expect(page.locator("#add-all")).to_be_focused()
    page.locator("#id_actions-0-text-en").focus()
    page.keyboard.type("Hello")
    page.locator("#id_when").focus()
    page.keyboard.press("t")
    expect(page.locator("select#id_since")).to_be_visible()
    look(page, "rule-time-narrow")
    page.locator("button[value=save]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/automation/rule/")
    assert Rule.objects.get().after == {"since": "queued", "minutes": 5}
    assert Rule.objects.get().all == [{"field": "first_contact", "operator": "is", "value": True}]
