"""A supervisor in a chat that an agent has, beside that agent and the visitor."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Permission
from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.console_page import ready
from tests.support.factories import make_agent, make_role
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Keeps what was ever written into the page, however short it stood there.
RECORD = """(body) => {
  window.ever = body.textContent;
  new MutationObserver(() => (window.ever += body.textContent)).observe(
    body, { subtree: true, childList: true, characterData: true },
  );
}"""


def console(site: Site, new_context: Contexts, agent: Agent, path: str, **options: str) -> Page:
    page: Page = new_context(agent=agent, url=site.url, **options).new_page()
    page.goto(f"{site.url}/console/{path}")
    ready(page)
    return page


def write(page: Page, text: str) -> None:
    page.fill("#composer-text", text)
    page.press("#composer-text", "Enter")
    taken = page.locator("#thread .message:not(.is-pending)")
    expect(taken.filter(has_text=text)).to_be_visible()


def test_a_supervisor_watches_whispers_joins_and_takes_over(
    site: Site, new_context: Contexts
) -> None:
    """Three screens beside each other: what one does the two others show, or never do."""
    shop = Shop(site)
    elif_ = shop.agent("Elif Kaya", language="en")
    visitor = Visitor(visitor_context(new_context), shop.url).start(
        "Is it cheaper today?", name="Vera Ak"
    )
    seen = visitor.frame.locator("body")
    seen.evaluate(RECORD)
    [chat] = elif_.chats()
    agent = console(site, new_context, elif_.agent, "archive/")
    role = make_role(Permission.CHAT, Permission.SUPERVISE, scope="all")
    selin = make_agent(name="Selin Ak", role=role, online=True, language="en")
    theirs = console(site, new_context, selin, f"chats/{chat['id']}/", color_scheme="dark")
    composer = theirs.locator("#composer")
    # Watching: nothing can be said to the customer.
    expect(composer).to_have_attribute("data-mode", "note")
    expect(composer.locator(".mode[data-mode=reply]")).to_be_disabled()
    expect(theirs.locator("#composer-hint")).to_contain_text("nothing reaches the customer")
    theirs.keyboard.press("Alt+W")
    expect(theirs.locator("#composer-text")).to_be_focused()
    expect(composer).to_have_attribute("data-mode", "whisper")
    expect(composer.locator(".whisper-label")).to_be_visible()
    theirs.set_viewport_size({"width": 360, "height": 740})
    assert theirs.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("join", "whisper", "take-over"):
        expect(theirs.locator(f"#{name}-button")).to_be_in_viewport(ratio=1)
    assert_accessible(theirs)
    theirs.set_viewport_size({"width": 1280, "height": 800})
    write(theirs, "Offer ten percent")
    expect(theirs.locator(".message.is-note")).to_contain_text("Whisper to the agent")
    # The agent is alerted wherever they are, and finds it in the thread.
    toast = agent.locator("#toasts .toast")
    expect(toast).to_contain_text("Selin Ak whispers to you · Offer ten percent")
    expect(agent.locator("html")).to_have_attribute("data-sound", "message")
    toast.get_by_role("button").click()
    expect(agent.locator(".message.is-note")).to_contain_text("Whisper to the agent · Selin Ak")
    expect(agent.locator("#whisper-button")).to_have_count(0)
    expect(agent.locator(".mode[data-mode=whisper]")).to_be_hidden()
    # Joined: named, and in reply mode.
    theirs.click("#join-button")
    expect(composer).to_have_attribute("data-mode", "reply")
    expect(theirs.locator("#leave-button")).to_be_visible()
    expect(visitor.frame.locator(".is-joined")).to_have_text("Selin Ak joined the chat")
    expect(agent.locator(".is-joined")).to_have_text("Selin Ak joined")
    write(theirs, "I can help with that")
    visitor.sees("I can help with that")
    expect(seen).to_contain_text("Selin Ak")
    write(agent, "As my colleague says")
    visitor.sees("As my colleague says")
    # Taken over with the keyboard.
    theirs.focus("#take-over-button")
    theirs.keyboard.press("Enter")
    expect(theirs.locator("#confirm-text")).to_have_text("Take this chat over from Elif Kaya?")
    theirs.locator("#confirm-act").press("Enter")
    expect(theirs.locator("#take-over-button")).to_have_count(0)
    expect(theirs.locator(f"#row-{chat['id']}")).to_be_visible()
    took = "Selin Ak took the chat over from Elif Kaya"
    expect(theirs.locator(".is-transferred")).to_have_text(took)
    expect(agent.locator("#chat-left")).to_contain_text("Selin Ak has this chat now.")
    expect(visitor.frame.locator(".who")).to_contain_text("Selin Ak")
    write(theirs, "It is mine now")
    visitor.sees("It is mine now")
    assert "ten percent" not in seen.evaluate("() => window.ever")
