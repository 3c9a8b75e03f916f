"""A conversation from the agent's side, in a real browser."""

import json
import re
import time

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from chat.models import Conversation, Entry, Participation
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, Problems, sign_in
from tests.support.console_page import Desk, open_desk, ready
from tests.support.http import picture

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
    expect(page.locator("#context")).to_contain_text("Fewest open chats: 0")
    expect(page).not_to_have_title(re.compile(r"^\("))
    desk.write("It is on its way.")
    expect(page.locator(".message.is-own")).to_contain_text("It is on its way.")
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
    expect(page.locator(".message.is-own.is-message")).to_contain_text("Good day")
    expect(page.locator(".message.is-pending")).to_have_count(0)
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
    with page.expect_response(lambda r: r.url.endswith("/draft/") and r.ok):
        desk.write("done")
    kept = Participation.objects.get(conversation__public_id=second.id, agent=desk.elif_)
    assert kept.draft == ""


def test_a_draft_is_there_on_another_machine(desk: Desk, new_context: Contexts) -> None:
    visitor = desk.opened()
    with desk.page.expect_response(lambda r: r.url.endswith("/draft/") and r.ok):
        desk.page.fill("#composer-text", "began at home")
    other = new_context(agent=desk.elif_, url=desk.site.url).new_page()
    other.goto(f"{desk.site.url}/console/chats/{visitor.id}/")
    ready(other)
    expect(other.locator("#composer-text")).to_have_value("began at home")


def test_a_refused_message_stays_and_can_be_sent_again(desk: Desk, problems: Problems) -> None:
    # While the chat is somebody else's it can't be read either, and its draft not be kept.
    problems.allow("404 .*/(entries|draft)")
    page = desk.page
    visitor = desk.opened()
    rows = Conversation.objects.filter(public_id=visitor.id)
    rows.update(assignee=factories.make_agent())
    desk.write("Is anybody there?")
    failed = page.locator(".message.is-failed")
    expect(failed).to_contain_text("Is anybody there?")
    expect(failed).to_contain_text("Not sent: this chat is not yours.")
    rows.update(assignee=desk.elif_)
    page.reload()
    ready(page)
    # Much may have happened since: a person decides.
    expect(failed).to_contain_text("Not sent: this chat is not yours.")
    assert visitor.texts() == ["Hello"]
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.is-own .message-mark")).to_have_text("sent")
    assert visitor.texts() == ["Hello", "Is anybody there?"]


@pytest.mark.both
def test_a_restart_of_the_server_loses_and_doubles_nothing(desk: Desk, problems: Problems) -> None:
    problems.allow("ERR_CONNECTION_REFUSED|WebSocket connection|ERR_CONNECTION_RESET|502|503|htmx:")
    page = desk.page
    visitor = desk.opened("Before")
    desk.site.process.terminate()
    try:
        page.wait_for_selector("html:not([data-socket=open])", state="attached")
        desk.write("While it was down")
        expect(page.locator(".message.is-pending")).to_contain_text("While it was down")
        expect(page.locator("#connection")).to_be_visible(timeout=15_000)
    finally:
        desk.site.process.start()
    expect(page.locator(".message.is-pending")).to_have_count(0, timeout=45_000)
    # The next try at a socket may be half a minute away.
    expect(page.locator("#connection")).to_be_hidden(timeout=45_000)
    expect(page.locator(".message.is-own .message-bubble")).to_have_text(["While it was down"])
    assert visitor.texts() == ["Before", "While it was down"]
    assert Entry.objects.filter(body="While it was down").count() == 1


def test_one_agents_words_never_go_out_as_those_of_the_next_one_here(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("ERR_CONNECTION_REFUSED|WebSocket connection|ERR_CONNECTION_RESET|502|503|htmx:")
    problems.allow("403|404")
    page = desk.page
    visitor = desk.opened("Before")
    # Could answer as well, and gets the chat.
    mert = factories.make_agent(name="Mert Demir", language="en")
    desk.team.agents.add(mert)
    desk.site.process.terminate()
    try:
        page.wait_for_selector("html:not([data-socket=open])", state="attached")
        desk.write("From Elif")
        # A sign-in brings another token against forgery, too.
        page.context.clear_cookies()
        sign_in(page.context, mert, url=desk.site.url)
        Conversation.objects.filter(public_id=visitor.id).update(assignee=mert)
    finally:
        desk.site.process.start()
    page.wait_for_selector("html[data-socket=stopped]", state="attached", timeout=45_000)
    expect(page.locator("#connection")).to_contain_text("signed out")
    assert visitor.texts() == ["Before"]


class Line:
    """A page's line to the server, on which its messages can be held back."""

    def __init__(self, page: Page) -> None:
        self.is_blocked = False
        page.route_web_socket("**/ws/console/", self._join)
        page.reload()
        ready(page)

    def _join(self, route: WebSocketRoute) -> None:
        self._route = route
        server = route.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if not (self.is_blocked and json.loads(frame)["type"] == "message.send"):
                server.send(frame)

        route.on_message(pass_on)

    def break_off(self) -> None:
        """Lose the line; the page comes back by itself."""
        self._route.close(code=1012)


def _sign_out_elsewhere(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    other.locator(".avatar-button").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/accounts/login/**")
    other.close()


def test_words_that_waited_when_the_session_ended_are_sent_after_the_next_sign_in(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("403|40[14]")
    page = desk.page
    first, second = desk.chat("Hello", name="First"), desk.chat("Hi", name="Second")
    line = Line(page)
    desk.open(first)
    line.is_blocked = True
    desk.write("Nobody hears this yet")
    expect(page.locator(".message.is-pending")).to_contain_text("Nobody hears this yet")
    page.fill("#composer-text", "Half a tho")
    _sign_out_elsewhere(page)
    # The page stays, but whoever sits there now can add nothing.
    expect(page.locator("#connection")).to_contain_text("signed out")
    expect(page.locator("#composer-text")).to_be_disabled()
    expect(page.locator("#composer-text")).to_have_value("Half a tho")
    expect(page.locator("#composer .send-button")).to_be_disabled()
    page.evaluate("htmx.ajax('GET', '/console/?part=list', {target: '#list'}).catch(() => {})")
    page.wait_for_timeout(500)
    expect(page.locator(".message.is-pending")).to_contain_text("Nobody hears this yet")
    line.is_blocked = False
    sign_in(page.context, desk.elif_, url=desk.site.url)
    # Another chat is opened first: what was written goes out all the same.
    page.evaluate("path => history.replaceState({}, '', path)", f"/console/chats/{second.id}/")
    page.get_by_role("button", name="Reload the page").click()
    ready(page)
    page.locator(f"#row-{first.id} a").click()
    expect(page.locator(".message.is-own .message-mark")).to_have_text("sent")
    expect(page.locator("#composer-text")).to_have_value("Half a tho")
    assert first.texts() == ["Hello", "Nobody hears this yet"]


def test_words_that_wait_are_sent_however_many_chats_are_opened_meanwhile(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat()
    others = [
        factories.make_conversation(
            factories.make_visitor(desk.brand, name=f"Visitor {n}"),
            assignee=desk.elif_,
            status="active",
        )
        for n in range(11)
    ]
    line = Line(page)
    desk.open(visitor)
    line.is_blocked = True
    desk.write("While you wait")
    expect(page.locator(".message.is-pending")).to_be_visible()
    for other in others:
        page.locator(f"#row-{other.public_id} a").click()
        pane = page.locator(f"#thread-pane[data-conversation='{other.public_id}']")
        expect(pane).to_be_visible()
    line.is_blocked = False
    line.break_off()
    deadline = time.monotonic() + 10
    while visitor.texts() == ["Hello"] and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert visitor.texts() == ["Hello", "While you wait"]


def test_words_that_waited_for_long_go_out_only_when_a_person_says_so(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat()
    line = Line(page)
    desk.open(visitor)
    line.is_blocked = True
    desk.write("Of this morning")
    expect(page.locator(".message.is-pending")).to_be_visible()
    page.evaluate(
        """() => {
          for (const key of Object.keys(sessionStorage)) {
            if (!key.startsWith("imece:unsent:")) continue;
            const [item] = JSON.parse(sessionStorage[key]);
            item.at = new Date(Date.now() - 31 * 60_000).toISOString();
            sessionStorage[key] = JSON.stringify([item]);
          }
        }"""
    )
    line.is_blocked = False
    page.reload()
    ready(page)
    failed = page.locator(".message.is-failed")
    expect(failed).to_contain_text("Of this morning")
    assert visitor.texts() == ["Hello"]
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.is-own .message-mark")).to_have_text("sent")
    assert visitor.texts() == ["Hello", "Of this morning"]


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


def test_files_go_by_button_and_come_back_as_pictures(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    page.set_input_files(
        "#file-input", {"name": "a.png", "mimeType": "image/png", "buffer": picture(size=(40, 30))}
    )
    expect(page.locator(".upload")).to_contain_text("a.png")
    expect(page.locator(".upload")).not_to_contain_text("Uploading")
    desk.write("Look")
    shown_picture = page.locator(".message.is-own img")
    expect(shown_picture).to_be_visible()
    expect(shown_picture).to_have_js_property("naturalWidth", 40)
    shown = [entry["attachments"] for entry in visitor.entries() if entry["text"] == "Look"]
    assert shown[0][0]["name"] == "a.png"


def test_a_file_too_many_is_named_before_anything_is_sent(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    files = [
        {"name": f"{number}.txt", "mimeType": "text/plain", "buffer": b"fine"}
        for number in range(11)
    ]
    page.set_input_files("#file-input", files)
    expect(page.locator(".upload.is-failed")).to_have_count(1)
    expect(page.locator(".upload.is-failed")).to_contain_text("At most 10 files at once.")
    expect(page.locator("#uploads")).not_to_contain_text("Uploading")
    expect(page.get_by_role("button", name="Remove 10.txt")).to_be_visible()
    desk.write("Ten")
    expect(page.locator(".message.is-own .message-file")).to_have_count(10)
    expect(page.locator(".is-pending")).to_have_count(0)
    [said] = [entry for entry in visitor.entries() if entry["text"] == "Ten"]
    assert len(said["attachments"]) == 10
