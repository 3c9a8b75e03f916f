"""What becomes of the words that people write, in a browser's own hands."""

from typing import Any

import pytest
from playwright.sync_api import Page

from config.mail import ADDRESS, is_address
from tests.chat.widget.test_words import RIGHT, SEEN, UNSEEN, WRONG

pytestmark = [pytest.mark.browser, pytest.mark.once]


def run(page: Page, story: str, given: Any) -> Any:
    return page.evaluate(
        f"async (given) => {{ const words = await import('/static/live/words.js');"
        f" const links = await import('/static/live/links.js'); {story} }}",
        given,
    )


# What is written, and all of it that is a link.
LINKS = {
    "https://example.com’a girdim": ["https://example.com"],
    "https://example.com'a girdim": ["https://example.com"],
    "https://example.com'daki form, http://b.example'dan": [
        "https://example.com",
        "http://b.example",
    ],
    "https://example.com/iade'ye baktım": ["https://example.com/iade"],
    "https://example.com/iade’ye baktım": ["https://example.com/iade"],
    "https://example.com/page's end": ["https://example.com/page"],
    "https://tr.wikipedia.org/wiki/Mersin_(il)": ["https://tr.wikipedia.org/wiki/Mersin_(il)"],
    "(https://tr.wikipedia.org/wiki/Mersin_(il))": ["https://tr.wikipedia.org/wiki/Mersin_(il)"],
    "https://example.com/a?x=[1]": ["https://example.com/a?x=[1]"],
    "[https://example.com/a?x=1]": ["https://example.com/a?x=1"],
    "https://example.com/it's-here/page": ["https://example.com/it's-here/page"],
    "(bkz. https://example.com/x).": ["https://example.com/x"],
    "“https://example.com/x”": ["https://example.com/x"],
    "'https://example.com/x'": ["https://example.com/x"],
    "see https://example.com.": ["https://example.com"],
    "(https://example.com)": ["https://example.com"],
    "https://example.com/x, https://example.com/y!": [
        "https://example.com/x",
        "https://example.com/y",
    ],
    "https://example.com/?q=a,b;c&d=%20#e!f": ["https://example.com/?q=a,b;c&d=%20#e!f"],
    "https://example.com:8443/a": ["https://example.com:8443/a"],
    "https://örnek.com.tr/ürün": ["https://örnek.com.tr/ürün"],
    "https://example.com/x\u200bx": ["https://example.com/x"],
    "<https://example.com/x>": ["https://example.com/x"],
    "{https://example.com/{id}}": ["https://example.com/{id}"],
    "https://": [],
    "https://...": [],
    "javascript:alert(1) ftp://example.com": [],
}


@pytest.mark.parametrize("text", LINKS)
def test_a_link_is_what_was_meant(modules: Page, text: str) -> None:
    story = """
      const box = document.createElement("p");
      box.append(...links.linked(given));
      return [box.textContent, [...box.querySelectorAll("a")].map((a) => a.textContent)];
    """
    assert run(modules, story, text) == [text, LINKS[text]]


@pytest.mark.parametrize("end", [")" * 9_000, "(" * 4_000 + ")." * 3_000, "'a" * 4_000])
def test_what_nobody_writes_by_hand_costs_no_look_at_where_it_ends(modules: Page, end: str) -> None:
    text = f"https://example.com/{end}"
    story = "return links.linked(given).map((part) => part.textContent ?? part);"
    assert run(modules, story, text) == [text]


def test_of_many_signs_behind_an_address_only_some_are_looked_at(modules: Page) -> None:
    story = "return links.linked(given)[1].textContent;"
    found = run(modules, story, f"https://example.com/{')' * 1_000}")
    assert found == f"https://example.com/{')' * 980}"


def test_both_sides_see_the_same(modules: Page) -> None:
    story = "return given.map(words.isBlank);"
    assert run(modules, story, UNSEEN) == [True] * len(UNSEEN)
    assert run(modules, story, SEEN) == [False] * len(SEEN)


def test_both_sides_read_the_pattern_of_addresses_alike(modules: Page) -> None:
    story = """
      const pattern = new RegExp(`^${given[0]}$`, "u");
      return given[1].map((each) => pattern.test(each));
    """
    every = [*WRONG, *RIGHT]
    assert run(modules, story, [ADDRESS, every]) == [is_address(each) for each in every]


@pytest.mark.parametrize(
    ("kinds", "files", "taken"),
    [
        ({"text/plain": "a\tb", "text/html": "<table></table>"}, ["image.png"], []),
        ({"text/plain": "a"}, ["image.png"], []),
        ({"text/html": "<img>"}, ["image.png"], ["image.png"]),
        ({}, ["a.png", "b.pdf"], ["a.png", "b.pdf"]),
        ({"text/plain": "fiş.pdf"}, ["fiş.pdf"], ["fiş.pdf"]),
        ({"text/plain": "/home/e/a.png\n/home/e/b.png"}, ["a.png", "b.png"], ["a.png", "b.png"]),
        ({"text/plain": "hello"}, [], []),
    ],
)
def test_a_paste_is_what_was_copied(
    modules: Page, kinds: dict[str, str], files: list[str], taken: list[str]
) -> None:
    story = """
      const clipboardData = new DataTransfer();
      for (const [kind, text] of Object.entries(given[0])) clipboardData.setData(kind, text);
      for (const name of given[1]) clipboardData.items.add(new File(["x"], name));
      return words.pastedFiles({ clipboardData }).map(({ name }) => name);
    """
    assert run(modules, story, [kinds, files]) == taken


def test_keys_of_an_input_method_are_known(modules: Page) -> None:
    story = "return given.map((how) => words.composes(new KeyboardEvent('keydown', how)));"
    keys = [{"keyCode": 229}, {"isComposing": True}, {"keyCode": 13}]
    assert run(modules, story, keys) == [True, True, False]


def test_no_file_has_nothing_in_it(modules: Page) -> None:
    story = """
      const { fileSize } = await import('/static/live/files.js');
      return given.map((bytes) => fileSize(bytes, "tr"));
    """
    assert run(modules, story, [3, 200, 1024**2]) == ["0,1 kB", "0,2 kB", "1 MB"]
