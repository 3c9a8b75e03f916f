"""Which pages may show a brand's widget."""

import pytest

from chat.widget.config import frame_ancestors

pytestmark = pytest.mark.once


def test_only_clean_origins_reach_the_header() -> None:
    class Brand:
        allowed_origins = [
            "https://shop.example",
            "https://shop.example:8443",
            "https://evil.example; script-src *",
            "https://a.example https://b.example",
            "javascript:alert(1)",
            "https://user@shop.example",
            "https://*.example",
            "*",
            7,
        ]

    found = frame_ancestors(Brand())  # type: ignore[arg-type]
    assert found[-2:] == ["https://shop.example", "https://shop.example:8443"]
    assert not any("evil" in each or "*" in each for each in found)
