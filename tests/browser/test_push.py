"""A notification on a desk that nobody looks at, and the chat that is accepted from it."""

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Device
from automation.notifications.keys import public_key
from chat.models import Conversation
from tests.automation.notifications import register
from tests.conftest import Site
from tests.support.chromium import Contexts, Problems
from tests.support.console_page import open_desk
from tests.support.patience import until
from tests.support.push_service import Browser, push_service

pytestmark = pytest.mark.browser

# No push service is reached from here, so what ours has decrypted is handed in by the debugger; and
# a browser without windows shows no notifications, so the worker keeps them.
KEEP = """() => {
  self.kept = [];
  registration.showNotification = async (title, options) => {
    kept = [...kept.filter((each) => each.tag !== options.tag), { title, ...options, close() {} }];
  };
  registration.getNotifications = async ({ tag }) => kept.filter((each) => each.tag === tag);
  // How long it waits for a page is the product's; a busy machine takes longer.
  const wait = self.setTimeout;
  self.setTimeout = (act, _, ...more) => wait(act, self.patience, ...more);
  self.patience = 20_000;
}"""
SHOWN = """() => kept.map(
  ({ title, body, tag, silent, actions }) =>
    ({ title, body, tag, silent, actions: actions.map((a) => a.action) })
)"""
CLICK = """(action) => {
  const event = new ExtendableEvent("notificationclick");
  dispatchEvent(Object.assign(event, { notification: kept[0], action, waitUntil() {} }));
}"""


def deliver(context: BrowserContext, page: Page, told: dict[str, Any], url: str) -> None:
    """Have the browser take a push."""
    debugger = context.new_cdp_session(page)
    registrations: list[str] = []
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(
            each["registrationId"] for each in event["registrations"]
        ),
    )
    debugger.send("ServiceWorker.enable")
    until(page, lambda: registrations)
    debugger.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": url, "registrationId": registrations[-1], "data": json.dumps(told)},
    )


def last(browser: Browser, page: Page, number: int) -> dict[str, Any]:
    """What the push service has decrypted, once there are so many."""
    until(page, lambda: len(browser.got) >= number)
    return browser.got[number - 1]


def test_a_chat_rings_in_a_window_in_the_background_and_is_accepted_from_the_notification(
    site: Site, new_context: Contexts, problems: Problems
) -> None:
    desk = open_desk(
        site,
        new_context,
        team={"auto_accept": False, "ring_seconds": 60},
        fresh=True,
        service_workers="allow",
    )
    page = desk.page
    expect(page.locator("html")).to_have_attribute("data-worker", "yes")
    expect(page.locator("html")).to_have_attribute("data-sounds", "yes")
    [worker] = until(page, lambda: page.context.service_workers)
    worker.evaluate(KEEP)
    with push_service() as service:
        service.key = public_key()
        browser = service.browser()
        device = register(desk.elif_, browser)
        visitor = desk.caller()
        visitor.start("Is anybody there?")
        told = last(browser, page, 1)
        # Another window stands before it.
        page.context.new_page().bring_to_front()
        deliver(page.context, page, told, site.url)
        assert until(page, lambda: worker.evaluate(SHOWN)) == [
            {
                "title": "New live chat",
                "body": "Zeynep Aksoy: Is anybody there?",
                "tag": f"c-{visitor.id}",
                # The console rings by itself.
                "silent": True,
                "actions": ["accept", "decline"],
            }
        ]
        until(page, lambda: Device.objects.get(pk=device.pk).confirmed_at)
        worker.evaluate(CLICK, "accept")
        expect(page.locator(f"#thread-pane[data-conversation='{visitor.id}']")).to_be_visible()
        expect(page.locator("#composer-text")).to_be_enabled()
        chats = Conversation.objects.filter(public_id=visitor.id, assignee=desk.elif_)
        until(page, chats.exists)
        # No page is left that would sound, though one can be seen.
        page.goto(f"{site.url}/console/offline/")
        worker.evaluate("() => { self.patience = 0; }")
        visitor.say("Hello?")
        deliver(page.context, page, last(browser, page, 2), site.url)
        until(page, lambda: worker.evaluate(SHOWN)[0]["body"] == "Zeynep Aksoy: Hello?")
        assert worker.evaluate(SHOWN)[0]["silent"] is False
        assert service.complaints == []
    # Without a server the app says so itself; the console may just have asked for its list.
    problems.allow("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    page.goto(f"{site.url}/console/")
    expect(page.locator("h1")).to_have_text("No connection")
