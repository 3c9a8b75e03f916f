"""Whatever colour a brand has, words on it can be read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.brands.colors import DARK_WELL, ENOUGH, FALLBACK, contrast, dark_palette, palette
from agents.models import Brand

pytestmark = pytest.mark.once

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def colors_of(primary: str, accent: str) -> dict[str, str]:
    return palette(Brand(primary_color=primary, accent_color=accent))


@example("#009000", "#009000")
@given(COLORS, COLORS)
def test_all_text_of_a_palette_can_be_read(primary: str, accent: str) -> None:
    colors = colors_of(primary, accent)
    assert contrast(colors["on"], colors["primary"]) >= ENOUGH
    assert contrast(colors["quiet"], colors["primary"]) >= ENOUGH
    assert contrast(colors["on-accent"], colors["accent"]) >= ENOUGH
    assert contrast(colors["text"], colors["soft"]) >= ENOUGH
    assert contrast(colors["text"], "#ffffff") >= ENOUGH


def test_what_is_no_colour_becomes_the_products_own() -> None:
    for wrong in ("red", "#fff", "#0b6e6e; background: url(//evil.example)", ""):
        colors = colors_of(wrong, wrong)
        assert colors["primary"] == colors["accent"] == FALLBACK


@given(COLORS)
def test_brand_colours_can_be_read_on_dark_screens(accent: str) -> None:
    found = dark_palette(Brand(accent_color=accent))
    assert contrast(found["text"], found["soft"]) >= ENOUGH
    assert contrast(found["text"], DARK_WELL) >= ENOUGH
