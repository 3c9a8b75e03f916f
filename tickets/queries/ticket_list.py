"""The list of tickets: its folders, its filters, and a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextChoices, Value
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from agents.access import Access, of_teams
from config.text.cleaning import key_of
from config.text.folding import fold
from tickets.models import Ticket, TicketTag
from tickets.queries.customers import owners_of_number
from tickets.queries.words import says

PAGE = 40
# As many stay fresh together where somebody has read on; a page of them takes ten times as long.
SHOWN_MAX = 400
WORDS_MAX = 8
# What can be wished for besides the folder and the brand.
WISHES = (
    *("q", "status", "type", "priority", "source", "team", "agent", "topic", "tag"),
    *("from", "to", "spam"),
)
# As a filter or a choice: none at all, and whoever asks.
NOBODY = "none"
ME = "me"
_SALT = "tickets"
_Status = Ticket.Status
# Named one by one, so that the index by status is of use.
UNFINISHED = (_Status.NEW, _Status.OPEN, _Status.WAITING, _Status.ON_HOLD)


class Folder(TextChoices):
    """Whose tickets the list shows."""

    MINE = "mine", _("Mine")
    TEAM = "team", _("Team")
    UNASSIGNED = "unassigned", _("Unassigned")
    WAITING = "waiting", _("Waiting")
    ALL = "all", _("All")


class Row(NamedTuple):
    """What the list shows of one ticket; `at` is the moment by which it stands in its place."""

    pk: int
    subject: str
    status: str
    type: str
    priority: str
    is_spam: bool
    preview: str
    preview_author: str
    assignee_id: int | None
    assignee__name: str | None
    contact_id: int
    contact__name: str
    contact__email: str
    at: datetime

    @property
    def customer(self) -> str:
        """Return what the customer is called, as `Contact` says it."""
        return self.contact__name or self.contact__email or str(self.contact_id)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some tickets, and where the next ones begin ("" at the end)."""

    rows: list[Row]
    after: str


class BadCursor(Exception):
    """The address does not name a place in the list."""


def _within(folder: Folder, access: Access) -> Q:
    match folder:
        case Folder.MINE:
            return Q(assignee=access.agent_id)
        case Folder.TEAM:
            return of_teams(access.team_ids)
        case Folder.UNASSIGNED:
            return Q(assignee=None)
        case Folder.WAITING:
            return Q(status=_Status.WAITING)
        case Folder.ALL:
            return Q()


def count_folders(access: Access, *, brand_id: int | None) -> dict[Folder, int]:
    """Return how many unfinished tickets each folder but the last one holds, in one query."""
    counted = [folder for folder in Folder if folder is not Folder.ALL]
    found = _unfinished(access, brand_id)
    numbers = found.aggregate(
        **{folder.value: Count(Value(1), filter=_within(folder, access)) for folder in counted}
    )
    return {folder: numbers[folder.value] for folder in counted}


def count_mine(access: Access) -> int:
    """Return how many unfinished tickets an agent has."""
    return _unfinished(access, None).filter(assignee=access.agent_id).count()


def _unfinished(access: Access, brand_id: int | None) -> QuerySet[Ticket]:
    found: QuerySet[Ticket] = Ticket.objects.visible_to(access).filter(
        status__in=UNFINISHED, is_spam=False
    )
    return found if brand_id is None else found.filter(brand=brand_id)


def tickets_in(
    access: Access, folder: Folder, *, brand_id: int | None, wish: Mapping[str, str]
) -> QuerySet[Ticket]:
    """Return the tickets of a folder that fit what is wished for, by the names in `WISHES`.

    All but the last folder show unfinished ones, unless a status or words are named; `status` may
    name several, joined by commas. What nothing can be called finds nothing.
    """
    seen: QuerySet[Ticket] = (
        Ticket.objects.held_by(access)
        if folder is Folder.MINE
        else Ticket.objects.visible_to(access).filter(_within(folder, access))
    )
    return seen.filter(_fits(access, folder, brand_id, wish))


def parts_in(
    access: Access, folder: Folder, *, brand_id: int | None, wish: Mapping[str, str]
) -> list[QuerySet[Ticket]]:
    """Return what `tickets_in` does, in parts for `page_of`."""
    if folder is Folder.MINE:
        return [tickets_in(access, folder, brand_id=brand_id, wish=wish)]
    *held, last = Ticket.objects.in_parts(access)
    if held and folder is Folder.UNASSIGNED:
        # Nobody has these anyway. Said twice, a database would expect next to none of them.
        parts = [last]
    else:
        parts = [part.filter(_within(folder, access)) for part in (*held, last)]
    fits = _fits(access, folder, brand_id, wish)
    return [part.filter(fits) for part in parts]


def _fits(access: Access, folder: Folder, brand_id: int | None, wish: Mapping[str, str]) -> Q:
    found = Q() if brand_id is None else Q(brand=brand_id)
    found &= Q(is_spam=bool(wish.get("spam")))
    statuses = [each for each in wish.get("status", "").split(",") if each]
    asked = wish.get("q", "").replace("\0", "").strip()
    words = asked.split()[:WORDS_MAX]
    if statuses:
        found &= Q(status__in=statuses)
    elif not words and folder is not Folder.ALL and not wish.get("spam"):
        found &= Q(status__in=UNFINISHED)
    for field in ("type", "priority", "source"):
        if value := wish.get(field, ""):
            found &= Q(**{field: value})
    found &= _of_rows(access, wish) & _opened(wish)
    return found & (_says(words) | _of_number(access, asked)) if words else found


def _says(words: Sequence[str]) -> Q:
    """Match what holds all of the words, or is called by them."""
    every = Q()
    for word in words:
        named = key_of(word.removeprefix("#"))
        every &= says(word) | Q(pk=named) if named else says(word)
    return every


def _of_number(access: Access, asked: str) -> Q:
    """Match the tickets of whoever is reached at the number asked for; nothing for all else."""
    owners = owners_of_number(access, asked)
    return Q(contact__in=owners) if owners else Q()


def _of_rows(access: Access, wish: Mapping[str, str]) -> Q:
    """Match those of a team, agent, topic and tag."""
    found = Q()
    for field in ("team", "topic"):
        if value := wish.get(field, ""):
            found &= Q(**{field: None if value == NOBODY else key_of(value)})
    agent = wish.get("agent", "")
    if agent == NOBODY:
        found &= Q(assignee=None)
    elif agent == ME:
        found &= Q(assignee=access.agent_id)
    elif agent:
        found &= Q(assignee__public_id=agent)
    if tag := wish.get("tag", ""):
        # The tag's id, or its word in any spelling.
        named = Q(tag=key_of(tag)) if key_of(tag) else Q(tag__folded=fold(tag.replace("\0", "")))
        found &= Q(Exists(TicketTag.objects.filter(named, ticket=OuterRef("pk"))))
    return found


def _opened(wish: Mapping[str, str]) -> Q:
    """Match those that were opened on the days `from` and `to`, and between them."""
    found = Q()
    if first := day_of(wish.get("from", "")):
        found &= Q(created_at__gte=_start(first))
    if last := day_of(wish.get("to", "")):
        found &= Q(created_at__lt=_start(last + timedelta(days=1)))
    return found


def day_of(text: str) -> date | None:
    """Return the day that an address names, such as 2026-11-29; None for all else."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    # The calendar's ends have no day beyond them.
    return day if day and 1900 < day.year < 9000 else None


def _start(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def is_by_opening(wish: Mapping[str, str]) -> bool:
    """Return whether the list stands in the order in which tickets were opened: those of some days.

    In the order of changes all that changed since would have to be read.
    """
    return bool(day_of(wish.get("from", "")) or day_of(wish.get("to", "")))


def page_of(
    parts: Sequence[QuerySet[Ticket]],
    *,
    after: str = "",
    by_opening: bool = False,
    shown: int = 0,
) -> Page:
    """Return one page, newest change (or opening) first, after the place `after`; a longer one for
    whoever has so many `shown` already.
    """
    size = max(PAGE, min(shown, SHOWN_MAX))
    order = "created_at" if by_opening else "updated_at"
    by = (f"-{order}", "-pk")
    later = Q()
    if after:
        at, pk = _read(after)
        # The last lets the index skip what the OR alone would scan.
        later = Q(**{f"{order}__lt": at}) | Q(**{order: at, "pk__lt": pk})
        later &= Q(**{f"{order}__lte": at})
    first = _first_of([part.filter(later).order_by(*by) for part in parts], size)
    # No whole tickets: to make them with customer and agent takes Django several times as long.
    read = Ticket.objects.filter(pk__in=first).order_by(*by).values_list(*Row._fields[:-1], order)
    rows = [Row(*values) for values in read[: size + 1]]
    more = _write(rows[size - 1]) if len(rows) > size else ""
    return Page(rows=rows[:size], after=more)


def _first_of(parts: Sequence[QuerySet[Ticket]], size: int) -> QuerySet[Any, Any]:
    """Return the numbers of the first ones of each part: those of the page are among them.

    Of all that fit customers would be read, before they are sorted and the rest is left out.
    """
    chosen: list[QuerySet[Any, Any]] = [part.values("pk")[: size + 1] for part in parts]
    if len(chosen) == 1:
        return chosen[0]
    # SQLite unites nothing that has an end, unless it stands within something.
    one, *others = (Ticket.objects.filter(pk__in=first).values("pk") for first in chosen)
    return one.union(*others, all=True)


def _write(row: Row) -> str:
    return signing.dumps([row.at.isoformat(), row.pk], salt=_SALT)


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        at, pk = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        raise BadCursor from error
    return datetime.fromisoformat(at), pk
