"""A report in a real browser: accessible, narrow, dark, and from a number to its chats."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agents.models import Permission, Role
from reports.facts.keeping import rebuild
from tests.conftest import Site
from tests.reports.test_reports import answered, left
from tests.support.chromium import Contexts, assert_accessible, sign_in
from tests.support.desk import make_desk
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("tr", "light", 1280), ("en", "dark", 360)]
)
def test_a_report_is_accessible_and_its_numbers_open(
    site: Site, new_context: Contexts, language: str, theme: str, width: int
) -> None:
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
    boss = make_agent(role=role, language=language, theme=theme)
    context = new_context(viewport={"width": width, "height": 800})
    sign_in(context, boss, url=site.url)
    page = context.new_page()
    for name in ("agents", "general", "queue", "sessions"):
        page.goto(f"{site.url}/reports/{name}/")
        expect(page.locator(".report-table")).to_be_visible()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{site.url}/reports/agents/")
    first = page.locator("tbody a").first
    number = int(first.inner_text())
    first.click()
    expect(page.locator(".report-table tbody tr")).to_have_count(number)
