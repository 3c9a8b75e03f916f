"""Adding up facts: every figure of every door comes from here, and the rows behind it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncDate

from agents.access import Access, any_of
from agents.models import Permission, Role
from chat.models import ConversationTag
from reports.definitions import COUNTED, OF_STAYS, Figure, Source, field_of, find_figure
from reports.filters import Filters
from reports.models import (
    ChatFact,
    MissedOffer,
    StintFact,
    Word,
    counted,
    stays_of_teams,
    within,
)
from reports.sweep import joined
from reports.tickets import tickets_for
from reports.worktime import overlapping, read_work, value_of

_MODELS: dict[Source, Any] = {
    Source.STAY: ChatFact,
    Source.STINT: StintFact,
    Source.OFFER: MissedOffer,
    Source.WORD: Word,
}
type Row = dict[str, Any]


def compute(
    keys: Iterable[str],
    filters: Filters,
    access: Access,
    *,
    by: str = "",
    now: datetime,
    shared: dict[bool, Any] | None = None,
) -> dict[Any, Row]:
    """Return the figures by row, in one query for all that are counted alike.

    `by`: agent, day, channel, topic, brand, tag, started_by, or hour (weekday and hour); without
    it there is one row, None. Time of agents has rows by agent and by day only; `shared` keeps it
    for the next question with the same filters.
    """
    alike: dict[tuple[str, str, str], list[Figure]] = defaultdict(list)
    for key in keys:
        figure = wanted(key)
        if figure.agent or by != "agent":
            moment = "" if figure.source == Source.TIME else figure.moment
            alike[figure.source, moment, figure.agent].append(figure)
    found: dict[Any, Row] = defaultdict(dict)
    for figures in alike.values():
        if figures[0].source == Source.TIME:
            kept = {} if shared is None else shared
            if (by == "day") not in kept:
                stints = scoped(Source.STINT, "agent", filters, access)
                kept[by == "day"] = read_work(stints, filters, access, by_day=by == "day", now=now)
            _measure(figures, kept[by == "day"], filters, by, found)
        else:
            _add_up(figures, filters, access, by, found)
    return dict(found)


def wanted(key: str) -> Figure:
    """Return the figure of a key. Raises `KeyError`."""
    figure = find_figure(key)
    if figure is None:
        raise KeyError(key)
    return figure


def stays_behind(
    key: str, filters: Filters, access: Access, *, by: str = "", row: Any = None
) -> QuerySet[ChatFact]:
    """Return the stays that one cell counts; `row` None is the line of totals."""
    figure = wanted(key)
    if figure.source == Source.TIME:
        stints = overlapping(scoped(Source.STINT, "agent", filters, access), filters)
        if row is not None and by == "agent":
            stints = stints.filter(agent=row)
        return ChatFact.objects.filter(pk__in=stints.order_by().values("stay"))
    facts = _behind(figure, filters, access, by, row)
    if figure.source == Source.STAY:
        return facts
    return ChatFact.objects.filter(pk__in=facts.order_by().values("stay"))


def tickets_behind(
    key: str, filters: Filters, access: Access, *, by: str = "", row: Any = None
) -> QuerySet[Any]:
    """Return the tickets that one cell counts."""
    return _behind(wanted(key), filters, access, by, row)


def _behind(figure: Figure, filters: Filters, access: Access, by: str, row: Any) -> QuerySet[Any]:
    facts = _facts(figure, filters, access).filter(figure.where)
    if row is not None:
        facts = facts.annotate(**_groups(figure, by, filters)).filter(g0=row)
    return facts


def stays_in(filters: Filters, access: Access) -> QuerySet[ChatFact]:
    """Return the stays that began in the range."""
    return _facts(wanted("requests"), filters, access)


def _add_up(
    figures: list[Figure], filters: Filters, access: Access, by: str, found: dict[Any, Row]
) -> None:
    first = figures[0]
    groups = _groups(first, by, filters)
    parts = {}
    once = _once(by, filters, access)
    for figure in figures:
        # Where the rows say it themselves, stays need not be told from each other.
        of, over, sessions = figure.of, figure.over, figure.where
        if figure.of_sessions and once is not None:
            sessions &= once
            of, over = (of, COUNTED) if over else (COUNTED, over)
        parts[f"of_{figure.key}"] = of(figure.where if over else sessions)
        if over is not None:
            parts[f"over_{figure.key}"] = over(sessions)
    facts = _facts(first, filters, access).order_by()
    rows = facts.values(**groups).annotate(**parts) if groups else [facts.aggregate(**parts)]
    for row in rows:
        place = tuple(row[name] for name in groups)
        cell = found[place if len(place) > 1 else place[0] if place else None]
        for figure in figures:
            value = row[f"of_{figure.key}"]
            if figure.over is not None:
                number = row[f"over_{figure.key}"]
                value = (value or 0) / number if number else None
            cell[figure.key] = value


def _once(by: str, filters: Filters, access: Access) -> Q | None:
    """Return which stints stand for sessions; None where only some agents' are counted together."""
    if by == "agent" or filters.agent:
        return Q(is_agents_session=True)
    reaches = access.reaches(Permission.REPORTS)
    is_whole = all(reach.scope == Role.Scope.ALL for reach in reaches)
    return Q(is_session=True) if is_whole else None


def _measure(
    figures: list[Figure], work: Any, filters: Filters, by: str, found: dict[Any, Row]
) -> None:
    rows: dict[Any, list[Any]] = defaultdict(list)
    for agent_id, days in work.items():
        for day, parts in days.items():
            rows[{"agent": agent_id, "day": day, "": None}[by]].append(parts)
    if not by:
        rows.setdefault(None, [])
    for row, many in rows.items():
        whole = joined(many)
        for figure in figures:
            found[row][figure.key] = value_of(figure, whole, filters.zone)


def _groups(figure: Figure, by: str, filters: Filters) -> dict[str, Any]:
    match by:
        case "":
            return {}
        case "agent":
            return {"g0": F(f"{figure.agent}_id")}
        case "day":
            return {"g0": TruncDate(figure.moment, tzinfo=filters.zone)}
        case "hour":
            return {
                "g0": ExtractIsoWeekDay(figure.moment, tzinfo=filters.zone),
                "g1": ExtractHour(figure.moment, tzinfo=filters.zone),
            }
        case "tag":
            return {"g0": F(f"{figure.stay}conversation__tagged__tag")}
    return {"g0": F(by if figure.source == Source.TICKET else field_of(figure.source, by))}


def _facts(figure: Figure, filters: Filters, access: Access) -> QuerySet[Any]:
    """Return what a figure may be made of: in the range, as filtered, and for these eyes."""
    if figure.source == Source.TICKET:
        facts = tickets_for(filters, access)
    else:
        facts = scoped(figure.source, figure.agent, filters, access)
    return facts.filter(
        **{f"{figure.moment}__gte": filters.since, f"{figure.moment}__lt": filters.until}
    )


def scoped(source: Source, agent: str, filters: Filters, access: Access) -> QuerySet[Any]:
    """Return facts of any time, as filtered and for these eyes; `agent`: the field of whose."""
    facts: QuerySet[Any] = _MODELS[source].objects.all()
    own_stints = StintFact.objects.filter(agent=access.agent_id).values("stay")
    own = Q(**{agent: access.agent_id}) if agent else Q(pk__in=own_stints)
    prefix = field_of(source, "")
    allowed = any_of(within(reach, own, prefix) for reach in access.reaches(Permission.REPORTS))
    if allowed is None:
        return facts.none()
    if filters.agent and agent:
        facts = facts.filter(**{f"{agent}__public_id": filters.agent})
    return facts.filter(allowed, counted(prefix), _wanted(source, filters, by_stint=not agent))


def _wanted(source: Source, filters: Filters, *, by_stint: bool) -> Q:
    wanted = Q()
    for name in ("brand", "topic", "channel", "started_by"):
        if value := getattr(filters, name):
            wanted &= Q(**{field_of(source, name): value})
    if filters.team is not None:
        wanted &= stays_of_teams([filters.team], field_of(source, ""))
    stay = "stay__" if source in OF_STAYS else ""
    if filters.agent and by_stint:
        had = StintFact.objects.filter(agent__public_id=filters.agent).values("stay")
        wanted &= Q(**{f"{stay}pk__in": had})
    if filters.tag is not None:
        tagged = ConversationTag.objects.filter(tag=filters.tag).values("conversation")
        wanted &= Q(**{f"{stay}conversation__in": tagged})
    return wanted
