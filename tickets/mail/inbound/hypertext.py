"""HTML of mails: as plain words, and cleaned for the frame in which agents see it."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import nh3

# Of deeply nested tags the cleaner takes time that grows with their square.
TAGS_MAX = 10_000
HTML_MAX = 512 * 1024

_SKIPPED = {"script", "style", "head", "title", "template", "noscript", "svg", "math", "object"}
_BLOCKS = {
    *("address", "article", "blockquote", "div", "dl", "dt", "dd", "fieldset", "figure", "footer"),
    *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre"),
    *("section", "table", "tr", "ul"),
}
# Whose name says more than that their words go on.
_MEANT = _BLOCKS | {"br", "td", "th"}
# Where mail programmes put what they quote: all that follows is theirs.
_QUOTE_CLASSES = re.compile(
    r"\b(?:gmail_quote\w*|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra)\b"
)
_QUOTE_IDS = {"divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container"}
_STYLES = {
    *("color", "background-color", "font-weight", "font-style", "font-size", "text-align"),
    *("text-decoration", "border", "border-collapse", "padding", "width"),
}
_TAGS = nh3.ALLOWED_TAGS - {"map", "area"} | {"font", "u", "center"}
_ATTRIBUTES = {
    tag: set(names) | {"style"} for tag, names in nh3.ALLOWED_ATTRIBUTES.items() if tag in _TAGS
}
_ATTRIBUTES["*"] = {"style", "dir", "lang"}
_ATTRIBUTES["font"] = {"color"}
_ATTRIBUTES["a"] = {"href", "title"}
_CID = re.compile(r'src="cid:([^"]{1,300})"')


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.quoted: list[str] = []
        self._skipping = 0
        self._into = self.parts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping += 1
            return
        given = dict(attrs)
        if self._into is self.parts and _is_quote(tag, given):
            self._into = self.quoted
        if tag == "br" or tag in _BLOCKS:
            self._into.append("\n")
        elif tag in {"td", "th"}:
            self._into.append(" ")
        if tag == "li":
            self._into.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag in _BLOCKS:
            self._into.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._into.append(re.sub(r"\s+", " ", data))


def _is_quote(tag: str, given: Mapping[str, str | None]) -> bool:
    if given.get("id") in _QUOTE_IDS or _QUOTE_CLASSES.search(given.get("class") or ""):
        return True
    return tag == "blockquote" and given.get("type") == "cite"


def words_of(html: str) -> tuple[str, str]:
    """Return the words of a page, and those below the place where a mail programme quotes."""
    reader = _Words()
    reader.feed(_well_formed(html))
    reader.close()
    words, rest = _tidy(reader.parts), _tidy(reader.quoted)
    return (words, rest) if words else (rest, "")


def _well_formed(html: str) -> str:
    """Return a page as the cleaner writes it: what never ends takes Python's parser hours."""
    some = "<".join(html[:HTML_MAX].split("<")[: TAGS_MAX + 1])
    written = nh3.clean(
        some,
        tags=_MEANT,
        clean_content_tags=_SKIPPED - {"head"},
        attributes={"*": {"class", "id", "type"}},
    )
    return written[:HTML_MAX]


def _tidy(parts: list[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def cleaned(html: str) -> str:
    """Return a page without anything that acts; empty where that would take too long."""
    if len(html) > HTML_MAX or html.count("<") > TAGS_MAX:
        return ""
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_SKIPPED - {"head"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=_STYLES,
    )


def with_pictures(html: str, addresses: Mapping[str, str]) -> str:
    """Return a cleaned page with the pictures that hang on the mail at their addresses."""
    return _CID.sub(lambda found: f'src="{addresses.get(found[1], "")}"', html)
