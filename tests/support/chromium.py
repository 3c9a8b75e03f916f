"""A real Chromium for browser tests: where it is, what it may not complain about, who signs in."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
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
    Playwright,
    Request,
    WebError,
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
# Servers and browsers of several workers share the cores; and a line that was lost once on its way
# to an answer is given up after ten seconds and tried again.
PATIENCE_MS = 30_000
# The next try at a socket may be half a minute away, and a try ten seconds long.
COME_BACK_MS = 90_000
# How long what a page asked may keep the next test from its browser.
LEAVES_MS = 2_000
# Some people at a desk, on screens of some sizes.
MOST_KEPT = 8
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

# Of texts that are drawn alike one is enough: contrast alone takes six times as long as all other
# rules together. Drawn alike is what has the same names, states and colours up to the page.
_RUN_AXE = """async ({ runOnly, resultTypes }) => {
  const STATES = ["aria-selected", "aria-pressed", "aria-current", "aria-disabled"];
  const STYLES = [
    "color", "backgroundColor", "backgroundImage", "fontSize", "fontWeight", "opacity", "position",
  ];
  const paths = new Map();
  const pathOf = (node) => {
    if (!node) return "";
    if (!paths.has(node)) {
      const style = getComputedStyle(node);
      const own = [node.tagName, node.className, node.disabled];
      own.push(...STATES.map((name) => node.getAttribute(name)));
      own.push(...STYLES.map((name) => style[name]));
      paths.set(node, `${own}/${pathOf(node.parentElement ?? node.getRootNode().host)}`);
    }
    return paths.get(node);
  };
  const says = (node) =>
    node.matches("input, select, textarea") ||
    [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
  const alike = new Map();
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) look(node.shadowRoot);
      if (says(node) && node.checkVisibility()) alike.set(pathOf(node), node);
    }
  };
  look(document);
  const options = { resultTypes, iframes: false };
  const rules = { "color-contrast": { enabled: false } };
  const { violations } = await axe.run({ ...options, runOnly, rules });
  if (!alike.size) return violations;
  const contrast = { type: "rule", values: ["color-contrast"] };
  const faint = await axe.run({ include: [...alike.values()] }, { ...options, runOnly: contrast });
  return [...violations, ...faint.violations];
}"""

# Half-way from light to dark no text has the contrast that a reader gets.
_COME_TO_REST = """() => Promise.all(
  document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => {})))"""


# The shell draws no window of its own around each page: half the work.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
FULL = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _find(names: Iterable[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


def find_chromium() -> str:
    """Return the executable; without one a browser test fails under CI and else is skipped."""
    found = os.environ.get("CHROMIUM") or _find((*SHELLS, *FULL))
    if found:
        return found
    reason = (
        "No Chromium here: apt-get install chromium-headless-shell,"
        " or set CHROMIUM to an executable"
    )
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def find_full_chromium() -> str:
    """Return the browser that people use; without one the test is skipped."""
    return _find(FULL) or pytest.skip("No full Chromium here, which one test of many would use")


def is_slow() -> bool:
    """Whether browser tests take twice as long as they could."""
    return not os.environ.get("CHROMIUM") and not _find(SHELLS) and _find(FULL) is not None


class Chromium:
    """The browser of this test process: started when first asked for, kept until put away.

    Playwright's sync API keeps an event loop in this thread while it runs, so whoever needs the
    thread for a loop of their own puts the browser away first.
    """

    def __init__(self) -> None:
        self._left = ExitStack()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self.kept: list[Kept] = []

    @property
    def playwright(self) -> Playwright:
        """The driver, started if need be."""
        if self._playwright is None:
            self._playwright = self._left.enter_context(sync_playwright())
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
            self._left.callback(os.environ.pop, "DJANGO_ALLOW_ASYNC_UNSAFE", None)
        return self._playwright

    def launch(self, executable: str) -> Browser:
        """Run a browser of the caller's own."""
        return self.playwright.chromium.launch(executable_path=executable, args=FLAGS)

    @property
    def browser(self) -> Browser:
        """The browser, started if need be, and anew if it died."""
        if self._browser is None or not self._browser.is_connected():
            self.kept.clear()
            self._browser = self.launch(find_chromium())
        return self._browser

    def put_away(self) -> None:
        """End the browser and the event loop of its driver."""
        if self._browser is not None and self._browser.is_connected():
            self._browser.close()
        self.kept.clear()
        self._browser = self._playwright = None
        self._left.close()


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
        _watch(context, lambda: self)

    def console(self, message: ConsoleMessage) -> None:
        """Note an error that was logged."""
        if message.type == "error":
            self.found.append(f"{message.text} ({message.location.get('url', '')})")

    def uncaught(self, error: WebError) -> None:
        """Note an exception that nobody caught."""
        self.found.append(f"uncaught: {error.error}")

    def check(self) -> None:
        """Fail if anything was complained about that no `allow` expects."""
        unexpected = [
            text for text in self.found if not any(known.search(text) for known in self._allowed)
        ]
        assert not unexpected, "The browser complained:\n" + "\n".join(unexpected)


def _watch(context: BrowserContext, hearer: Callable[[], Problems]) -> None:
    context.add_init_script(_TELL_VIOLATIONS)
    context.on("console", lambda message: hearer().console(message))
    context.on("weberror", lambda error: hearer().uncaught(error))


@dataclass
class Kept:
    """A context that the next test may go on with: its caches of files and code are warm."""

    key: str
    context: BrowserContext
    # Hears what its pages complain about; another one for each test.
    problems: Problems
    # What its pages asked and nobody has answered yet.
    asked: set[Request] = field(default_factory=set)

    def listen(self) -> None:
        """Count what is asked."""
        self.context.on("request", lambda request: self.asked.add(request))
        self.context.on("requestfinished", lambda request: self.asked.discard(request))
        self.context.on("requestfailed", lambda request: self.asked.discard(request))

    def _go_quietly(self, page: Page) -> bool:
        """Have a page save what it saves as it goes; say whether all that was asked is answered.

        An answer to an agent who has gone signs out whoever sits there when it comes.
        """
        page.evaluate("() => void dispatchEvent(new Event('pagehide'))")
        for _ in range(LEAVES_MS // 20):
            if not self.asked:
                return True
            page.wait_for_timeout(20)
        return False

    def clear(self) -> bool:
        """Take from it all that its agent left; say whether nothing of theirs can be left.

        What the console keeps, it keeps in cookies and in its tab.
        """
        try:
            for page in self.context.pages:
                if page.evaluate("localStorage.length") or not self._go_quietly(page):
                    return False
                page.close()
            self.context.unroute_all()
            self.context.clear_cookies()
            self.context.clear_permissions()
            self.context.set_offline(False)
        except PlaywrightError:
            return False  # the test closed it, or its browser is gone
        return True


class Contexts:
    """Makes browser contexts (one person each) and looks after them until the test ends."""

    def __init__(self, chromium: Chromium, problems: Problems) -> None:
        self._chromium = chromium
        self._problems = problems
        self._taken: list[Kept] = []
        self._open: list[BrowserContext] = []

    def __call__(
        self,
        *,
        agent: Agent | None = None,
        url: str = "",
        fresh: bool = False,
        **options: Any,
    ) -> Any:
        """Return a context without a past; with `agent` and the site's `url` they are signed in.

        An agent's may be one that another test has used, with warm caches, unless it is to be
        `fresh`: to be changed for good by scripts and listeners, or weighed. A visitor's is always
        fresh, since the widget's page may be kept for minutes with what its brand said then.
        """
        defaults = {
            "viewport": {"width": 1280, "height": 800},
            "locale": "en-US",
            "timezone_id": "Europe/Istanbul",
            # One that keeps a page would hide from others what is asked of the server.
            "service_workers": "block",
        }
        options = defaults | options
        fresh = fresh or agent is None
        key = repr(sorted(options.items()))
        kept = next((each for each in self._chromium.kept if each.key == key), None)
        if kept is None or fresh:
            kept = self._make(key, options)
        else:
            self._chromium.kept.remove(kept)
            kept.problems = self._problems
        if fresh:
            self._open.append(kept.context)
        else:
            self._taken.append(kept)
        if agent is not None:
            sign_in(kept.context, agent, url=url)
        return kept.context

    def _make(self, key: str, options: dict[str, Any]) -> Kept:
        context = self._chromium.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        kept = Kept(key, context, self._problems)
        _watch(context, lambda: kept.problems)
        kept.listen()
        return kept

    def close(self) -> None:
        """Clear the contexts and keep them, or close those that can't be cleared."""
        for kept in self._taken:
            if kept.clear():
                self._chromium.kept.append(kept)
            else:
                self._open.append(kept.context)
        while len(self._chromium.kept) > MOST_KEPT:
            self._open.append(self._chromium.kept.pop(0).context)
        for context in self._open:
            with suppress(PlaywrightError):  # closed by the test, or its browser is gone
                context.close()


def sign_in(context: BrowserContext, agent: Agent, *, url: str) -> None:
    """Give `context` a session of `agent`, without the login page."""
    client = Client()
    client.force_login(agent)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def assert_accessible(page: Page) -> None:
    """Fail on any WCAG 2.2 A/AA violation of the page and its frames as they come to rest."""
    for frame in page.frames:
        frame.evaluate(_COME_TO_REST)
    for frame in page.frames:
        # By itself it looks into no frame that doesn't answer it.
        if frame.parent_frame and not frame.frame_element().is_visible():
            continue
        if frame.evaluate("typeof axe === 'undefined'"):
            frame.evaluate(Axe().axe_script)
        found = [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in frame.evaluate(_RUN_AXE, _AXE_OPTIONS)
            for node in rule["nodes"]
        ]
        assert not found, "\n".join([frame.url, *found])
