"""The running product in a real Chromium: the ground that the other browser tests stand on."""

import pytest
from playwright.sync_api import Page

from tests.conftest import Site
from tests.support.chromium import Chromium, Contexts, Problems, find_full_chromium, sign_in
from tests.support.console_page import ready
from tests.support.factories import make_agent
from tests.support.patience import until

pytestmark = pytest.mark.browser


def test_a_row_made_by_the_test_is_seen_by_the_site(site: Site, new_context: Contexts) -> None:
    agent = make_agent()
    page = new_context(agent=agent, url=site.url).new_page()
    response = page.goto(f"{site.url}/console/")
    assert response is not None
    assert response.status == 200
    assert page.url == f"{site.url}/console/"


def test_a_stranger_is_asked_to_sign_in(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/console/")
    assert "/console/" not in page.url.partition("?")[0]


def test_a_violation_of_the_policy_is_noticed(site: Site, page: Page, problems: Problems) -> None:
    page.goto(site.url)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    until(page, lambda: any("CSP violation: style-src" in found for found in problems.found))
    problems.allow("CSP violation|Content Security Policy")


@pytest.mark.once
def test_the_browser_that_people_use_shows_the_console(
    site: Site, browser: Chromium, problems: Problems
) -> None:
    """All other tests use the headless shell, which is the same engine in half the time."""
    shown = browser.launch(find_full_chromium())
    context = shown.new_context()
    problems.watch(context)
    sign_in(context, make_agent(online=True), url=site.url)
    page = context.new_page()
    page.goto(f"{site.url}/console/")
    ready(page)
    shown.close()
    problems.check()
