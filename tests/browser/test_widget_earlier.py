"""Chats of before: listed on the start, read again, and nothing asked for somebody new."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from chat.models import Conversation
from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def test_a_chat_of_before_is_read_again_with_its_files_and_days(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, language="tr", theme="dark")
    elif_ = shop.agent()
    context = visitor_context(new_context, viewport={"width": 360, "height": 640})
    visitor = Visitor(context, shop.url)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    visitor.start("Kargom nerede?", email="vera@example.com")
    assert not [each for each in asked if each.startswith("GET") and "/conversations?" in each]
    assert not [each for each in asked if each.startswith("GET") and each.endswith("conversations")]
    chat = elif_.chats()[0]["id"]
    picker = visitor.frame.locator("input[type=file]")
    picker.set_input_files([{"name": "fis.txt", "mimeType": "text/plain", "buffer": b"42"}])
    expect(visitor.frame.locator(".send")).to_be_enabled()
    visitor.frame.locator(".send").click()
    expect(visitor.frame.locator(".message-file-name")).to_be_visible()
    elif_.say(chat, "Dün yola çıktı.")
    elif_.call(f"conversations/{chat}/end", {})
    elif_.call(f"conversations/{chat}/resolve", {"topic": str(shop.topic.pk)})
    # Two years ago.
    row = Conversation.objects.get(public_id=chat)
    back = timedelta(days=730)
    Conversation.objects.filter(pk=row.pk).update(
        created_at=row.created_at - back, ended_at=row.ended_at - back
    )
    for entry in row.entries.all():
        row.entries.filter(pk=entry.pk).update(created_at=entry.created_at - back)
    visitor.frame.get_by_role("button", name="Yeni sohbet başlat").click()
    earlier = visitor.frame.get_by_role("region", name="Önceki sohbetler")
    opener = earlier.get_by_role("button")
    expect(opener).to_have_count(1)
    expect(opener).to_contain_text("Dün yola çıktı.")
    expect(opener.locator("time")).to_contain_text(str((row.created_at - back).year))
    assert_accessible(visitor.page)
    opener.click()
    visitor.sees("Kargom nerede?")
    visitor.sees("Dün yola çıktı.")
    expect(visitor.frame.locator(".message-file-name")).to_be_visible()
    expect(visitor.frame.locator(".thread-day")).to_contain_text(str((row.created_at - back).year))
    expect(visitor.frame.locator(".composer")).to_be_hidden()
    expect(visitor.frame.get_by_role("button", name="Sohbeti e-postayla al")).to_be_visible()
    # Too long ago to add to it or to rate it.
    expect(visitor.frame.get_by_role("button", name="Bir şey ekle")).to_have_count(0)
    assert_accessible(visitor.page)
    visitor.frame.get_by_role("button", name="Geri").click()
    expect(visitor.frame.locator(".home")).to_be_visible()
    expect(opener).to_have_count(1)
