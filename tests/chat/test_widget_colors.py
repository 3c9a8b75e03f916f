"""Whatever colour a brand has, words on it can be read."""

from hypothesis import example, given
from hypothesis import strategies as st

from chat.colors import ENOUGH, FALLBACK, contrast, palette

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@example("#009000")
@given(COLORS)
def test_all_text_of_a_palette_can_be_read(color: str) -> None:
    colors = palette(color)
    assert contrast(colors["on"], colors["primary"]) >= ENOUGH
    assert contrast(colors["quiet"], colors["primary"]) >= ENOUGH
    assert contrast(colors["text"], colors["soft"]) >= ENOUGH
    assert contrast(colors["text"], "#ffffff") >= ENOUGH


def test_what_is_no_colour_becomes_the_products_own() -> None:
    for wrong in ("red", "#fff", "#0b6e6e; background: url(//evil.example)", ""):
        assert palette(wrong)["primary"] == FALLBACK
