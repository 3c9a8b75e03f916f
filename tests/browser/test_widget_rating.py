"""A chat has ended: the visitor says how it was, and may think better of it for a day."""

import pytest
from playwright.sync_api import expect

from chat.models import Conversation
from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def test_an_ended_chat_is_rated_with_the_keys_and_changed_with_a_tap_later(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    context = visitor_context(new_context, viewport={"width": 360, "height": 640})
    visitor = Visitor(context, shop.url).start()
    chat = elif_.chats()[0]["id"]
    elif_.say(chat, "It left yesterday.")
    visitor.sees("It left yesterday.")
    elif_.call(f"conversations/{chat}/end", {})
    form = visitor.frame.locator(".ended .rating")
    expect(form).to_be_visible()
    elif_.call(f"conversations/{chat}/reopen", {})
    expect(form).to_be_hidden()
    elif_.call(f"conversations/{chat}/end", {})
    expect(visitor.frame.get_by_role("button", name="Start a new chat")).to_be_visible()
    expect(form.get_by_role("group", name="How was this chat?")).to_be_visible()
    expect(form.get_by_role("button", name="Send")).to_be_hidden()
    form.get_by_role("radio", name="1 of 5: Very bad").focus()
    for _ in range(3):
        visitor.page.keyboard.press("ArrowRight")
    expect(form.get_by_role("radio", name="4 of 5: Good")).to_be_checked()
    # On the way to a star nothing is sent.
    assert Conversation.objects.get(public_id=chat).rating is None
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type("Quick and kind")
    assert_accessible(visitor.page)
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("Thank you for your rating")
    line = visitor.frame.locator(".thread-line.is-rated")
    expect(line).to_have_text("You rated this chat: 4 of 5")
    visitor.page.reload()
    visitor.frame.get_by_role("button", name="Change your rating of the last chat").click()
    again = visitor.frame.locator(".rating")
    expect(again.get_by_role("radio", name="4 of 5: Good")).to_be_checked()
    expect(again.get_by_label("Do you want to add something?")).to_have_value("Quick and kind")
    again.locator(".star").nth(1).click()
    expect(again.get_by_role("status")).to_contain_text("Thank you for your rating")
    rated = [
        e for e in elif_.call(f"conversations/{chat}/entries")["entries"] if e["kind"] == "rated"
    ]
    assert [entry["data"] for entry in rated] == [
        {"score": 4, "comment": "Quick and kind"},
        {"score": 2, "comment": "Quick and kind"},
    ]
    visitor.frame.get_by_role("button", name="Back").click()
    expect(visitor.frame.locator(".home")).to_be_visible()


def test_nobody_is_asked_how_a_chat_was_that_no_person_answered(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    elif_.call(f"conversations/{elif_.chats()[0]['id']}/end", {})
    visitor.frame.get_by_role("button", name="Start a new chat").wait_for()
    visitor.answered()
    expect(visitor.frame.locator(".rating")).to_have_count(0)
    visitor.frame.get_by_role("button", name="Start a new chat").click()
    expect(visitor.frame.locator(".home")).to_be_visible()
    visitor.answered()
    expect(visitor.frame.locator(".rate-last")).to_have_count(0)


def test_something_is_added_to_an_ended_chat_until_its_day_is_over(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    context = visitor_context(new_context, viewport={"width": 360, "height": 640})
    visitor = Visitor(context, shop.url).start(email="vera@example.com")
    chat = elif_.chats()[0]["id"]
    elif_.say(chat, "It left yesterday.")
    visitor.sees("It left yesterday.")
    visitor.page.clock.install()
    elif_.call(f"conversations/{chat}/end", {})
    add = visitor.frame.get_by_role("button", name="Add something")
    composer = visitor.frame.locator(".composer")
    expect(add).to_be_visible()
    expect(composer).to_be_hidden()
    add.click()
    expect(visitor.frame.locator(".composer-text")).to_be_focused()
    expect(visitor.frame.locator(".ended")).to_contain_text("We also read what you add here.")
    assert_accessible(visitor.page)
    visitor.say("One thing more")
    assert elif_.texts(chat)[-1] == "One thing more"
    # Being wrapped up it stays with its agent; out of the archive it comes back.
    elif_.call(f"conversations/{chat}/resolve", {"topic": str(shop.topic.pk)})
    visitor.enter("And another")
    expect(visitor.frame.locator(".ended")).to_be_hidden()
    expect(composer).to_be_visible()
    assert elif_.call(f"conversations/{chat}")["status"] == "active"
    elif_.call(f"conversations/{chat}/end", {})
    add.click()
    expect(composer).to_be_visible()
    visitor.page.clock.fast_forward("24:00:01")
    expect(composer).to_be_hidden()
    expect(add).to_have_count(0)
