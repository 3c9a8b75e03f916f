"""The ready rules, as a shop owner switches them on and visitors meet them."""

import os

import pytest
from playwright.sync_api import Page, expect

from chat.models import Conversation
from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.factories import make_agent, make_role
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser

_SAID = (
    "Üzgünüz, şu anda herkes meşgul gibi görünüyor. Sorunuzu aldık ve e-posta yoluyla kısa "
    "sürede geri dönüş yapacağız."
)
_ASKED = "önce e-posta adresinizi yazar mısınız?"
_JOINS = "ekibimiz birazdan sohbete katılacak"


def switch_on(page: Page, site: Site, name: str) -> None:
    """Let a ready rule act, from its page."""
    address = f"{site.url}/admin/automation/rule/recipes/{name}/"
    page.goto(address)
    page.locator("#id_mode").select_option("on")
    shoot(page, f"recipe-{name}")
    page.locator(".submit-row input").click()
    listed = page.locator(".first-steps li").filter(has=page.locator(f"a[href*='/{name}/']"))
    expect(listed.locator(".done")).to_have_text("Açık")


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/{name}.png", full_page=True)


def test_a_stranger_is_asked_first_and_who_joins_the_line_is_answered_and_agents_read_why(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, language="tr", capacity=1)
    shop.agent()
    boss = make_agent(
        role=make_role("admin", "chat", "supervise", scope="all"), language="tr", is_staff=True
    )
    page = new_context(agent=boss, url=site.url).new_page()
    for name in ("ask-email", "everyone-busy"):
        switch_on(page, site, name)
    shoot(page, "rules")

    first = Visitor(visitor_context(new_context), shop.url).start("Bir")
    first.sees(_ASKED)
    # It waits for the visitor: no line and no agent is promised, and a new chat is one press away.
    anew = first.frame.locator(".ended button").first
    expect(anew).to_be_visible()
    expect(first.frame.locator(".queue")).to_be_hidden()
    page.goto(f"{site.url}/console/?tab=all")
    expect(page.locator("#list")).to_contain_text("Beklemede")
    shoot(first.page, "asked")
    shoot(page, "console-asked")
    first.say("vera@example.com").sees(_JOINS)
    expect(first.frame.locator(".who h1")).to_have_text("Elif Kaya")
    expect(anew).to_be_hidden()

    second = Visitor(visitor_context(new_context), shop.url).start("İki", name="Vera")
    second.sees(_SAID)
    expect(second.words.filter(has_text=_SAID)).to_have_count(1)
    expect(second.frame.locator(".queue")).to_be_visible()
    expect(second.words.filter(has_text=_ASKED)).to_have_count(0)
    shoot(second.page, "widget")
    chat = Conversation.objects.get(status="queued")
    page.goto(f"{site.url}/console/chats/{chat.public_id}/")
    expect(page.locator(".thread-line.is-status")).to_contain_text("kuralı")
    shoot(page, "console")
