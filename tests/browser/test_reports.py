"""A report in a real browser: accessible, narrow, dark, and from a number to its chats."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agents.models import Permission, Role
from reports.facts.keeping import rebuild
from tests.conftest import Site
from tests.reports.test_reports import answered, left
from tests.support.chromium import Contexts, assert_accessible, sign_in
from tests.support.desk import make_desk, start
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.browser


def test_a_report_is_accessible_and_its_numbers_open(site: Site, new_context: Contexts) -> None:
    """Each in both dresses, looked at by axe in one of them by turns."""
    desk = make_desk(agents=2, brand={"capacity": 9})
    for day in range(3):
        at = timezone.now() - timedelta(days=day, minutes=20)
        for number in range(3 - day):
            answered(desk, desk.agents[number % 2], at, wait=20 * number, talk=100, acw=30)
        left(desk, at, wait=45)
    rebuild()
    role = make_role(
        Permission.REPORTS, Permission.EXPORT, Permission.ARCHIVE, scope=Role.Scope.ALL
    )
    for turn, (language, theme, width) in enumerate((("tr", "light", 1280), ("en", "dark", 360))):
        boss = make_agent(role=role, language=language, theme=theme)
        context = new_context(viewport={"width": width, "height": 800})
        sign_in(context, boss, url=site.url)
        page = context.new_page()
        for at_turn, name in enumerate(("general", "queue", "sessions", "agents")):
            page.goto(f"{site.url}/reports/{name}/")
            expect(page.locator(".report > .report-table")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            expect(page.locator(".report-tabs [aria-current]")).to_be_in_viewport(ratio=1)
            if at_turn % 2 == turn:
                assert_accessible(page)
    first = page.locator("tbody a").first
    number = int(first.inner_text())
    first.click()
    expect(page.locator(".report > .report-table tbody tr")).to_have_count(number)


def test_a_wallboard_stays_live_on_a_screen_where_nobody_is_signed_in_and_says_when_it_is_old(
    site: Site, new_context: Contexts
) -> None:
    desk = make_desk(agents=2, brand={"capacity": 3})
    role = make_role(Permission.REPORTS, Permission.SUPERVISE, scope=Role.Scope.ALL)
    boss = make_agent(role=role, language="tr", theme="dark")
    answered(desk, desk.agents[0], timezone.now() - timedelta(minutes=20), wait=5, talk=100, acw=30)
    rebuild()
    context = new_context(viewport={"width": 1280, "height": 900})
    sign_in(context, boss, url=site.url)
    page = context.new_page()
    page.goto(f"{site.url}/console/wallboard/")
    expect(page.locator(".wall-tiles")).to_be_visible()
    assert_accessible(page)
    page.locator("summary", has_text="Duvardaki ekranlar").click()
    page.locator("input[name=name]").fill("Salon")
    page.locator("button", has_text="Ekran için bağlantı").click()
    link = page.locator("input[readonly]").input_value()
    hall = new_context(viewport={"width": 360, "height": 800}).new_page()
    hall.clock.install()
    hall.goto(link)
    hall.locator("button.primary").click()
    expect(hall).to_have_url(f"{site.url}/wall/")
    queue = hall.locator(".wall-tiles .card").first
    expect(queue).to_contain_text("0")
    assert_accessible(hall)
    assert hall.evaluate("document.documentElement.scrollWidth") <= 360
    # Six find somebody.
    for _ in range(13):
        start(desk)
    expect(queue).to_contain_text("7")
    expect(queue).to_have_class("card danger")
    # What colour says is also said and heard.
    expect(hall.locator("#wall-said")).not_to_be_empty()
    expect(hall.locator("html")).to_have_attribute("data-sound", "wall")
    expect(hall.locator(".wall-fresh")).to_be_visible()
    if folder := os.environ.get("SHOTS"):
        hall.set_viewport_size({"width": 1440, "height": 640})
        hall.screenshot(path=f"{folder}/tv.png")
    # Answers that never come, for longer than a board may be old.
    hall.route("**/wall/board/", lambda route: None)
    hall.clock.fast_forward(12_000)
    expect(hall.locator(".wall-old")).to_be_visible()
