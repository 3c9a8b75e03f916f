"""Which stretches of status a timeline shows: agents of one day, or the days of one agent."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.access import Access
from agents.models import Agent, BreakReason, Status
from reports.figures.building import every_day, written_day
from reports.figures.people import people_of
from reports.figures.worktime import intervals_in, read_turns
from reports.filters import Filters
from reports.sweep import Turn, micros, moment_of

DAYS = 31
LANES = 60


class Stretch(NamedTuple):
    """A part of a lane, `since` and `until` as shares of its day."""

    since: float
    until: float
    status: str
    text: str


class Lane(NamedTuple):
    """One line of a timeline."""

    name: str
    stretches: list[Stretch]


def lanes_of(filters: Filters, access: Access, *, now: datetime) -> tuple[str, list[Lane]]:
    """Return a timeline's title and its lanes, those without a stretch left out.

    Where one agent and several days are chosen, the title is the agent's name and each lane a day
    up to now; else the title is the last day on which anybody was here, and each lane an agent.
    """
    people = people_of(filters, access)[:LANES]
    if filters.agent and people and filters.first != filters.last:
        days = [day for day in every_day(filters) if filters.on(day).since < now][-DAYS:]
        own = read_turns(people, filters, now=now).get(people[0], [])
        labels = _labels()
        lanes = [Lane(written_day(day), _stretches(own, filters.on(day), labels)) for day in days]
        name = Agent.objects.get(pk=people[0]).name
        return name, [lane for lane in lanes if lane.stretches]
    day = _last_day(people, filters, now)
    names = dict(Agent.objects.filter(pk__in=people).values_list("pk", "name"))
    one = filters.on(max(day, filters.first))
    turns = read_turns(people, one, now=now)
    labels = _labels()
    lanes = [Lane(names[pk], _stretches(turns.get(pk, []), one, labels)) for pk in people]
    return written_day(one.first), [lane for lane in lanes if lane.stretches]


def _last_day(people: Sequence[int], filters: Filters, now: datetime) -> date:
    """Return the last day on which anybody was here, else the last there was."""
    here = intervals_in(people, filters).exclude(status=Status.OFFLINE)
    last = min(filters.until, now)
    found = here.order_by("-started_at").values_list("started_at", "ended_at").first()
    if found is not None:
        since, until = found
        last = min(last, max(since, until - timedelta(microseconds=1)) if until else last)
    return last.astimezone(filters.zone).date()


def _labels() -> dict[int, str]:
    language = get_language() or ""
    return {reason.pk: reason.label(language) for reason in BreakReason.objects.all()}


def _stretches(turns: Sequence[Turn], day: Filters, labels: dict[int, str]) -> list[Stretch]:
    since, until = micros(day.since), micros(day.until)
    found = []
    for turn in turns:
        begins, ends = max(turn.since, since), min(turn.until, until)
        if turn.status == Status.OFFLINE or ends <= begins:
            continue
        found.append(
            Stretch(
                (begins - since) / (until - since),
                (ends - since) / (until - since),
                turn.status,
                _text(turn, begins, ends, day, labels),
            )
        )
    return found


def _text(turn: Turn, begins: int, ends: int, day: Filters, labels: dict[int, str]) -> str:
    at, to = (moment_of(count).astimezone(day.zone) for count in (begins, ends))
    name = str(Status(turn.status).label)
    if turn.reason in labels:
        name += f" ({labels[turn.reason]})"
    return _("%(status)s %(since)s–%(until)s") % {
        "status": name,
        "since": f"{at:%H:%M}",
        "until": f"{to:%H:%M}" if to.date() == at.date() else "24:00",
    }
