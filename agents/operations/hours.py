"""Setting the hours of a brand or a team, keeping public holidays in them, and their edges."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents.audit import record
from agents.events import DeskEdge, HoursChanged
from agents.hours.book import forget_book, read_book
from agents.hours.calendar import clipped
from agents.hours.holidays import HALF_DAY_ENDS, public_holidays
from agents.hours.reading import GivenDate, Spelled, spelled_of, week_of
from agents.models import Agent, Brand, HoursDate, HoursWeek, Team
from agents.queries.hours import kept_week
from config.events import publish
from config.outbox.operations import enqueue

# The kind of the outbox: a desk opens or closes.
EDGE = "agents.hours_edge"
HOLIDAYS_AHEAD = timedelta(days=731)


@transaction.atomic
def set_hours(
    *,
    owner: Brand | Team,
    week: dict[str, Spelled] | None,
    dates: Sequence[GivenDate],
    by: Agent | None,
    now: datetime,
    kept: dict[str, Spelled] | None = None,
) -> None:
    """Give a brand or a team these hours from now on; without a week it is always open.

    Dates of the past stay. A brand that gets its first week gets the public holidays along.
    `kept` is a week that was typed and does not hold: it is there when one is wanted again.
    """
    _lock(owner)
    before = HoursWeek.objects.current().of(owner).first()
    is_new_week = before is None or before.days != week
    if is_new_week:
        HoursWeek.objects.current().of(owner).update(valid_until=now)
        HoursWeek.objects.create(**_of(owner), days=week, valid_from=now)
    if week is None and kept and kept != kept_week(owner):
        HoursWeek.objects.create(**_of(owner), days=kept, valid_from=now, valid_until=now)
    changed = _set_dates(owner, dates, now=now)
    if isinstance(owner, Brand) and is_new_week:
        _renew_holidays(owner, now=now)
    if is_new_week or changed:
        _tell(owner, by=by, week=week is not None, dates=len(dates))


@transaction.atomic
def clear_hours(*, team: Team, by: Agent | None, now: datetime) -> None:
    """Let the brand's hours hold for a team again."""
    _lock(team)
    ended = [
        rows.current().of(team).update(valid_until=now)
        for rows in (HoursWeek.objects.all(), HoursDate.objects.all())
    ]
    if any(ended):
        _tell(team, by=by, week=False, dates=0)


@transaction.atomic
def set_zone(*, brand: Brand, zone: str, by: Agent | None) -> None:
    """Let a brand's hours be those of another time zone."""
    if brand.time_zone == zone:
        return
    brand.time_zone = zone
    brand.save(update_fields=["time_zone"])
    record("brand.changed", brand, by=by, fields=["time_zone"])
    hours_changed(brand=brand)


def hours_changed(*, brand: Brand | None = None, team: Team | None = None) -> None:
    """Have all who go by the hours look again."""
    publish(HoursChanged(brand_id=brand.pk if brand else None, team_id=team.pk if team else None))
    # At once for what this transaction still reads, and again for whoever read meanwhile.
    forget_book()
    transaction.on_commit(forget_book, robust=True)


@transaction.atomic
def import_holidays(*, now: datetime) -> int:
    """Write the public holidays of the next 24 months into brands that have a week.

    What somebody edited or deleted stays as they left it; return how many are new.
    """
    weeks = HoursWeek.objects.current().filter(brand__is_active=True, days__isnull=False)
    brands = [week.brand for week in weeks.select_related("brand") if week.brand]
    added = {brand.pk: _add_holidays(brand, now=now) for brand in brands}
    for brand in brands:
        if added[brand.pk]:
            hours_changed(brand=brand)
    return sum(added.values())


def arm_edge(*, now: datetime) -> datetime | None:
    """Have a worker look when the next desk opens or closes; return when that is."""
    brands = Brand.objects.filter(is_active=True)
    edge = read_book(now).edge_after(brands, at=now)
    if edge is not None:
        with transaction.atomic():
            key = f"hours.edge:{edge.isoformat()}"
            enqueue(kind=EDGE, key=key, payload={}, available_at=edge)
    return edge


@transaction.atomic
def pass_edge(payload: dict[str, Any]) -> None:
    """Outbox: a desk has just opened or closed; tell it, and wait for the next."""
    publish(DeskEdge())
    arm_edge(now=timezone.now())


def _lock(owner: Brand | Team) -> None:
    """Make two changes at once come one after the other."""
    rows = Brand.objects.all() if isinstance(owner, Brand) else Team.objects.all()
    rows.select_for_update(no_key=True, of=("self",)).get(pk=owner.pk)


def _of(owner: Brand | Team) -> dict[str, Any]:
    return {"brand": owner} if isinstance(owner, Brand) else {"team": owner}


def _tell(owner: Brand | Team, *, by: Agent | None, **data: Any) -> None:
    record(f"{owner._meta.model_name}.hours_changed", owner, by=by, **data)
    hours_changed(**_of(owner))


def _today(owner: Brand | Team, now: datetime) -> date:
    """Return the first date that can still be changed; elsewhere it may still be yesterday."""
    if isinstance(owner, Brand):
        return now.astimezone(ZoneInfo(owner.time_zone)).date()
    return (now - timedelta(hours=12)).date()


def _set_dates(owner: Brand | Team, dates: Iterable[GivenDate], *, now: datetime) -> bool:
    """End the rows that are left out or differ, and add what is new; return whether any did."""
    today = _today(owner, now)
    wished = {given.day: given for given in dates if given.day >= today}
    rows = HoursDate.objects.current().of(owner).filter(date__gte=today)
    found = {row.date: row for row in rows}
    same = {
        day
        for day, given in wished.items()
        if day in found and (found[day].name, found[day].open) == (given.name, given.open)
    }
    ended = [row.pk for day, row in found.items() if day not in same]
    HoursDate.objects.filter(pk__in=ended).update(valid_until=now)
    added = [
        HoursDate(
            **_of(owner),
            date=day,
            name=given.name,
            open=given.open,
            holiday=found[day].holiday if day in found else given.holiday,
            is_edited=True,
            valid_from=now,
        )
        for day, given in wished.items()
        if day not in same
    ]
    HoursDate.objects.bulk_create(added)
    return bool(ended or added)


def _renew_holidays(brand: Brand, *, now: datetime) -> None:
    """Write the untouched holidays to come anew: half days begin as the week says."""
    untouched = Q(holiday=True, is_edited=False, date__gt=_today(brand, now))
    HoursDate.objects.current().of(brand).filter(untouched).delete()
    _add_holidays(brand, now=now)


def _add_holidays(brand: Brand, *, now: datetime) -> int:
    week = HoursWeek.objects.current().of(brand).first()
    days = week_of(week.days) if week else None
    if days is None:
        return 0
    today = _today(brand, now)
    # Also dates that somebody has deleted: their rows have ended.
    known = HoursDate.objects.of(brand).filter(Q(holiday=True) | Q(valid_until=None))
    taken = set(known.values_list("date", flat=True))
    rows = [
        HoursDate(
            brand=brand,
            date=found.day,
            name=found.name,
            open=spelled_of(clipped(days[found.day.weekday()], until=HALF_DAY_ENDS))
            if found.is_half
            else [],
            holiday=True,
            valid_from=now,
        )
        for found in public_holidays(today, today + HOLIDAYS_AHEAD, language=brand.default_language)
        if found.day not in taken
    ]
    HoursDate.objects.bulk_create(rows)
    return len(rows)
