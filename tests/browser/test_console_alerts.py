"""What an agent hears and is told: sounds, chats that wait too long."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from agents.models import Team
from chat.models import Conversation
from chat.operations.transfers import transfer
from tests.browser.test_console_filing import colleague
from tests.conftest import Site
from tests.support import factories, widget_page
from tests.support.chromium import Contexts
from tests.support.console_page import Desk, Line, now, open_desk, ready
from tests.support.desk import here
from tests.support.patience import until
from tests.support.site import sweep

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


# No machine's clock is right.
FAST_CLOCK = """const now = Date.now;
Date.now = () => now() + 60_000;"""
# Awake it costs power all day.
NOTE_AUDIO = """window.AudioContext = class extends AudioContext {
  constructor() {
    super();
    window.audio = this;
  }
  get state() { return sessionStorage.locked ? "suspended" : super.state; }
  async resume() {
    if (sessionStorage.locked) throw new Error("nobody has clicked here");
    return super.resume();
  }
};"""


def test_a_new_chat_and_a_message_sound_different_and_one_tab_rings(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context, fresh=True)
    page = desk.page
    page.context.add_init_script(FAST_CLOCK + NOTE_AUDIO)
    page.reload()
    ready(page)
    expect(page.locator("html[data-sounds]")).to_have_count(1)
    other_tab = page.context.new_page()
    other_tab.goto(f"{desk.site.url}/console/")
    ready(other_tab)
    page.bring_to_front()
    visitor = desk.chat("Ring ring")
    expect(page.locator("html[data-sound=chat]")).to_have_count(1)
    desk.open(visitor)
    second = desk.chat("Me too", name="Can Öz")
    page.evaluate("delete document.documentElement.dataset.sound")
    desk.open(second)
    # The console's policy lets nobody wait by an expression in the page itself.
    until(page, lambda: page.evaluate("audio.state === 'suspended' && audio.currentTime > 0"))
    asleep = page.evaluate("audio.currentTime")
    page.evaluate("delete document.documentElement.dataset.sound")
    visitor.say("Still there?")
    until(page, lambda: page.evaluate("before => audio.currentTime > before", asleep))
    expect(page.locator(f"#row-{visitor.id} .unread")).to_contain_text("1")
    expect(page.locator("html[data-sound=message]")).to_have_count(1)
    page.evaluate("delete document.documentElement.dataset.sound")
    second.say("Hello?")
    expect(page.locator("#thread")).to_contain_text("Hello?")
    assert page.evaluate("document.documentElement.dataset.sound") is None
    assert other_tab.evaluate("document.documentElement.dataset.sound") is None
    assert other_tab.evaluate("document.documentElement.dataset.rings") is None
    # The tab that tells may be one that the browser lets not sound: the other one sounds.
    other_tab.evaluate("sessionStorage.locked = 'yes'")
    other_tab.reload()
    ready(other_tab)
    page.reload()
    ready(page)
    expect(other_tab.locator("html[data-rings]")).to_have_count(1)
    expect(page.locator("html[data-sounds]")).to_have_count(1)
    visitor.say("Anybody?")
    expect(page.locator("html[data-sound=message]")).to_have_count(1)
    assert other_tab.evaluate("document.documentElement.dataset.sound") is None
    # Its number on the icon goes with it.
    expect(page.locator("#favicon[type='image/png'][href^='data:']")).to_have_count(1)
    desk.open(visitor)
    expect(page.locator("#favicon[type='image/svg+xml'][href$='.svg']")).to_have_count(1)


# A browser that allows notifications once it is asked, and keeps what it was asked to show.
ALLOWED = """window.told = [];
window.Notification = class extends EventTarget {
  static permission = sessionStorage.getItem("permission") ?? "default";
  static requestPermission = async () => (window.Notification.permission = "granted");
  constructor(title, options) {
    super();
    told.push(Object.assign(this, { title, ...options }));
    document.documentElement.dataset.told = String(told.length);
  }
  close() { this.isClosed = true; }
};"""


def test_the_desktop_tells_of_a_chat_after_a_click_and_a_click_on_that_opens_it(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context, fresh=True)
    page = desk.page
    page.context.add_init_script(ALLOWED)
    page.reload()
    ready(page)
    # Who gave no name is called as in the list.
    first = desk.chat("Nobody is told yet", name="")
    desk.open(first)
    assert page.evaluate("told.length") == 0
    page.locator("#notify-bar").get_by_role("button", name="Turn notifications on").click()
    expect(page.locator("#notify-bar")).to_be_hidden()
    # No push service is reached from here, so the page itself tells.
    expect(page.locator("#toasts")).to_contain_text("Notifications are on while İmece is open")
    second = desk.chat("Is my parcel on its way?")
    expect(page.locator("html")).to_have_attribute("data-told", "1")
    assert page.evaluate("[told[0].title, told[0].tag]") == ["New chat", f"c-{second.id}"]
    page.evaluate("told[0].dispatchEvent(new Event('click'))")
    expect(page.locator(f"#thread-pane[data-conversation='{second.id}']")).to_be_visible()
    assert page.evaluate("told[0].isClosed")
    first.say("Hello?")
    expect(page.locator("html")).to_have_attribute("data-told", "2")
    called = page.locator(f"#row-{first.id} .row-name").text_content()
    assert page.evaluate("[told[1].title, told[1].body]") == [called, "Hello?"]
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Turn notifications off").click()
    expect(page.locator("#toasts")).to_contain_text("Notifications are off in this browser.")
    first.say("Still there?")
    expect(page.locator(f"#row-{first.id} .unread")).to_contain_text("2")
    assert page.evaluate("told.length") == 2
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Turn notifications on").click()
    expect(page.locator("html[data-notify=on]")).to_have_count(1)
    # Forbidden since then: the page says why it is silent.
    page.evaluate("sessionStorage.setItem('permission', 'denied')")
    page.reload()
    ready(page)
    expect(page.locator("#notify-bar")).to_contain_text("The browser blocks notifications")


# As long as a ring lasted once; no connection is given up in that time.
LONG_MS = 22_000


def test_a_chat_rings_until_it_is_opened_answered_or_gone(
    site: Site, new_context: Contexts
) -> None:
    """Alone holds that a ring goes on and ends: by events, by the screen, and after a reload."""
    desk = open_desk(site, new_context, fresh=True)
    page = desk.page
    html = page.locator("html")
    page.context.add_init_script(ALLOWED)
    page.evaluate("sessionStorage.permission = 'granted'; localStorage['imece:notify'] = 'on'")
    page.clock.install()
    page.reload()
    ready(page)

    def rings_on() -> None:
        expect(html).to_have_attribute("data-sound", "chat")
        page.evaluate("delete document.documentElement.dataset.sound")
        page.clock.fast_forward(LONG_MS)
        expect(html).to_have_attribute("data-sound", "chat")

    def is_silent() -> None:
        page.evaluate("delete document.documentElement.dataset.sound")
        page.clock.run_for(7_000)
        expect(html).not_to_have_attribute("data-sound", "chat")

    # It may show itself, but no hand is there.
    opened = desk.chat("Is anybody there?")
    rings_on()
    desk.open(opened)
    until(page, lambda: page.evaluate("told.at(-1).isClosed"))
    is_silent()
    # A colleague has it before it was looked at.
    given = desk.chat("Hello?", name="Can Öz")
    rings_on()
    role = factories.make_role("chat", "supervise", scope="all")
    other = factories.make_agent(online=True, role=role)
    desk.team.agents.add(other)
    here(other)
    transfer = f"conversations/{given.id}/transfer"
    widget_page.Desk(site, other).call(transfer, {"agent": other.public_id})
    desk.team.agents.remove(other)
    until(page, lambda: page.evaluate("told.at(-1).isClosed"))
    is_silent()
    # Its customer has gone.
    left = desk.chat("Bye", name="Ece Su")
    rings_on()
    left.end()
    until(page, lambda: page.evaluate("told.at(-1).isClosed"))
    is_silent()
    wanted = desk.chat("Still here", name="Efe Ay")
    rings_on()
    # Also on the page that comes next.
    page.goto(f"{site.url}/console/tickets/")
    ready(page)
    rings_on()
    page.goto(f"{site.url}/console/")
    ready(page)
    desk.open(wanted)
    is_silent()
    Team.objects.filter(pk=desk.team.pk).update(auto_accept=False, ring_seconds=600)
    desk.caller(name="Nobody's").start("Hello?")
    offer = page.locator(".offer")
    expect(offer).to_contain_text("Nobody's")
    rings_on()
    # Also on a page that was not there when it began.
    page.reload()
    ready(page)
    rings_on()
    offer.get_by_role("button", name="Decline").click()
    expect(offer).to_have_count(0)
    is_silent()


def test_the_title_counts_on_while_nobody_sees_the_page(desk: Desk) -> None:
    page = desk.page
    first, second = desk.opened("Hello"), desk.chat("Hello", name="Can Öz")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.evaluate("""() => {
      Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
      document.hasFocus = () => false;
    }""")
    for caller in (first, second):
        caller.say("Still there?")
    third = desk.caller(name="Ece Su")
    third.start("And me?")
    expect(page).to_have_title(re.compile(r"^\(4\) "))
    # What is hidden is not drawn.
    expect(page.locator(f"#row-{third.id}")).to_have_count(0)


def test_words_in_chats_of_others_make_no_sound(
    site: Site, new_context: Contexts, desk: Desk
) -> None:
    first, second = desk.chat("One"), desk.chat("Two", name="Can Öz")
    role = factories.make_role("chat", "supervise", scope="all")
    selin = factories.make_agent(online=True, name="Selin Ak", language="en", role=role)
    page = new_context(agent=selin, url=site.url).new_page()
    page.goto(f"{site.url}/console/chats/{first.id}/?tab=all")
    line = Line(page)
    page.click(f"#link-{second.id}")
    thread = page.locator(f"#thread-pane[data-conversation='{second.id}'] #thread")
    expect(thread).to_contain_text("Two")
    page.evaluate("document.hasFocus = () => false")
    # Neither of the one on the screen nor of the one before, also on another connection.
    for word in ("Still there?", "And now?"):
        first.say(word)
        second.say(word)
        expect(thread).to_contain_text(word)
        assert page.evaluate("document.documentElement.dataset.sound") is None
        before = line.joined
        line.break_off()
        until(page, lambda before=before: line.joined > before)
        ready(page)
    page.click(f"#link-{first.id}")
    expect(page.locator(f"#thread-pane[data-conversation='{first.id}']")).to_contain_text(
        "And now?"
    )


def test_a_chat_passed_on_is_told_by_name_where_the_list_shows_others(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context, viewport={"width": 1440, "height": 900})
    visitor = desk.opened()
    _, theirs = colleague(desk, new_context)
    theirs.locator("#tab-queue").click()
    expect(theirs.locator("#next-button, #list[data-tab=queue]").first).to_be_visible()
    desk.page.click("#transfer-button")
    desk.page.click("#transfer-list [data-value^=agent]")
    desk.page.click("dialog[open] .button.primary")
    told = theirs.locator("#toasts .toast")
    expect(told).to_contain_text("A chat was transferred to you · Zeynep Aksoy")
    expect(told).to_have_count(1)
    told.get_by_role("button", name="Open it").click()
    expect(theirs.locator(f"#thread-pane[data-conversation='{visitor.id}']")).to_be_visible()
    expect(told).to_have_count(0)


# The new chat rings on, and would write over it.
NOTE_LATE_SOUND = """new MutationObserver(() => {
  const { dataset } = document.documentElement;
  if (dataset.sound === "late") dataset.wasLate = "yes";
}).observe(document.documentElement, { attributeFilter: ["data-sound"] })"""


def test_a_chat_that_waits_too_long_is_heard_by_its_agent_and_then_by_a_supervisor(
    site: Site, new_context: Contexts, desk: Desk
) -> None:
    role = factories.make_role("chat", "supervise", scope="all")
    selin = factories.make_agent(online=True, name="Selin Ak", language="en", role=role)
    boss = new_context(agent=selin, url=site.url).new_page()
    boss.goto(f"{site.url}/console/")
    ready(boss)
    page = desk.page
    visitor = desk.chat("Is anybody there?")
    expect(page.locator("html")).to_have_attribute("data-sound", "chat")
    page.evaluate(NOTE_LATE_SOUND)
    page.evaluate("document.hasFocus = () => false")
    _wait_for(visitor.id, seconds=61)
    sweep(site.process)
    expect(page.locator("#toasts")).to_contain_text("Zeynep Aksoy is waiting for your answer")
    expect(page.locator("html")).to_have_attribute("data-was-late", "yes")
    expect(page).to_have_title("(1) Zeynep Aksoy is waiting for your answer")
    expect(boss.locator("#toasts")).to_be_empty()
    _wait_for(visitor.id, seconds=120)
    sweep(site.process)
    words = "Zeynep Aksoy is waiting for an answer. Agent: Elif Kaya"
    expect(boss.locator("#toasts")).to_contain_text(words)
    expect(boss.locator("html")).to_have_attribute("data-sound", "late")
    expect(page.locator("#toasts")).not_to_contain_text(words)
    nobody = factories.make_team(factories.make_agent())
    chat = Conversation.objects.get(public_id=visitor.id)
    transfer(conversation=chat, to=nobody, by=desk.elif_, now=now() - timedelta(seconds=120))
    sweep(site.process)
    words = "Zeynep Aksoy is waiting, and no agent has taken the chat"
    expect(boss.locator("#toasts")).to_contain_text(words)


def _wait_for(chat: str, *, seconds: int) -> None:
    """Let the customer have waited for so long."""
    since = now() - timedelta(seconds=seconds)
    Conversation.objects.filter(public_id=chat).update(unanswered_since=since, accepted_at=since)


def test_the_first_press_moves_nothing_though_it_turns_the_sounds_on(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat()
    # As in a browser that waits for a gesture; in one look, for the list may be drawn anew.
    before, after = page.evaluate(
        """id => {
          const top = () => document.querySelector(`#row-${id}`).getBoundingClientRect().top;
          const before = top();
          document.querySelector("#sound-button").hidden = false;
          return [before, top()];
        }""",
        visitor.id,
    )
    expect(page.locator("#sound-button")).to_be_visible()
    assert before == after
    for size in ({"width": 360, "height": 740}, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
