"""A real Chromium for browser tests: where it is, what it may not complain about, who signs in."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from agents.models import Agent

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
]
# Servers and browsers of several workers share the cores.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
  `CSP violation: ${event.effectiveDirective} blocked ${event.blockedURI || "inline"}` +
  ` at ${event.sourceFile}:${event.lineNumber}`));
"""
_AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


def find_chromium() -> str:
    """Return the executable; without one a browser test fails under CI and else is skipped."""
    # The shell draws no window of its own around each page: three times as fast.
    names = (
        *("chromium-headless-shell", "chrome-headless-shell"),
        *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    )
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found:
        return found
    reason = "No Chromium found: apt-get install chromium, or set CHROMIUM to an executable"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Chromium. Playwright's sync API keeps an event loop in this thread while it runs."""
    executable = find_chromium()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Problems:
    """Console errors, uncaught exceptions and CSP violations of every page; none is expected."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Expect complaints that match, such as a refused connection while a server restarts."""
        self._allowed.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages and frames of `context`, from the first script on."""
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"uncaught: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"{message.text} ({message.location.get('url', '')})")

    def check(self) -> None:
        """Fail if anything was complained about that no `allow` expects."""
        unexpected = [
            text for text in self.found if not any(known.search(text) for known in self._allowed)
        ]
        assert not unexpected, "The browser complained:\n" + "\n".join(unexpected)


class Contexts:
    """Makes browser contexts (one person each) and looks after them until the test ends."""

    def __init__(self, browser: Browser, problems: Problems) -> None:
        self._browser = browser
        self._problems = problems
        self._open: list[BrowserContext] = []

    def __call__(self, *, agent: Agent | None = None, url: str = "", **options: Any) -> Any:
        """Return a fresh context; with `agent` and the site's `url` that agent is signed in."""
        defaults = {
            "viewport": {"width": 1280, "height": 800},
            "locale": "en-US",
            "timezone_id": "Europe/Istanbul",
        }
        context = self._browser.new_context(**defaults | options)
        context.set_default_timeout(PATIENCE_MS)
        self._problems.watch(context)
        self._open.append(context)
        if agent is not None:
            sign_in(context, agent, url=url)
        return context

    def close(self) -> None:
        for context in self._open:
            try:
                context.close()
            except PlaywrightError:
                continue  # the test closed it already, or its browser is gone


def sign_in(context: BrowserContext, agent: Agent, *, url: str) -> None:
    """Give `context` a session of `agent`, without the login page."""
    client = Client()
    client.force_login(agent)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def assert_accessible(page: Page) -> None:
    """Fail on any WCAG 2.2 A/AA violation of the page as it stands, frames included."""
    result = Axe().run(page, options=_AXE_OPTIONS)
    assert result.violations_count == 0, result.generate_report()
