"""Days, and weekdays and hours, of whichever zone a report is asked for in."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.access import access_of
from agents.models import Permission, Role
from chat.models import Conversation
from reports.figures.building import build
from reports.filters import Filters
from reports.models import ChatFact
from tests.support.factories import make_agent, make_brand, make_role, make_visitor


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Istanbul", date(2026, 10, 4)),
        # Of these the clock is put back, put forward by half an hour, and never a whole hour's.
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        ("Asia/Kathmandu", date(2026, 10, 4)),
    ],
)
def test_what_is_drawn_by_day_and_by_hour_is_counted_by_the_clock_of_the_zone(
    zone: str, day: date, db: None
) -> None:
    there = ZoneInfo(zone)
    filters = Filters(first=day - timedelta(days=1), last=day + timedelta(days=1), zone=there)
    brand = make_brand()
    visitor = make_visitor(brand)
    since = filters.since.astimezone(UTC)
    moments = [since + timedelta(minutes=7 * number) for number in range(4 * 24 * 9)]
    moments = [one for one in moments if one < filters.until]
    chats = Conversation.objects.bulk_create(
        Conversation(
            brand=brand, visitor=visitor, channel="web", language="tr", status="resolved"
        )
        for _moment in moments
    )  # fmt: skip
    ChatFact.objects.bulk_create(
        ChatFact(
            conversation=chats[number], number=0, upto_seq=1, brand=brand, channel="web",
            started_by="visitor", started_at=at, messages=0, is_held=number % 3 == 0,
            ended_at=at if number % 5 else None,
        )
        for number, at in enumerate(moments)
    )  # fmt: skip
    boss = access_of(make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL)))
    clocks = [one.astimezone(there) for one in moments]
    missed = [one for number, one in enumerate(clocks) if number % 3 and number % 5]
    noon = datetime.combine(day, time(12), there)
    for by in ("day", "brand"):
        built = build("general", filters, boss, by=by, now=noon)
        assert built.hours == Counter((one.isoweekday(), one.hour) for one in clocks)
        for key, counted in (("requests", clocks), ("missed", missed)):
            assert built.totals[key] == len(counted)
            by_day = {one: row[key] for one, row in built.days.items()}
            assert by_day == Counter(one.date() for one in counted)
    held = {line.key: line.values["held_by_rule"] for line in build(
        "general", filters, boss, by="day", now=noon
    ).lines}  # fmt: skip
    assert held == Counter(one.date().isoformat() for one in clocks[::3])
