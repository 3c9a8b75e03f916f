"""Dates are written in one way, on pages, in mails and in reports."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from agents.console.times import short_time

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
# For machines, for fields of forms, and times of a day.
PLAIN = {"c", "Y-m-d", "Ymd", "H:i", "H:i:s", "D"}
USES = re.compile(r"""\|date:["']([^"']+)["']|date_format\([^"']*["']([^"']+)["']""")


def test_no_page_or_mail_writes_a_day_in_a_way_of_its_own() -> None:
    sources = [*(ROOT / "templates").rglob("*.*")]
    for room in ("agents", "automation", "chat", "config", "reports", "tickets"):
        sources += (ROOT / room).rglob("*.py")
    used = {
        (str(path.relative_to(ROOT)), first or second)
        for path in sources
        if path.suffix in {".html", ".txt", ".py"}
        for first, second in USES.findall(path.read_text())
    }
    assert ("templates/console/chat.html", "DATETIME_FORMAT") in used
    own = [use for use in used if use[1] not in PLAIN and not use[1].endswith("_FORMAT")]
    assert own == []


@pytest.mark.parametrize("language", ["tr", "en"])
def test_each_name_of_a_format_means_the_same(language: str) -> None:
    at = timezone.localtime(datetime(2026, 11, 5, 3, 0, tzinfo=UTC))
    month = {"tr": "Kas", "en": "Nov"}[language]
    with translation.override(language):
        for name in ("DATE_FORMAT", "SHORT_DATE_FORMAT"):
            assert date_format(at, name) == f"5 {month} 2026"
        for name in ("DATETIME_FORMAT", "SHORT_DATETIME_FORMAT"):
            assert date_format(at, name) == f"5 {month} 2026 06:00"


def test_lists_name_the_year_only_where_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 5, 12, 0, tzinfo=UTC))
    with translation.override("en"):
        assert short_time(datetime(2026, 11, 4, 21, 30, tzinfo=UTC)) == "00:30"
        assert short_time(datetime(2026, 11, 4, 12, 0, tzinfo=UTC)) == "4 Nov"
        assert short_time(datetime(2025, 11, 5, 12, 0, tzinfo=UTC)) == "5 Nov 2025"
