"""The table of entry kinds: one row each, and what visitors get of them."""

import re

import pytest
from django.conf import settings

from chat.models import Entry
from chat.models.kinds import KINDS
from chat.protocol import kinds_json
from chat.texts.console import console_texts

pytestmark = pytest.mark.once

# The public contract: what a visitor sees, and of its data.
VISITOR = {
    "message": (),
    "bot": ("options",),
    "article": ("title", "url"),
    "started": ("topic",),
    "queued": (),
    "accepted": (),
    "transferred": ("to",),
    "joined": (),
    "left": (),
    "ended": ("by",),
    "resolved": (),
    "reopened": (),
    "rated": ("score",),
    "converted": ("number",),
}


def test_every_kind_has_one_row() -> None:
    assert set(KINDS) == set(Entry.Kind)


def test_visitors_see_the_kinds_and_keys_of_the_contract() -> None:
    seen = {kind: rules.visitor_data for kind, rules in KINDS.items() if rules.visitor_sees}
    assert seen == VISITOR
    assert KINDS["field"].shows({"request": True})
    assert not any(KINDS["field"].shows(data) for data in ({}, {"request": False}, {"name": "x"}))
    assert KINDS["field"].visitor_data == ("name", "label", "type", "required")


def test_what_a_visitor_gets_of_a_kind_is_described() -> None:
    for kind, rules in KINDS.items():
        assert set(rules.visitor_data) <= set(rules.data), kind


def test_the_guide_names_the_kinds_that_visitors_never_get() -> None:
    text = (settings.BASE_DIR / "docs/api.md").read_text()
    never = re.search(r"Visitors never get ([^.]*?), nor", text)
    assert never is not None
    hidden = {kind for kind, rules in KINDS.items() if not rules.visitor_sees and kind != "field"}
    assert set(re.findall(r"`(\w+)`", never[1])) == hidden


def test_scripts_are_told_what_is_spoken_and_what_passes() -> None:
    assert kinds_json("agent")["spoken"] == ["message", "note", "bot", "article"]
    assert kinds_json("visitor") == {
        "spoken": ["message", "bot", "article"],
        "passing": ["queued", "accepted", "rated"],
        "turns": ["queued", "accepted", "ended", "resolved", "reopened"],
    }


def test_the_console_has_sentences_only_for_kinds_that_are_lines() -> None:
    lines = {name.partition(".")[0] for name in console_texts()["thread"]["lines"]}
    assert lines <= {str(kind) for kind, rules in KINDS.items() if not rules.is_spoken}
