"""Everyone is busy, as a shop owner switches it on and a visitor meets it."""

import os

import pytest
from playwright.sync_api import expect

from chat.models import Conversation
from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.factories import make_agent, make_role
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser

_SAID = {
    "tr": "Üzgünüz, şu anda herkes meşgul gibi görünüyor. Sorunuzu aldık ve e-posta yoluyla kısa "
    "sürede geri dönüş yapacağız.",
    "en": "Sorry, everyone seems to be busy at the moment.",
}


@pytest.mark.parametrize("language", ["tr", "en"])
def test_who_joins_the_line_is_answered_and_agents_read_why(
    site: Site, new_context: Contexts, language: str
) -> None:
    shop = Shop(site, language=language, capacity=1)
    shop.agent()
    boss = make_agent(
        role=make_role("admin", "chat", "supervise", scope="all"), language=language, is_staff=True
    )
    page = new_context(agent=boss, url=site.url).new_page()
    page.goto(f"{site.url}/admin/automation/rule/recipes/everyone-busy/")
    page.locator("#id_mode").select_option("on")
    page.locator(".submit-row input").click()
    expect(page.locator(".first-steps .done")).to_have_text("Açık" if language == "tr" else "On")
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/rules-{language}.png", full_page=True)
        page.goto(f"{site.url}/admin/automation/rule/recipes/everyone-busy/")
        page.screenshot(path=f"{shots}/recipe-{language}.png", full_page=True)

    first = Visitor(visitor_context(new_context), shop.url).start("Bir")
    expect(first.frame.locator(".who h1")).to_have_text("Elif Kaya")
    second = Visitor(visitor_context(new_context), shop.url).start("İki", name="Vera")
    second.sees(_SAID[language])
    expect(second.words.filter(has_text=_SAID[language])).to_have_count(1)
    if shots:
        second.page.screenshot(path=f"{shots}/widget-{language}.png")
    chat = Conversation.objects.get(status="queued")
    page.goto(f"{site.url}/console/chats/{chat.public_id}/")
    told = "kuralı" if language == "tr" else "The rule"
    expect(page.locator(".thread-line.is-status")).to_contain_text(told)
    if shots:
        page.screenshot(path=f"{shots}/console-{language}.png")
