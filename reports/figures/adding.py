"""Adding up facts: every figure of every door comes from here, and the rows behind it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncDate

from agents.access import Access, any_of, of_teams
from agents.models import Permission, Role
from chat.models import ConversationTag
from reports.definitions import COUNTED, OF_STAYS, Figure, Source, find_figure
from reports.figures.packing import Quarter
from reports.figures.side_by_side import read_side_by_side
from reports.figures.tickets import tickets_for
from reports.figures.totals import rows_and_total
from reports.figures.worktime import overlapping, read_work, value_of
from reports.filters import Filters
from reports.models import (
    ChatFact,
    MissedOffer,
    StintFact,
    Word,
    counted,
    within,
)
from reports.sweep import joined

_MODELS: dict[Source, Any] = {
    Source.STAY: ChatFact,
    Source.STINT: StintFact,
    Source.OFFER: MissedOffer,
    Source.WORD: Word,
}
type Row = dict[str, Any]
# In place of a row's value: of what has no topic or tag, or was had by nobody known.
NONE: Final = object()


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which figures are wanted, and of what.

    `by`: agent, day, channel, topic, brand, tag, started_by, or quarter (of an hour; a whole one
    where those of the zone begin with those of UTC); without it there is one row, None. Time of
    agents has rows by agent and by day only. With `with_total` the figures of all rows together
    are wanted too.
    """

    keys: Collection[str]
    filters: Filters
    by: str = ""
    with_total: bool = False


@dataclass(frozen=True)
class Found:
    """The figures by row, and those of all rows together."""

    rows: dict[Any, Row] = field(default_factory=lambda: defaultdict(dict))
    total: Row = field(default_factory=dict)

    def add(self, other: "Found") -> None:
        """Take over what other figures of the same question are."""
        for key, row in other.rows.items():
            self.rows[key] |= row
        self.total.update(other.total)


def compute(
    keys: Collection[str], filters: Filters, access: Access, *, by: str = "", now: datetime
) -> dict[Any, Row]:
    """Return the figures by row, as `Question` says."""
    [found] = compute_all([Question(keys=keys, filters=filters, by=by)], access, now=now)
    return dict(found.rows)


def compute_all(questions: Sequence[Question], access: Access, *, now: datetime) -> list[Found]:
    """Return what is found for each question, in one query for all figures counted alike."""
    readings = [
        (at, reading)
        for at, question in enumerate(questions)
        for reading in _readings(question, access, now)
    ]
    found = [Found() for _ in questions]
    parts = read_side_by_side([reading for _at, reading in readings])
    for (at, _reading), part in zip(readings, parts, strict=True):
        found[at].add(part)
    return found


def _readings(question: Question, access: Access, now: datetime) -> Iterator[Callable[[], Found]]:
    alike: dict[tuple[str, str, str], list[Figure]] = defaultdict(list)
    for key in question.keys:
        figure = wanted(key)
        if figure.agent or question.by != "agent":
            moment = "" if figure.source == Source.TIME else figure.moment
            # Whose it is says only in whose row it stands, and who may see it.
            is_of_all = question.by != "agent" and not question.filters.agent and sees_all(access)
            alike[figure.source, moment, "" if is_of_all else figure.agent].append(figure)
    # Time first: it takes longest, and most of it is no waiting for the database.
    in_turn = sorted(alike.items(), key=lambda item: item[0][0] != Source.TIME)
    for (source, _moment, agent), figures in in_turn:
        if source == Source.TIME:
            yield partial(_measured, figures, question, access, now)
        else:
            yield partial(_added_up, figures, agent, question, access)


def sees_all(access: Access) -> bool:
    """Return whether no report is narrowed to what is one's own or one's team's."""
    reaches = access.reaches(Permission.REPORTS)
    return all(reach.scope == Role.Scope.ALL for reach in reaches)


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
            stints = stints.filter(is_row("agent", row))
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
    facts = _facts(figure, filters, access, agent=figure.agent).filter(figure.where)
    if row is not None:
        facts = facts.annotate(**_groups(figure, by, filters)).filter(is_row("g0", row))
    return facts


def is_row(name: str, row: Any) -> Q:
    """Return the condition that a field or expression is what a row stands for."""
    return Q(**{f"{name}__isnull": True}) if row is NONE else Q(**{name: row})


def stays_in(filters: Filters, access: Access) -> QuerySet[ChatFact]:
    """Return the stays that began in the range."""
    return _facts(wanted("requests"), filters, access, agent="")


def _added_up(figures: list[Figure], agent: str, question: Question, access: Access) -> Found:
    by, filters = question.by, question.filters
    groups = _groups(figures[0], by, filters)
    facts = _facts(figures[0], filters, access, agent=agent).order_by()
    parts, whole = _parts(figures, _session_stints(by, filters, access)), {}
    if question.with_total and by:
        whole = _parts(figures, _session_stints("", filters, access), name="all_{}")
    if not groups:
        return Found({None: _values(figures, facts.aggregate(**parts))})
    rows: Iterable[Mapping[str, Any]]
    total: Mapping[str, Any] = {}
    if by == "tag" and whole:
        # A chat of two tags stands in the rows of both, and counts once.
        rows, total = facts.values(**groups).annotate(**parts), facts.aggregate(**whole)
    elif whole:
        rows, total = rows_and_total(facts, groups["g0"], parts, whole)
    else:
        rows = facts.values(**groups).annotate(**parts)
    return Found(
        {row["g0"]: _values(figures, row) for row in rows},
        _values(figures, total, name="all_{}") if whole else {},
    )


def _parts(figures: list[Figure], once: Q | None, *, name: str = "{}") -> dict[str, Any]:
    """Return what is asked of the facts: of each figure one aggregate, or two to be divided.

    `once`: which stints stand for sessions.
    """
    parts = {}
    for figure in figures:
        # Where the rows say it themselves, stays need not be told from each other.
        of, over, sessions = figure.of, figure.over, figure.where
        if figure.of_sessions and once is not None:
            sessions &= once
            of, over = (of, COUNTED) if over else (COUNTED, over)
        parts[name.format(f"of_{figure.key}")] = of(figure.where if over else sessions)
        if over is not None:
            parts[name.format(f"over_{figure.key}")] = over(sessions)
    return parts


def _values(figures: list[Figure], row: Mapping[str, Any], *, name: str = "{}") -> Row:
    values = {}
    for figure in figures:
        value = row[name.format(f"of_{figure.key}")]
        if figure.over is not None:
            number = row[name.format(f"over_{figure.key}")]
            value = (value or 0) / number if number else None
        values[figure.key] = value
    return values


def _session_stints(by: str, filters: Filters, access: Access) -> Q | None:
    """Return which stints stand for sessions; None where only some agents' are counted together."""
    if by == "agent" or filters.agent:
        return Q(is_agents_session=True)
    return Q(is_session=True) if sees_all(access) else None


def _measured(figures: list[Figure], question: Question, access: Access, now: datetime) -> Found:
    by, filters = question.by, question.filters
    stints = scoped(Source.STINT, "agent", filters, access)
    work = read_work(figures, stints, filters, access, by_day=by == "day", now=now)
    found = Found(_by_row(figures, work, filters, by))
    if by and question.with_total:
        found.total.update(_by_row(figures, work, filters, "")[None])
    return found


def _by_row(figures: list[Figure], work: Any, filters: Filters, by: str) -> dict[Any, Row]:
    rows: dict[Any, list[Any]] = defaultdict(list)
    for agent_id, days in work.items():
        for day, parts in days.items():
            rows[{"agent": agent_id, "day": day, "": None}[by]].append(parts)
    if not by:
        rows.setdefault(None, [])
    found = {}
    for row, many in rows.items():
        whole = joined(many)
        found[row] = {figure.key: value_of(figure, whole, filters.zone) for figure in figures}
    return found


def _groups(figure: Figure, by: str, filters: Filters) -> dict[str, Any]:
    match by:
        case "":
            return {}
        case "agent":
            return {"g0": F(f"{figure.agent}_id")}
        case "day":
            return {"g0": TruncDate(figure.moment, tzinfo=filters.zone)}
        case "quarter":
            # Four times as few rows where whole hours tell as much.
            seconds = 3600 if filters.has_whole_hours else 900
            return {"g0": Quarter(figure.moment, seconds=seconds)}
        case "tag":
            return {"g0": F("tagged__tag")}
    return {"g0": F(by)}


def _facts(figure: Figure, filters: Filters, access: Access, *, agent: str) -> QuerySet[Any]:
    """Return what a figure may be made of: in the range, as filtered, and for these eyes.

    `agent`: the field of whose it is, "" where that makes no difference.
    """
    if figure.source == Source.TICKET:
        facts = tickets_for(filters, access)
    else:
        facts = scoped(figure.source, agent, filters, access)
    return facts.filter(
        **{f"{figure.moment}__gte": filters.since, f"{figure.moment}__lt": filters.until}
    )


def scoped(source: Source, agent: str, filters: Filters, access: Access) -> QuerySet[Any]:
    """Return facts of any time, as filtered and for these eyes; `agent`: the field of whose."""
    facts: QuerySet[Any] = _MODELS[source].objects.all()
    own_stints = StintFact.objects.filter(agent=access.agent_id).values("stay")
    own = Q(**{agent: access.agent_id}) if agent else Q(pk__in=own_stints)
    allowed = any_of(within(reach, own) for reach in access.reaches(Permission.REPORTS))
    if allowed is None:
        return facts.none()
    if filters.agent and agent:
        facts = facts.filter(**{f"{agent}__public_id": filters.agent})
    return facts.filter(allowed, counted(), _wanted(source, filters, by_stint=not agent))


def _wanted(source: Source, filters: Filters, *, by_stint: bool) -> Q:
    wanted = Q()
    for name in ("brand", "topic", "channel", "started_by"):
        if value := getattr(filters, name):
            wanted &= Q(**{name: value})
    if filters.team is not None:
        wanted &= of_teams([filters.team])
    stay = "stay__" if source in OF_STAYS else ""
    if filters.agent and by_stint:
        had = StintFact.objects.filter(agent__public_id=filters.agent).values("stay")
        wanted &= Q(**{f"{stay}pk__in": had})
    if filters.tag is not None:
        tagged = ConversationTag.objects.filter(tag=filters.tag).values("conversation")
        wanted &= Q(conversation__in=tagged)
    return wanted
