"""A visitor's and an agent's browser at once: typing, the sound of two tabs, files."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.console_page import ready
from tests.support.factories import make_agent
from tests.support.http import picture
from tests.support.patience import until
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser

# What shows that somebody types leaves by itself, maybe before a busy machine has looked.
NOTE_TYPING = """() => new MutationObserver(() => {
  const { dataset } = document.documentElement;
  const typing = document.querySelector(":is(#thread, .chat-thread) .is-typing");
  if (typing) dataset.sawTyping = typing.textContent;
  if (document.querySelector(".row-typing:not([hidden])")) dataset.sawRow = "yes";
}).observe(document.body, { attributes: true, childList: true, subtree: true })"""
ANSWER_UNTYPED = """text => fetch(
  `/api/v1/conversations/${document.querySelector("#thread-pane").dataset.conversation}/messages`,
  {
    method: "POST",
    headers: {
      "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")),
    },
    body: JSON.stringify({ cid: crypto.randomUUID(), text }),
  },
)"""
COUNT_TONES = """
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  const { dataset } = document.documentElement;
  dataset.tones = Number(dataset.tones ?? 0) + 1;
  return start.apply(this, when);
};
"""
COPY_PICTURE = """async (bytes) => {
  const type = "image/png";
  const blob = new Blob([new Uint8Array(bytes)], { type });
  await navigator.clipboard.write([new ClipboardItem({ [type]: blob })]);
}"""
CARRY_PICTURE = """(node, [name, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  return carried;
}"""


@dataclass
class Room:
    """A visitor who talks to Elif, and her console with the chat open."""

    visitor: Visitor
    page: Page


@pytest.fixture
def room(site: Site, new_context: Contexts) -> Room:
    shop = Shop(site)
    elif_ = make_agent(name="Elif Kaya", online=True, language="en")
    shop.team.agents.add(elif_)
    page = new_context(agent=elif_, url=site.url).new_page()
    page.goto(f"{site.url}/console/")
    ready(page)
    visitor = Visitor(visitor_context(new_context), shop.url).start("Hello there", name="Vera Ak")
    page.locator(".row-item a").click()
    expect(page.locator("#thread")).to_contain_text("Hello there")
    return Room(visitor=visitor, page=page)


def test_each_side_sees_that_the_other_types_until_it_stops(room: Room) -> None:
    visitor, page = room.visitor, room.page
    box = visitor.frame.locator(".composer-text")
    theirs = visitor.frame.locator("html")
    for html in (theirs, page.locator("html")):
        html.evaluate(NOTE_TYPING)
    box.press_sequentially("I think")
    expect(page.locator("html")).to_have_attribute(
        "data-saw-typing", re.compile("Vera Ak is typing")
    )
    expect(page.locator("html")).to_have_attribute("data-saw-row", "yes")
    # Nobody presses a key any more.
    expect(page.locator("#thread .is-typing")).to_have_count(0)
    expect(page.locator(".row-typing")).to_be_hidden()
    page.locator("#composer-text").press_sequentially("Let me")
    dots = visitor.frame.locator(".is-typing")
    expect(theirs).to_have_attribute("data-saw-typing", re.compile("Elif Kaya is typing"))
    page.keyboard.press("Enter")
    visitor.sees("Let me")
    expect(dots).to_have_count(0)
    box.press("Enter")
    expect(page.locator("#thread")).to_contain_text("I think")


def test_a_visitor_never_sees_that_a_note_is_typed(room: Room) -> None:
    visitor, page = room.visitor, room.page
    visitor.frame.locator("html").evaluate(NOTE_TYPING)
    page.keyboard.press("Alt+p")
    page.locator("#composer-text").press_sequentially("A hard one")
    page.keyboard.press("Enter")
    expect(page.locator(".message.is-note:not(.is-pending)")).to_contain_text("A hard one")
    html = visitor.frame.locator("html")
    page.evaluate(ANSWER_UNTYPED, "By the way")
    visitor.sees("By the way")
    # What would have come before it would be here by now.
    assert html.get_attribute("data-saw-typing") is None
    page.keyboard.press("Alt+l")
    page.locator("#composer-text").press_sequentially("Yes")
    expect(html).to_have_attribute("data-saw-typing", re.compile("Elif Kaya"))


def test_of_a_visitors_two_tabs_one_plays_the_sound(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    context = visitor_context(new_context)
    context.add_init_script(COUNT_TONES)
    first = Visitor(context, shop.url).start()
    second = Visitor(context, shop.url)
    # A browser lets a tab sound after somebody did something in it: the form, or any touch.
    second.sees("Hello there").click()
    first.launcher.click()
    for tab in (first, second):
        expect(tab.launcher).to_have_attribute("aria-expanded", "false")
    chat = elif_.chats()[0]["id"]

    def tones() -> int:
        htmls = [tab.frame.locator("html") for tab in (first, second)]
        return sum(int(html.get_attribute("data-tones") or 0) for html in htmls)

    for number in (1, 2, 3):
        elif_.say(chat, f"Answer {number}")
        for tab in (first, second):
            expect(tab.page.locator("imece-chat b")).to_have_text(str(number))
        # Two tones are one sound. What an earlier answer sounded twice would be in here too.
        until(first.page, lambda wanted=2 * number: tones() >= wanted)
        assert tones() == 2 * number


def _drop(on: Locator, name: str) -> None:
    carried = on.evaluate_handle(CARRY_PICTURE, [name, list(picture(size=(40, 30)))])
    for kind in ("dragenter", "dragover", "drop"):
        on.dispatch_event(kind, {"dataTransfer": carried})


def _paste(page: Page, into: Locator) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY_PICTURE, list(picture(size=(40, 30))))
    into.press("Control+v")


def _shows_pictures(message: Locator, names: list[str]) -> None:
    """Wait until the pictures of a message are drawn, so they came through whole."""
    shown = message.locator("img")
    expect(shown).to_have_count(len(names))
    for at, name in enumerate(names):
        expect(shown.nth(at)).to_have_js_property("naturalWidth", 40)
        expect(shown.nth(at)).to_have_attribute("alt", re.compile(re.escape(name)))


def _message(where: Any, text: str) -> Locator:
    found: Locator = where.locator(".message:not(.is-pending)").filter(has_text=text)
    return found


def test_a_visitor_pastes_a_picture_and_drops_another(room: Room) -> None:
    visitor, page = room.visitor, room.page
    box, files = visitor.frame.locator(".composer-text"), visitor.frame.locator(".uploads li")
    _paste(visitor.page, box)
    expect(files).to_have_count(1)
    _drop(visitor.frame.locator(".chat-thread"), "dropped.png")
    expect(visitor.frame.locator(".uploads li.is-done")).to_have_count(2)
    expect(visitor.frame.locator(".drop")).to_be_hidden()
    visitor.say("Two pictures")
    expect(files).to_have_count(0)
    _shows_pictures(_message(visitor.frame, "Two pictures"), ["image.png", "dropped.png"])
    _shows_pictures(_message(page, "Two pictures"), ["image.png", "dropped.png"])


def test_an_agent_pastes_a_picture_and_drops_another(room: Room) -> None:
    visitor, page = room.visitor, room.page
    box, files = page.locator("#composer-text"), page.locator("#uploads .upload")
    _paste(page, box)
    expect(files).to_have_count(1)
    _drop(page.locator("#thread"), "dropped.png")
    expect(files).to_have_count(2)
    expect(page.locator("#uploads")).not_to_contain_text("Uploading")
    expect(page.locator("#composer.is-dropping")).to_have_count(0)
    box.fill("Two pictures")
    box.press("Enter")
    expect(files).to_have_count(0)
    _shows_pictures(_message(page, "Two pictures"), ["image.png", "dropped.png"])
    _shows_pictures(_message(visitor.frame, "Two pictures"), ["image.png", "dropped.png"])


def test_files_stay_in_the_order_in_which_they_were_chosen(room: Room) -> None:
    visitor, page = room.visitor, room.page
    # The small one would arrive first, if both were on their way at once.
    chosen: Any = [
        {"name": "large.png", "mimeType": "image/png", "buffer": picture(size=(3000, 3000))},
        {"name": "small.png", "mimeType": "image/png", "buffer": picture(size=(40, 30))},
    ]
    visitor.frame.locator(".composer input[type=file]").set_input_files(chosen)
    expect(visitor.frame.locator(".uploads li.is-done")).to_have_count(2)
    visitor.say("From the visitor")
    page.locator("#file-input").set_input_files(chosen)
    expect(page.locator("#uploads .upload")).to_have_count(2)
    expect(page.locator("#uploads")).not_to_contain_text("Uploading")
    page.fill("#composer-text", "From the agent")
    page.press("#composer-text", "Enter")
    expect(page.locator("#uploads .upload")).to_have_count(0)
    _message(page, "From the agent").wait_for()
    page.reload()
    ready(page)
    for words in ("From the visitor", "From the agent"):
        shown = _message(page, words).locator("img")
        expect(shown).to_have_count(2)
        expect(shown.nth(0)).to_have_attribute("alt", re.compile("large"))
        expect(shown.nth(1)).to_have_attribute("alt", re.compile("small"))


def test_words_that_run_from_the_right_keep_their_bubble_on_its_side(room: Room) -> None:
    room.visitor.say("مرحبا، كيف حالك؟")
    box = room.page.locator("#composer-text")
    box.fill("שלום")
    expect(box).to_have_css("direction", "rtl")
    box.press("Enter")
    for side, corner in (("own", "right"), ("other", "left")):
        bubble = room.page.locator(f".message.is-{side} .message-bubble").last
        expect(bubble).to_have_css(f"border-bottom-{corner}-radius", "4px")
        text_start = bubble.evaluate("""bubble => {
          const range = document.createRange();
          range.selectNodeContents(bubble);
          return [range.getBoundingClientRect().right, bubble.getBoundingClientRect().right];
        }""")
        assert text_start[1] - text_start[0] < 20
