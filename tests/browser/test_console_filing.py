"""Passing chats on, making tickets of them and tagging them, in real browsers."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Permission, Role, Tag
from chat.models import Conversation
from chat.operations.tags import add_tag
from chat.operations.undo import press_end
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import Desk, now, open_desk, opened_in_line, ready
from tests.support.patience import Held
from tests.support.widget_page import Desk as Program
from tests.support.widget_page import Shop, Visitor, visitor_context
from tickets.models import Ticket

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context, viewport={"width": 1440, "height": 900})


def colleague(desk: Desk, new_context: Contexts, name: str = "Mert Yılmaz") -> tuple[Agent, Page]:
    """Somebody else of the team with the console open."""
    agent = factories.make_agent(online=True, name=name, language="en")
    desk.team.agents.add(agent)
    page = new_context(agent=agent, url=desk.site.url).new_page()
    page.goto(f"{desk.site.url}/console/")
    ready(page)
    return agent, page


@pytest.mark.both
def test_a_chat_is_handed_to_a_colleague_with_the_keyboard_alone(
    desk: Desk, new_context: Contexts
) -> None:
    visitor = desk.opened("My jacket is too small")
    _, theirs = colleague(desk, new_context)
    page = desk.page
    page.focus("#transfer-button")
    page.keyboard.press("Enter")
    expect(page.locator("#transfer-filter")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Knows sizes")
    page.locator("#dialogs").get_by_role("button", name="Transfer").press("Enter")
    expect(page.locator("#dialogs [role=alert]")).to_have_text("Choose who gets the chat.")
    expect(page.locator("#transfer-filter")).to_be_focused()
    height = page.locator("#dialogs dialog").evaluate("dialog => dialog.offsetHeight")
    page.keyboard.type("YİL")
    chosen = page.locator("#transfer-list [aria-selected=true]")
    expect(chosen).to_contain_text("Mert Yılmaz")
    expect(chosen).to_contain_text("4 free slots")
    # Fewer names leave the dialog as it is.
    assert page.locator("#dialogs dialog").evaluate("dialog => dialog.offsetHeight") == height
    page.keyboard.press("Tab")
    expect(page.locator("#transfer-reason")).to_have_value("Knows sizes")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text(": transferred to Mert Yılmaz")
    expect(page.locator(f"#row-{visitor.id}")).to_have_count(0)
    expect(page.locator("#meter")).to_contain_text("0/4")
    theirs.locator(f"#row-{visitor.id} a").click()
    expect(theirs.locator(".is-transferred")).to_have_text(
        "Elif Kaya transferred the chat. Agent: Mert Yılmaz · Knows sizes"
    )
    expect(theirs.locator("#context")).to_contain_text("Transferred by Elif Kaya")
    theirs.fill("#composer-text", "Let me look")
    theirs.press("#composer-text", "Enter")
    expect(theirs.locator(".message.is-own .message-mark")).to_have_text("sent")
    assert visitor.texts()[-1] == "Let me look"


def test_the_new_agent_is_alerted_like_for_any_new_chat(desk: Desk, new_context: Contexts) -> None:
    visitor = desk.opened()
    _, theirs = colleague(desk, new_context)
    desk.page.click("#transfer-button")
    desk.page.click("#transfer-list [data-value^=agent]")
    desk.page.click("dialog[open] .button.primary")
    expect(theirs.locator(f"#row-{visitor.id}")).to_be_visible()
    expect(theirs.locator("html")).to_have_attribute("data-sound", "chat")


def test_a_chat_that_a_colleague_took_goes_on_where_it_stands_once_it_is_passed_on(
    site: Site, new_context: Contexts
) -> None:
    desk, visitor = opened_in_line(site, new_context, "Who will help me?")
    page = desk.page
    mert = Program(site, factories.make_agent(name="Mert Yılmaz"))
    desk.team.agents.add(mert.agent)
    mert.go_online()
    expect(page.locator("#chat-left")).to_contain_text("Mert Yılmaz")
    Agent.objects.filter(pk=desk.elif_.pk).update(capacity=2)
    mert.call(f"conversations/{visitor.id}/transfer", {"agent": desk.elif_.public_id})
    expect(page.locator("#chat-left")).to_have_count(0)
    expect(page.locator("#composer")).to_have_attribute("data-mode", "reply")
    expect(page.locator(".is-transferred")).to_be_visible()
    desk.write("I will")
    assert visitor.texts()[-1] == "I will"


def test_the_visitor_sees_the_transfer_and_the_new_agent_and_goes_on_after_a_ticket(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    first = shop.agent("Elif Kaya")
    visitor = Visitor(visitor_context(new_context), shop.url).start("Hello there", name="Vera Ak")
    frame = visitor.frame
    expect(frame.locator(".who")).to_contain_text("Elif Kaya")
    [chat] = first.chats()
    second = shop.agent("Mert Demir")
    path = f"conversations/{chat['id']}"
    first.call(f"{path}/transfer", {"agent": second.agent.public_id, "reason": "secret"})
    expect(frame.locator(".is-transferred")).to_have_text("The chat was transferred")
    expect(frame.locator(".who")).to_contain_text("Mert Demir")
    made = second.call(f"{path}/convert", {"email": "vera@example.com"})
    expect(frame.locator(".is-converted")).to_contain_text(str(made["ticket"]))
    expect(frame.locator(".ended")).to_be_hidden()
    visitor.say("One more thing")
    assert second.texts(chat["id"])[-1] == "One more thing"


@pytest.mark.both
def test_a_chat_becomes_a_ticket_in_one_click_and_its_number_stands_in_the_head(
    desk: Desk, new_context: Contexts
) -> None:
    desk.opened("Where is my invoice?")
    page = desk.page
    page.click("#convert-button")
    chip = page.locator(".ticket-chip")
    expect(chip).to_contain_text("New")
    ticket = Ticket.objects.get()
    expect(chip).to_contain_text(f"Go to ticket #{ticket.pk}")
    expect(page.locator(".history-card")).to_contain_text("Where is my invoice?")
    expect(page.locator("#convert-button")).to_have_count(0)
    expect(page.locator(".is-converted")).to_have_text(
        f"Elif Kaya made ticket #{ticket.pk} of the chat"
    )
    desk.write("We go on here")
    # It follows the ticket, and leads there.
    _, theirs = colleague(desk, new_context)
    expect(theirs.locator("#rail-tickets")).to_be_empty()
    theirs.goto(f"{desk.site.url}/console/tickets/{ticket.pk}/")
    ready(theirs)
    theirs.click("#ticket-more-toggle")
    theirs.get_by_role("button", name="Put on hold").click()
    expect(chip).to_contain_text("On hold")
    chip.click()
    expect(page.locator("#ticket-subject")).to_have_text("Where is my invoice?")


def test_an_unknown_address_is_one_field(desk: Desk) -> None:
    visitor = desk.opened()
    Conversation.objects.update(fields={})
    Conversation.objects.get().visitor.__class__.objects.update(email="")
    page = desk.page
    page.reload()
    ready(page)
    page.click("#convert-button")
    expect(page.locator("#convert-email")).to_be_focused()
    page.keyboard.type("vera@example.com")
    page.keyboard.press("Enter")
    expect(page.locator(".ticket-chip")).to_be_visible()
    assert Ticket.objects.get().contact.email == "vera@example.com"
    assert Ticket.objects.get().conversations.get().public_id == visitor.id


def test_what_was_pressed_is_undone_by_name_after_another_chat_and_a_reload(
    desk: Desk, settings: Any
) -> None:
    settings.IMECE = settings.IMECE | {"UNDO_SECONDS": 600}
    page = desk.page
    callers = [desk.opened(name=name) for name in ("Vera Ak", "Deniz Er")]
    for caller in callers:
        chat = Conversation.objects.get(public_id=caller.id)
        press_end(conversation=chat, by=desk.elif_, now=now())
    page.reload()
    ready(page)
    toasts = page.locator("#undo .toast")
    expect(toasts).to_contain_text(["Vera Ak", "Deniz Er"])
    assert_accessible(page)
    # None hides another, or the head that it is about; in one look, for they are drawn anew.
    edges = page.evaluate(
        """() => ["#chat-head", "#undo .toast", "#undo .toast:nth-of-type(2)"].flatMap((name) => {
          const { top, bottom } = document.querySelector(name).getBoundingClientRect();
          return [top, bottom];
        })"""
    )
    assert edges == sorted(edges)
    expect(page.locator(".due-chip")).to_contain_text("Being ended")
    # Beside the customer and the buttons: nothing of the line below the name is cut off.
    page.set_viewport_size({"width": 1440, "height": 900})
    line = page.locator("#chat-head .chat-sub")
    assert not line.evaluate("line => line.scrollWidth > line.clientWidth")
    expect(line.locator(".chat-age")).to_be_visible()
    expect(page.locator("#end-button")).to_have_count(0)
    desk.open(callers[0])
    expect(toasts).to_have_count(2)
    page.get_by_role("button", name="Undo: Vera Ak").press("Enter")
    expect(toasts).to_contain_text(["Deniz Er"])
    expect(page.locator("#end-button")).to_be_visible()
    expect(page.locator(".due-chip")).to_have_count(0)
    callers[1].say("Wait")
    expect(page.locator("#toasts")).to_have_text("Deniz Er has written: the chat goes on.")
    expect(toasts).to_have_count(0)


def test_tags_are_typed_suggested_and_taken_off_without_leaving_the_field(desk: Desk) -> None:
    other = factories.make_conversation(factories.make_visitor(factories.make_brand()))
    add_tag(conversation=other, name="Değişim", by=None, now=now())
    desk.opened()
    page = desk.page
    field = page.locator("#tag-input")
    field.click()
    page.keyboard.type("DE")
    expect(page.locator("#tag-options [role=option]")).to_have_text(["Değişim"])
    expect(field).to_have_attribute("aria-expanded", "true")
    # What is chosen stays so when the answer to another letter comes.
    late = Held(page, "**/tags/?q=DEG")
    page.keyboard.type("G")
    late.wait()
    page.keyboard.press("ArrowDown")
    with page.expect_response("**/tags/?q=DEG"):
        late.let_go()
    expect(page.locator("#tag-options [aria-selected=true]")).to_have_text(["Değişim"])
    page.keyboard.press("Enter")
    expect(page.locator(".tag-name")).to_have_text(["Değişim"])
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.keyboard.type("beden")
    page.keyboard.press("Enter")
    expect(page.locator(".tag-name")).to_have_text(["beden", "Değişim"])
    expect(page.locator(".is-tagged").last).to_have_text("Elif Kaya added a tag: beden")
    page.click(".tag-remove >> nth=0")
    expect(page.locator(".tag-name")).to_have_text(["Değişim"])
    assert Tag.objects.count() == 2


def test_a_tag_of_a_colleague_appears_and_what_is_being_typed_stays(desk: Desk) -> None:
    visitor = desk.opened()
    role = factories.make_role(Permission.SUPERVISE, scope=Role.Scope.ALL)
    supervisor = Program(desk.site, factories.make_agent(role=role))
    field = desk.page.locator("#tag-input")
    field.click()
    desk.page.keyboard.type("half a wo")
    supervisor.call(f"conversations/{visitor.id}/tags", {"add": ["urgent"]})
    expect(desk.page.locator(".tag-name")).to_have_text(["urgent"])
    expect(field).to_be_focused()
    desk.page.keyboard.type("rd")
    expect(field).to_have_value("half a word")


def test_what_fails_in_a_dialog_is_said_in_it(desk: Desk, problems: Problems) -> None:
    problems.allow("ERR_FAILED|htmx:")
    page = desk.page
    desk.opened()
    page.click("#resolve-button")
    page.route("**/resolve/", lambda route: route.abort())
    page.locator("#topic-list [role=option]").first.click()
    page.keyboard.press("Enter")
    said = page.locator("#dialogs dialog").get_by_role("alert")
    expect(said).to_have_text("Zeynep Aksoy: That did not work. Try again.")
    page.unroute("**/resolve/")
    page.keyboard.press("Enter")
    expect(page.locator("#dialogs dialog")).to_have_count(0)
    expect(page.locator(".row-item")).to_have_count(0)


def test_a_dialog_opens_that_came_before_its_script(desk: Desk) -> None:
    page = desk.page
    desk.opened()
    scripts = Held(page, re.compile("/console/dialogs.*[.]js"))
    page.click("#resolve-button")
    scripts.wait()
    expect(page.locator("#dialogs dialog")).to_be_attached()
    scripts.let_go()
    expect(page.locator("#topic-filter")).to_be_focused()


def test_the_focus_goes_back_from_a_dialog_though_the_head_is_drawn_anew(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    page.locator("#resolve-button").press("Enter")
    expect(page.locator("#topic-filter")).to_be_focused()
    visitor.end()
    expect(page.locator("#end-button")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#dialogs dialog")).to_have_count(0)
    expect(page.locator("#resolve-button")).to_be_focused()


def test_a_small_screen_has_it_all_in_a_menu(site: Site, new_context: Contexts) -> None:
    size = {"width": 360, "height": 740}
    desk = open_desk(site, new_context, viewport=size)
    desk.team.agents.add(factories.make_agent())
    visitor = desk.opened()
    page = desk.page
    expect(page.locator("#transfer-button")).to_be_hidden()
    page.click(".more-toggle")
    expect(page.locator(".end-button")).to_be_visible()
    # What changes meanwhile is drawn when the menu is closed: it goes under no hand.
    page.locator(".end-button").evaluate("button => { button.dataset.isOld = 'yes'; }")
    with page.expect_response(re.compile("part=head")):
        page.evaluate(
            """id => document.body.dispatchEvent(
              new CustomEvent("console:changed", { detail: { id } }))""",
            visitor.id,
        )
    expect(page.locator(".end-button[data-is-old]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".end-button[data-is-old]")).to_have_count(0)
    page.click(".more-toggle")
    page.click("#transfer-button")
    expect(page.locator("#transfer-filter")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".more-toggle")).to_be_focused()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]


def test_a_phone_shows_the_whole_topic_and_the_ticket(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context, viewport={"width": 320, "height": 640})
    page = desk.page
    visitor = desk.caller(name="Zeynep")
    visitor.start("Hello", topic=desk.topic)
    desk.open(visitor)
    page.click(".more-toggle")
    page.click("#convert-button")
    expect(page.locator(".ticket-chip")).to_contain_text("New")
    for part in ("#chat-name", ".topic-button .topic", ".ticket-chip"):
        cut = page.locator(part).evaluate("part => part.scrollWidth > part.clientWidth")
        assert not cut, part
    # As in a browser that blocks notifications, and without a connection.
    for bar in ("#connection", "#notify-bar"):
        page.locator(bar).evaluate("bar => { bar.hidden = false; bar.prepend('Wait'); }")
    head, corner = page.evaluate(
        """() => ["#chat-head", "#notify-bar"].map(
          (name) => document.querySelector(name).getBoundingClientRect().toJSON())"""
    )
    assert corner["top"] >= head["bottom"]


DRESS = "theme => { document.documentElement.dataset.theme = theme; }"


@pytest.mark.once
def test_dialogs_menu_and_tags_are_accessible(site: Site, new_context: Contexts) -> None:
    """Each once, in the light and in the dark by turns."""
    size = {"width": 360, "height": 740}
    desk = open_desk(site, new_context, viewport=size, agent={"theme": "light", "language": "tr"})
    colleague(desk, new_context)
    full, _ = colleague(desk, new_context, "Ayşe")
    Agent.objects.filter(pk=full.pk).update(capacity=0)
    visitor = desk.opened(name="")
    page = desk.page
    page.click(".more-toggle")
    assert_accessible(page)
    page.click("#convert-button")
    page.fill("#convert-email", "vera@x")
    page.keyboard.press("Enter")
    expect(page.locator("#convert-error")).to_be_visible()
    page.evaluate(DRESS, "dark")
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.click(".more-toggle")
    page.click("#transfer-button")
    expect(page.locator("#transfer-list [aria-disabled=true]")).to_contain_text("Ayşe")
    page.keyboard.press("ArrowDown")
    page.evaluate(DRESS, "light")
    assert_accessible(page)
    page.keyboard.press("Escape")
    chat = Conversation.objects.get(public_id=visitor.id)
    add_tag(conversation=chat, name="beden", by=None, now=now())
    Tag.objects.create(name="Değişim", folded="degisim")
    page.reload()
    ready(page)
    page.click(".context-toggle")
    page.click("#tag-input")
    expect(page.locator("#tag-options [role=option]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.evaluate(DRESS, "dark")
    assert_accessible(page)
