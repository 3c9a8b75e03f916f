"""What a browser would send of a form as it stands on a page."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    """Reads the fields of the form with an id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self._form_id = form_id
        self._is_inside = False
        self._select = ""
        self._textarea = ""
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self._is_inside = told.get("id") == self._form_id
        if not self._is_inside:
            return
        name = told.get("name") or ""
        if tag == "input" and told.get("type") not in {"submit", "checkbox", "radio"}:
            self.found[name] = told.get("value") or ""
        elif tag == "input" and "checked" in told:
            self.found[name] = told.get("value") or "on"
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in told or self._select not in self.found:
                self.found[self._select] = told.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            self.found[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            # The first line break after the tag is none of the text.
            self.found[self._textarea] = self.found[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.found[self._textarea] += data


def fields_of(html: str, form_id: str) -> dict[str, str]:
    """Return what the form with this id would send, without any button."""
    reader = _Fields(form_id)
    reader.feed(html)
    return {name: value for name, value in reader.found.items() if name}
