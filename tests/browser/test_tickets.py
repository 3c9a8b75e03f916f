"""The ticket desk in real browsers: written, taken back, changed together, seen by colleagues."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.operations.canned import add_canned_reply
from config.files.cleaning import clean_file
from tests.conftest import Site
from tests.support import factories, tickets
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import Desk, open_desk, ready
from tests.support.patience import Held, until
from tickets.models import Draft, Ticket

pytestmark = pytest.mark.browser


def opened(desk: Desk, subject: str = "Kargo gelmedi", **changes) -> Ticket:
    wish = {"name": "Zeynep Aksoy", "language": "en"} | changes
    return tickets.opened(desk.brand, subject, **wish)


def at_tickets(desk: Desk, path: str = "?folder=all", page: Page | None = None) -> Page:
    page = page or desk.page
    page.goto(f"{desk.site.url}/console/tickets/{path}")
    ready(page)
    return page


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context, viewport={"width": 1280, "height": 800})


def test_a_reply_is_written_taken_back_and_sent_while_a_colleague_looks_on(
    desk: Desk, new_context: Contexts
) -> None:
    ticket = opened(desk)
    mert = factories.make_agent(name="Mert Yılmaz", language="en")
    desk.team.agents.add(mert)
    theirs = at_tickets(
        desk,
        f"{ticket.pk}/?folder=all",
        new_context(agent=mert, url=desk.site.url).new_page(),
    )
    add_canned_reply(
        by=desk.elif_,
        shortcut="hi",
        title="Hi",
        body="Hello {{visitor.name}}",
        language="en",
        added=[clean_file(b"14 days", "returns.txt")],
        now=timezone.now(),
    )
    page = at_tickets(desk)
    # The list opens it beside itself, and the composer is where the keys lead.
    page.locator(".ticket-row").click()
    expect(page.locator("#ticket-side .ticket-properties")).to_be_visible()
    page.keyboard.press("Alt+L")
    page.keyboard.type("/hi")
    expect(page.locator("#picker [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-text")).to_have_value("Hello Zeynep Aksoy")
    expect(theirs.locator("#ticket-answering")).to_have_text("Elif Kaya is answering")
    page.locator("#ticket-file-input").set_input_files(
        {"name": "label.txt", "mimeType": "text/plain", "buffer": b"7741 0923"}
    )
    # The canned reply has brought the other one.
    expect(page.locator("#uploads .upload span:empty")).to_have_count(2)
    page.get_by_role("button", name="Send and wait").click()
    expect(theirs.locator(".ticket-card[data-side=agent]")).to_contain_text("Hello Zeynep Aksoy")
    expect(theirs.locator("#ticket-head .status-waiting")).to_be_visible()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#ticket-text")).to_have_value("Hello Zeynep Aksoy")
    expect(page.locator("#uploads")).to_contain_text("label.txt")
    expect(theirs.locator(".ticket-card[data-side=agent]")).to_have_count(0)
    expect(theirs.locator("#ticket-head .status-new")).to_be_visible()
    page.press("#ticket-text", "Control+Enter")
    sent = page.locator(".ticket-card[data-side=agent][data-kind=message]")
    expect(sent).to_contain_text("→ zeynep@example.com")
    expect(sent.get_by_role("link", name="label.txt")).to_be_visible()
    expect(page.locator("#ticket-text")).to_have_value("")
    # The list follows both.
    expect(theirs.locator(".ticket-row .status-open")).to_be_visible()
    assert Ticket.objects.get(pk=ticket.pk).status == "open"
    # Words that came while others were written are read first, and don't stop them twice.
    page.keyboard.type("Anything else?")
    theirs.keyboard.press("Alt+P")
    theirs.keyboard.type("I have called her")
    theirs.keyboard.press("Control+Enter")
    expect(page.locator(".ticket-card[data-kind=note]")).to_contain_text("I have called her")
    page.press("#ticket-text", "Control+Enter")
    expect(page.locator("#ticket-news")).to_be_visible()
    expect(sent).to_have_count(1)
    # What is typed while they are on their way is not lost with them.
    saying = Held(page, "**/say/")
    page.press("#ticket-text", "Control+Enter")
    saying.wait()
    page.keyboard.type(" Bye")
    saying.let_go()
    expect(sent).to_have_count(2)
    expect(page.locator("#ticket-news")).to_be_hidden()
    expect(page.locator("#ticket-text")).to_have_value(" Bye")
    # To whom a colleague copies stands there too, unless it is being changed.
    theirs.keyboard.press("Alt+L")
    theirs.locator("#ticket-cc-button").click()
    theirs.keyboard.type("can@example.com")
    theirs.locator("#ticket-text").fill("Can reads along")
    theirs.keyboard.press("Control+Enter")
    expect(page.locator("[name=cc]")).to_have_value("can@example.com")
    expect(page.locator("[name=cc]")).to_be_visible()
    page.locator("[name=cc]").fill("can@example.com, naz@example.com")
    theirs.locator("[name=cc]").fill("")
    theirs.locator("#ticket-text").fill("Can does not")
    theirs.keyboard.press("Control+Enter")
    expect(page.locator(".ticket-card[data-side=agent]")).to_contain_text(["Can does not"])
    page.press("#ticket-text", "Control+Enter")
    expect(page.locator("#ticket-news")).to_be_visible()
    page.press("#ticket-text", "Control+Enter")
    expect(page.locator("[name=cc]")).to_have_value("naz@example.com")
    assert Ticket.objects.get(pk=ticket.pk).cc == ["naz@example.com"]


def test_a_note_looks_like_one_and_a_draft_waits_on_the_server(
    desk: Desk, problems: Problems
) -> None:
    first, second = opened(desk, "Kargo"), opened(desk, "Fatura")
    page = at_tickets(desk, f"{first.pk}/?folder=all")
    page.keyboard.press("Alt+P")
    expect(page.locator(".ticket-to")).to_be_hidden()
    expect(page.locator(".note-label")).to_be_visible()
    page.keyboard.type("Kargoyu aradım")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".ticket-card[data-kind=note]")).to_contain_text("Only the team sees this")
    # Back to replies by itself: the next words are for the customer again, and it shows.
    expect(page.locator(".ticket-to")).to_be_visible()
    page.keyboard.type("Merhaba Zey")
    # It is on its way for so long that the agent is back before it has arrived.
    saves = Held(page, "**/draft/")
    page.keyboard.press("Alt+K")
    saves.wait()
    page.go_back()
    with page.expect_response(re.compile("part=ticket")):
        saves.let_go()
    expect(page.locator("#ticket")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#ticket-text")).to_have_value("Merhaba Zey")
    page.keyboard.press("Alt+K")
    expect(page.locator("#ticket-subject")).to_have_text(second.subject)
    page.go_back()
    expect(page.locator("#ticket-subject")).to_have_text(first.subject)
    expect(page.locator("#ticket-text")).to_have_value("Merhaba Zey")
    # A tag is seen as soon as it is there, and the next one can be typed.
    tag = page.locator("#ticket-tag")
    for word in ("Acil", "Kargo"):
        tag.fill(word)
        tag.press("Enter")
        expect(page.locator(".tag-name").filter(has_text=word)).to_be_visible()
        expect(tag).to_have_value("")
        expect(tag).to_be_focused()
    until(page, lambda: Draft.objects.filter(ticket=first, text="Merhaba Zey").exists())
    # What Back can't show any more leaves what is there, and where one is: no step too many.
    page.keyboard.press("Alt+K")
    expect(page.locator("#ticket-subject")).to_have_text(second.subject)
    problems.allow("404 .*part=ticket")
    gone = re.compile(rf"/tickets/{first.pk}/\?.*part=ticket")
    page.route(gone, lambda route: route.fulfill(status=404))
    page.go_back()
    expect(page.locator("#toasts")).to_contain_text("This ticket is gone")
    expect(page).to_have_url(re.compile(f"/tickets/{second.pk}/"))
    expect(page.locator("#ticket-subject")).to_have_text(second.subject)
    expect(page.locator("#ticket-text")).to_be_editable()


def test_a_second_press_on_resolve_reopens_nothing(desk: Desk) -> None:
    ticket = opened(desk)
    page = at_tickets(desk, f"{ticket.pk}/?folder=all")
    # Pressed in the moment in which *Reopen* comes to where *Resolve* was.
    page.evaluate(
        """() => new MutationObserver((_, own) => {
            const reopen = document.getElementById("ticket-open");
            if (!reopen) return;
            own.disconnect();
            reopen.click();
            document.body.dataset.pressed = "twice";
        }).observe(document.body, {childList: true, subtree: true})"""
    )
    page.locator("#ticket-resolve").click()
    expect(page.locator("body")).to_have_attribute("data-pressed", "twice")
    page.locator("#ticket-more-toggle").click()
    page.get_by_role("button", name="Close the ticket").click()
    expect(page.locator("#ticket-head .status-closed")).to_be_visible()
    became = [line.data["to"] for line in ticket.entries.filter(kind="status").order_by("seq")]
    assert became == ["resolved", "closed"]


def test_several_are_changed_at_once_and_back(desk: Desk) -> None:
    for n in range(3):
        opened(desk, f"Talep {n}")
    page = at_tickets(desk)
    page.click("#ticket-pick")
    page.click("#ticket-many-all")
    expect(page.locator("#ticket-many-count")).to_have_text("3")
    page.click("#ticket-many-change")
    dialog = page.locator("#dialogs dialog")
    dialog.get_by_label("Status").select_option("resolved")
    dialog.get_by_role("button", name="Change").click()
    expect(page.locator(".ticket-row .status-resolved")).to_have_count(3)
    expect(page.locator("#ticket-pick")).to_be_focused()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator(".ticket-row .status-new")).to_have_count(3)


def test_a_list_whose_older_rows_are_read_stays_fresh_where_it_is_read(desk: Desk) -> None:
    for n in range(42):
        opened(desk, f"Talep {n}")
    page = at_tickets(desk)
    rows = page.locator(".ticket-item")
    page.get_by_role("button", name="Older tickets").click()
    expect(rows).to_have_count(42)
    read = page.get_by_role("link", name="Talep 12 ")
    read.focus()
    read.evaluate("row => row.scrollIntoView()")
    opened(desk, "Yeni")
    # As after everything that is done here.
    page.evaluate("document.body.dispatchEvent(new CustomEvent('ticket:changed'))")
    expect(rows).to_have_count(43)
    expect(rows.first).to_contain_text("Yeni")
    expect(read).to_be_focused()
    expect(read).to_be_in_viewport()


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("tr", "light", 1280), ("en", "dark", 360)]
)
def test_the_desk_is_accessible_in_both_dresses_and_fits_a_phone(
    site: Site, new_context: Contexts, language: str, theme: str, width: int
) -> None:
    desk = open_desk(
        site,
        new_context,
        agent={"language": language, "theme": theme},
        viewport={"width": width, "height": 780},
    )
    ticket = opened(desk, "Çok uzun bir başlık: kargo takip numarası hâlâ sistemde görünmüyor")
    page = at_tickets(desk)
    page.click("#ticket-filter-button")
    expect(page.locator("#ticket-filters select").first).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.locator(".ticket-row").click()
    expect(page.locator("#ticket-pane")).to_be_visible()
    if width < 1100:
        page.click("#context-toggle")
    expect(page.locator("#ticket-side .ticket-properties")).to_be_visible()
    assert_accessible(page)
    if width < 1100:
        page.click("#context-close")
    page.keyboard.press("Alt+P")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    at_tickets(desk, "new/")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # On a phone one pane at a time, and back.
    at_tickets(desk, f"{ticket.pk}/")
    if width < 720:
        expect(page.locator("#ticket-rows")).to_be_hidden()
        page.locator("#ticket-head .ticket-back").click()
        expect(page.locator("#ticket-rows")).to_be_visible()
