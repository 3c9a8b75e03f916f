"""Texts of others: a key, or none."""

import pytest

from config.text.cleaning import key_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("12", 12),
        ("", 0),
        (None, 0),
        ("-1", 0),
        ("1.5", 0),
        ("²", 0),
        ("١٢", 0),
        ("9" * 18, int("9" * 18)),
        ("9" * 19, 0),
    ],
)
def test_only_a_row_key_is_a_key(text: str | None, key: int) -> None:
    assert key_of(text) == key
