"""What a page that shows the widget has to load, in bytes."""

import gzip
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from config.web.staticfiles import minified, with_imports
from tests.support.factories import make_brand

IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def _modules(start: str) -> set[str]:
    found, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        path = finders.find(name)
        assert path, name
        with open(path) as file:
            text = file.read()
        folder = name.split("/")[0]
        for target in IMPORT.findall(text):
            todo.append(
                target[3:] if target.startswith("../") else f"{folder}/{target.removeprefix('./')}"
            )
    return found


def _weight(name: str) -> int:
    path = finders.find(name)
    assert path
    with open(path) as file:
        text = file.read()
    served = minified(text) if name.endswith(".js") else with_imports(name, text)
    return len(gzip.compress(served.encode(), 9))


# Loaded by those who open the emoji or the menu, write or get a link, add, drag or get a file, who
# want the transcript, leave a message, have been here before, whose chat has ended, whom no
# socket lets through, or whose browser has no boxes that grow by themselves.
ONLY_ON_WISH = {
    *(
        "live/emoji.js",
        "live/files.js",
        "live/fold.js",
        "live/grow.js",
        "live/links.js",
        "live/polling.js",
        "widget/drops.js",
        "widget/earlier.js",
        "widget/end.js",
        "widget/http.js",
        "widget/instead.js",
        "widget/menu.js",
        "widget/thanks.js",
        "widget/tickets.js",
        "widget/transcript.js",
        "widget/uploads.js",
    ),
}


def test_the_scripts_of_the_widget_stay_light() -> None:
    modules = _modules("widget/frame.js") - ONLY_ON_WISH
    assert "live/thread.js" in modules
    assert sum(map(_weight, modules)) <= 25_000
    assert _weight("widget/loader.js") <= 6 * 1024


@pytest.mark.django_db
def test_the_page_and_its_styles_stay_light() -> None:
    brand = make_brand()
    for language in ("tr", "en"):
        client = Client(headers={"Accept-Encoding": "gzip"})
        page = client.get(f"/widget/frame/?site={brand.site_key}&language={language}")
        assert (page.status_code, page["Content-Encoding"]) == (200, "gzip")
        assert len(page.content) + _weight("widget/widget.css") <= 10_000


@pytest.mark.django_db
def test_the_loader_has_one_address_and_is_asked_again_cheaply() -> None:
    client = Client(headers={"Accept-Encoding": "gzip, br"})
    first = client.get("/widget.js")
    assert first["Content-Encoding"] == "br"
    assert first["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get("/widget.js", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert not again.content
    assert client.get("/widget/frame/?site=nobody").status_code == 404
    assert client.get("/demo/").status_code == 404
