"""How browser tests wait: for what a page doesn't tell, and for requests that they hold back."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route

from tests.support.chromium import PATIENCE_MS

_EVERY_MS = 50


def until[Found](page: Page, look: Callable[[], Found]) -> Found:
    """Look again and again, while the browser goes on, until something is found; return it."""
    for _ in range(PATIENCE_MS // _EVERY_MS):
        if found := look():
            return found
        page.wait_for_timeout(_EVERY_MS)
    raise AssertionError("It has not come.")


class Held:
    """Requests of a page that get no answer until the test lets them go."""

    def __init__(self, page: Page, address: str | re.Pattern[str]) -> None:
        self._page = page
        self._is_open = False
        self.routes: list[Route] = []
        page.route(address, self._take)

    def _take(self, route: Route) -> None:
        if self._is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def wait(self, number: int = 1) -> list[Route]:
        """Wait until so many are held; a page may have asked before the test has hold of it."""
        until(self._page, lambda: len(self.routes) >= number)
        return self.routes

    def let_go(self) -> None:
        """Let all go on that are held, and all that come."""
        self._is_open = True
        for route in self.routes:
            route.continue_()
