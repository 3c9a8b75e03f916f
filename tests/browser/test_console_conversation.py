"""A conversation from the agent's side, in a real browser."""

import json
import re

import pytest
from playwright.sync_api import expect

from chat.models import Participation
from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.console_page import Desk, open_desk, ready
from tests.support.patience import Held

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    '"><svg onload="document.title=\'owned\'">',
    "{{ 7|add:7 }} ${7+7} <b>bold</b> javascript:alert(1)",
]


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def test_a_first_conversation_from_the_agents_side(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat("Where is my parcel?")
    row = page.locator(f"#row-{visitor.id}")
    expect(row).to_contain_text("Where is my parcel?")
    expect(row).to_contain_text("Zeynep Aksoy")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(page.locator("#meter")).to_contain_text("1/4")
    desk.open(visitor)
    expect(page.locator("#thread")).to_contain_text("Where is my parcel?")
    expect(page.locator("#context")).to_contain_text("zeynep@example.com")
    expect(page.locator("#context")).to_contain_text("You had the fewest open chats: 0.")
    expect(page).not_to_have_title(re.compile(r"^\("))
    desk.write("It is on its way.")
    expect(page.locator(".message-mark")).to_have_text("sent")
    expect(row.locator(".row-preview")).to_have_text("You: It is on its way.")
    assert visitor.texts() == ["Where is my parcel?", "It is on its way."]
    expect(page.locator(".message-mark")).to_have_text("delivered")
    visitor.read()
    expect(page.locator(".message-mark")).to_have_text("read")


def test_an_own_message_is_on_the_screen_at_once(desk: Desk) -> None:
    desk.opened()
    desk.page.fill("#composer-text", "Quick")
    is_shown = desk.page.evaluate("""() => {
      document.querySelector("#composer").requestSubmit();
      // Before anything else happens, so before any answer of the server.
      return new Promise((resolve) => {
        setTimeout(() => resolve(document.querySelector(".message.is-own") !== null));
      });
    }""")
    assert is_shown


def test_both_sides_see_each_other_typing(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    with visitor.socket() as socket:
        socket.send(json.dumps({"type": "typing", "conversation": visitor.id, "on": True}))
        expect(page.locator(".message.is-typing")).to_be_visible()
        expect(page.locator(f"#row-{visitor.id} .row-typing")).to_be_visible()
        page.type("#composer-text", "Let me look")
        heard = json.loads(socket.recv(30))
        while heard["type"] != "typing":
            heard = json.loads(socket.recv(30))
        assert heard["author"]["name"] == "Elif Kaya"
        assert heard["on"] is True


def test_a_note_never_reaches_the_visitor(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened("Hi")
    page.keyboard.press("Alt+p")
    expect(page.locator("#composer")).to_have_attribute("data-mode", "note")
    expect(page.locator(".note-label")).to_be_visible()
    expect(page.get_by_role("button", name="Add note")).to_be_visible()
    desk.write("Angry customer, be careful")
    expect(page.locator(".message.is-note")).to_contain_text("Angry customer")
    expect(page.locator(".message.is-note")).to_contain_text("Only the team sees this")
    page.keyboard.press("Alt+l")
    desk.write("Good day")
    assert visitor.texts() == ["Hi", "Good day"]
    assert "Angry" not in json.dumps(visitor.entries())


def test_drafts_survive_switching_and_reloading(desk: Desk) -> None:
    page = desk.page
    first, second = desk.chat("One"), desk.chat("Two", name="Can Öz")
    desk.open(first)
    page.fill("#composer-text", "half a thought")
    desk.open(second)
    expect(page.locator("#composer-text")).to_have_value("")
    expect(page.locator(f"#row-{first.id} .draft-chip")).to_have_text("Draft")
    page.keyboard.press("Alt+p")
    page.fill("#composer-text", "half a note")
    desk.open(first)
    expect(page.locator("#composer-text")).to_have_value("half a thought")
    # Typed and left in the same breath.
    page.fill("#composer-text", "half a thought, longer")
    page.reload()
    ready(page)
    expect(page.locator("#composer-text")).to_have_value("half a thought, longer")
    desk.open(second)
    expect(page.locator("#composer-text")).to_have_value("half a note")
    expect(page.locator("#composer")).to_have_attribute("data-mode", "note")
    # What was written may be kept as well, before it is sent.
    with page.expect_response(
        lambda r: r.url.endswith("/draft/") and r.request.post_data == "text=&mode=note"
    ):
        desk.write("done")
    kept = Participation.objects.get(conversation__public_id=second.id, agent=desk.elif_)
    assert kept.draft == ""


def test_a_draft_is_there_though_its_chat_was_asked_for_before_it_was_saved(desk: Desk) -> None:
    page = desk.page
    first, second = desk.chat("One"), desk.chat("Two", name="Can Öz")
    desk.open(first)
    saves = Held(page, "**/draft/")
    page.fill("#composer-text", "half a thought")
    desk.open(second)
    saves.wait()
    page.locator(f"#row-{first.id} a").click()
    with page.expect_response("**/draft/"):
        saves.let_go()
    expect(page.locator(f"#thread-pane[data-conversation='{first.id}']")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("half a thought")


def test_a_draft_is_there_on_another_machine(desk: Desk, new_context: Contexts) -> None:
    visitor = desk.opened()
    with desk.page.expect_response(lambda r: r.url.endswith("/draft/") and r.ok):
        desk.page.fill("#composer-text", "began at home")
    other = new_context(agent=desk.elif_, url=desk.site.url).new_page()
    other.goto(f"{desk.site.url}/console/chats/{visitor.id}/")
    ready(other)
    expect(other.locator("#composer-text")).to_have_value("began at home")


def test_hostile_words_are_only_words(desk: Desk) -> None:
    page = desk.page
    visitor = desk.caller(name=HOSTILE[1])
    visitor.page = {"url": "javascript:alert(1)", "title": HOSTILE[0], "referrer": HOSTILE[2]}
    visitor.start(HOSTILE[0])
    expect(page.locator(f"#row-{visitor.id}")).to_be_visible()
    desk.open(visitor)
    for text in HOSTILE[1:]:
        visitor.say(text)
        expect(page.locator("#thread")).to_contain_text(text)
        expect(page.locator(f"#row-{visitor.id} .row-preview")).to_contain_text(text[:60])
    expect(page.locator("#chat-name")).to_have_text(HOSTILE[1])
    assert page.locator("#chat-head a[href^='javascript']").count() == 0
    assert page.locator("#context a[href^='javascript']").count() == 0
    assert page.locator("#thread :is(script, img, svg, b)").count() == 0
    assert "owned" not in page.title().replace(HOSTILE[1], "")
