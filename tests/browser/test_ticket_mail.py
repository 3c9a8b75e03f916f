"""A ticket's customer in a browser: from the link in a mail to an answer that the desk reads, and a
mail that the desk sees as it was sent."""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.test_tickets import at_tickets, opened
from tests.conftest import Site
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import Desk, open_desk
from tests.tickets.mail.samples import written
from tickets.mail.inbound.ingest import ingest
from tickets.models import Mailbox
from tickets.operations.mails import store_mail
from tickets.tokens import page_token

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context, viewport={"width": 1280, "height": 800})


def _shot(page: Page, name: str) -> None:
    if os.environ.get("SHOTS"):
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"{name}.png", full_page=True)


def test_a_customer_answers_on_the_page_and_the_desk_reads_it(
    desk: Desk, new_context: Contexts
) -> None:
    ticket = opened(desk, language="tr")
    page = at_tickets(desk, f"{ticket.pk}/?folder=all")
    phone = new_context(viewport={"width": 360, "height": 740}).new_page()
    phone.goto(f"{desk.site.url}/t/{ticket.pk}/{page_token(ticket, now=timezone.now())}/")
    expect(phone).to_have_url(f"{desk.site.url}/t/{ticket.pk}/")
    expect(phone.get_by_text("Kargom nerede?")).to_be_visible()
    assert_accessible(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.get_by_role("textbox").fill("Hâlâ gelmedi.")
    phone.locator("input[type=file]").set_input_files(
        {"name": "fiş.txt", "mimeType": "text/plain", "buffer": b"7741"}
    )
    _shot(phone, "page")
    phone.get_by_role("button", name="Gönder").click()
    expect(phone.locator(".ticket-line.is-own")).to_have_count(2)
    expect(phone.get_by_role("link", name="fiş.txt")).to_be_visible()
    expect(page.locator(".ticket-card", has_text="Hâlâ gelmedi.")).to_be_visible()
    phone.locator(".ticket-end button").click()
    expect(phone.locator(".ticket-end")).to_have_count(0)
    expect(page.locator("#ticket-head .status-resolved")).to_be_visible()
    _shot(phone, "page-closed")


def test_a_mail_is_seen_as_it_was_sent_and_loads_nothing_before_one_asks(
    desk: Desk, problems: Problems
) -> None:
    # The picture is refused first, then stopped by this test, which looks into a frame without
    # scripts.
    problems.allow(r"iz\.example/1\.gif|Blocked script execution in '[^']*/mail/2/")
    own = Mailbox.objects.create(brand=desk.brand, address="destek@pazar.example")
    asked: list[str] = []
    desk.page.route(
        "https://iz.example/**", lambda route: (asked.append(route.request.url), route.abort())
    )
    html = (
        "<h2>Merhaba</h2><p style='color:#b3261e'>Kargom <b>nerede?</b></p>"
        '<script>parent.document.title = "ele geçti"</script>'
        '<img src="https://iz.example/1.gif" alt="iz">'
    )
    mail = written("Kargom nerede?\n\n> eski", html=html, subject="Kargo")
    mail.add_attachment(b"MZ\0", "application", "octet-stream", filename="kur.exe")
    mail.add_attachment(b"MZ\0", "application", "octet-stream", filename="aç.exe")
    kept = store_mail(mailbox=own, content=bytes(mail), now=timezone.now())
    assert kept is not None
    # Here, where its bytes are: the site keeps files of its own.
    ingest([{"mail": kept.pk}])
    page = at_tickets(desk)
    page.locator(".ticket-row", has_text="Kargo").click()
    card = page.locator(".ticket-card[data-side=customer]")
    expect(card).to_contain_text("This file was not taken: kur.exe")
    first, second = (
        card.get_by_text(f"This file was not taken: {name}").bounding_box()
        for name in ("kur.exe", "aç.exe")
    )
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"]
    card.get_by_text("As it was sent", exact=True).click()
    frame = page.frame_locator(".ticket-page iframe")
    expect(frame.get_by_role("heading", name="Merhaba")).to_be_visible()
    assert asked == []
    _shot(page, "letter")
    with page.expect_request("https://iz.example/1.gif"):
        card.get_by_role("link", name="Show pictures from elsewhere").click()
    assert page.title() != "ele geçti"
