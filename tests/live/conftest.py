"""A page that imports the real modules, without any server behind it."""

import mimetypes
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route

from tests.support.chromium import Chromium

ORIGIN = "http://live.test"


def _answer(route: Route) -> None:
    name = route.request.url.removeprefix(f"{ORIGIN}/").partition("?")[0]
    path = settings.BASE_DIR / name
    if path.is_file() and path.parent.name in {"console", "live", "tickets", "widget"}:
        kind = mimetypes.guess_type(path.name)[0] or "text/plain"
        route.fulfill(body=path.read_bytes(), content_type=kind)
    else:
        route.fulfill(body="<!doctype html><title>Modules</title>", content_type="text/html")


@pytest.fixture
def modules(browser: Chromium) -> Iterator[Page]:
    """A tab with nothing but the modules of static within reach."""
    context = browser.browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/*", _answer)
    page.goto(f"{ORIGIN}/")
    yield page
    context.close()
    assert not errors
