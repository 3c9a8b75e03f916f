"""Time rules: rows due to the minute, which look and move themselves on.

A row is due a whole number of times a rule's minutes after that from which it counts: whoever arms
a rule once more finds the row that is there. There is one for each open chat and rule, armed when a
chat comes into line or back from the archive. Tickets are many and stay open for long: there is one
only for those that a rule concerns, and whatever is written in a ticket arms the next. A rule that
looks when the desk opens or closes has one for each brand instead; a chat's or ticket's own desk,
its teams', decides whether the edge was its own.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents.hours.book import book_of
from agents.models import Brand
from automation.models import Rule, Run
from automation.rules import book
from automation.rules.book import Ready
from automation.rules.checking import EDGES
from automation.rules.engine import (
    LEASE,
    act_on,
    decide_among,
    has_acted,
    may_hold,
    release_lease,
    run_key,
    take_lease,
)
from automation.rules.sight import Happening, Sight
from automation.rules.watched.base import Watched
from automation.rules.watched.chats import CHATS
from automation.rules.watched.tickets import TICKETS
from automation.rules.writing import ARM
from chat.routing.availability import read_topics
from config.outbox.operations import RetryAfter, enqueue

DUE = "automation.due"
EDGE = "automation.edge"
# How many chats or tickets one effect arms; the rest is another's.
BATCH = 500
# Between two tries while somebody else looks. What was armed days ago has eight, see `WAITS_FOR` of
# the outbox: they last longer than the lease of a worker that died.
_PATIENCE = LEASE.total_seconds() / 6


def arm(row: Any, *, now: datetime, only_known: bool = False, watched: Watched = CHATS) -> None:
    """Have the time rules that are on look at a chat or ticket at their next moment after `now`.

    `only_known`: not those whose time begins with what has not happened yet.
    """
    for ready in book.fresh_book().of(Rule.When.TIME, row.brand_id, watched.subject):
        since = ready.rule.after["since"]
        if since in EDGES:
            continue
        if not only_known or watched.since(since, row) is not None:
            _arm(ready, watched, row, now)


def arm_rule(payload: dict[str, Any]) -> None:
    """Outbox: have a rule that was switched on look at all that is open by now, step by step."""
    rule = Rule.objects.filter(pk=payload["rule"]).exclude(mode=Rule.Mode.OFF).first()
    if rule is None or rule.when != Rule.When.TIME:
        return
    if rule.after["since"] in EDGES:
        now = timezone.now()
        since = rule.changed_at - timedelta(minutes=rule.after["minutes"])
        arm_edges(rule, after=since, now=now)
        return
    ready, watched = book.compile_rule(rule), _watched_by(rule)
    rows = watched.open().filter(pk__gt=payload.get("after", 0))
    if rule.brand_id:
        rows = rows.filter(brand=rule.brand_id)
    page = list(rows.order_by("pk")[:BATCH])
    for row in page:
        _arm(ready, watched, row, timezone.now(), is_new=True)
    if len(page) == BATCH:
        after = page[-1].pk
        key = f"{ARM}:{rule.pk}:{rule.changed_at.timestamp()}:{after}"
        enqueue(kind=ARM, key=key, payload={"rule": rule.pk, "after": after})


def _watched_by(rule: Rule) -> Watched:
    return TICKETS if rule.subject == Rule.Subject.TICKET else CHATS


def _arm(ready: Ready, watched: Watched, row: Any, now: datetime, *, is_new: bool = False) -> None:
    """Have a rule look at one when it is time; one that `is_new` also if it was time before."""
    minutes = timedelta(minutes=ready.rule.after["minutes"])
    since = watched.since(ready.rule.after["since"], row)
    if watched.is_armed_by_lines and (
        since is None or not may_hold(ready, _sight(watched, row, now))
    ):
        return
    # No line of a chat tells its rows of what they count from: until it happens they come by.
    begin = since or row.created_at
    passed = max((now - begin) // minutes, 0)
    if is_new and since is not None and passed:
        # It may have been done today, before the rule was what it is now.
        again = f":{ready.rule.changed_at.timestamp()}"
        _enqueue(ready, watched, row.pk, since + passed * minutes, again=again)
    else:
        _enqueue(ready, watched, row.pk, begin + (passed + 1) * minutes)


def _enqueue(
    ready: Ready,
    watched: Watched,
    pk: int,
    at: datetime,
    *,
    is_edge: bool = False,
    again: str = "",
) -> None:
    due = {"rule": ready.rule.pk, watched.column: pk, "due": _seconds(at)}
    enqueue(
        kind=DUE,
        key=f"due:{ready.rule.pk}:{watched.mark}{pk}:{_seconds(at)}{again}",
        payload=due | {"is_edge": True} if is_edge else due,
        # After an edge its own delay has passed by now.
        available_at=None if is_edge else at,
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _sight(watched: Watched, row: Any, now: datetime, *, due: int = 0) -> Sight:
    return watched.sight(row, Happening(when="time", due=due), now)


def look_at_clock(payload: dict[str, Any]) -> None:
    """Outbox: ask a time rule about a chat or ticket if its time has come, and move on to the next
    moment.

    After an edge of the desk's hours it is asked once; the edge itself moves on. Raises
    `RetryAfter` while a reply may still be taken back, or somebody else looks.
    """
    watched = TICKETS if TICKETS.column in payload else CHATS
    row = watched.open().filter(pk=payload[watched.column]).first()
    if row is None:
        return
    rules = book.fresh_book().of(Rule.When.TIME, row.brand_id, watched.subject)
    ready = next((each for each in rules if each.rule.pk == payload["rule"]), None)
    if ready is None:
        return
    now = timezone.now()
    if ready.rule.after["since"] in EDGES:
        if payload.get("is_edge") and not ready.missing:
            _ask(ready, watched, row, now, due=payload["due"])
        return
    if at := watched.settled_at(row):
        raise RetryAfter((at - now).total_seconds())
    minutes = timedelta(minutes=ready.rule.after["minutes"])
    since = watched.since(ready.rule.after["since"], row)
    # What is missing may come back: until then the rule asks nothing, and its rows move on.
    if since is not None and not ready.missing and _is_moment(payload["due"], since, minutes):
        _ask(ready, watched, row, now, due=payload["due"])
    is_done = watched.is_armed_by_lines and ready.rule.fires == "once"
    if not is_done or not has_acted(ready, _sight(watched, row, now)):
        _arm(ready, watched, row, now)


def _is_moment(due: int, since: datetime, minutes: timedelta) -> bool:
    """Return whether a row is still of the words and minutes that count now."""
    after = due - _seconds(since)
    return after > 0 and after % int(minutes.total_seconds()) == 0


def _ask(ready: Ready, watched: Watched, row: Any, now: datetime, *, due: int) -> None:
    """Ask and act under the lease that keeps the events of one in a row.

    What was decided for this moment before a worker died is not asked again.
    """
    holder = secrets.token_hex(16)
    taken = take_lease(row.pk, holder, now, watched=watched, again_in=_PATIENCE)
    if taken is None:
        return
    try:
        sight = _sight(watched, row, now, due=due)
        key = run_key(ready.rule, sight)
        if not Run.objects.filter(key=key).exists():
            runs = decide_among([ready], sight)
            Run.objects.bulk_create(runs, ignore_conflicts=True)
        act_on(row.pk, seq=None, keys=[key], watched=watched)
    finally:
        release_lease(row.pk, holder, taken[0], watched=watched)


def arm_edges(rule: Rule, *, after: datetime, now: datetime) -> None:
    """Have a rule look when the desks of its brands open or close next."""
    brands = Brand.objects.filter(is_active=True)
    for brand in brands.filter(pk=rule.brand_id) if rule.brand_id else brands:
        _arm_edge(rule, brand, after=after, now=now)


def arm_all_edges(*, now: datetime) -> None:
    """Have all rules look at the hours as they are now."""
    for ready in book.fresh_book().rules:
        if ready.rule.when == Rule.When.TIME and ready.rule.after.get("since") in EDGES:
            arm_edges(ready.rule, after=now, now=now)


def _arm_edge(rule: Rule, brand: Brand, *, after: datetime, now: datetime) -> None:
    edge = book_of(now).edge_after([brand], at=after)
    if edge is None:
        return
    minutes = rule.after["minutes"]
    with transaction.atomic():
        enqueue(
            kind=EDGE,
            key=f"edge:{rule.pk}:{brand.pk}:{_seconds(edge)}:{minutes}",
            payload={
                "rule": rule.pk,
                "brand": brand.pk,
                "edge": edge.isoformat(),
                "minutes": minutes,
            },
            available_at=edge + timedelta(minutes=minutes),
        )


@transaction.atomic
def look_at_edge(payload: dict[str, Any]) -> None:
    """Outbox: have a rule look at what is open and whose desk opened or closed then, step by step,
    and wait for the next edge. Where the hours are others by now nothing is looked at."""
    now, edge = timezone.now(), datetime.fromisoformat(payload["edge"])
    ready = next(
        (each for each in book.fresh_book().rules if each.rule.pk == payload["rule"]), None
    )
    brand = Brand.objects.filter(pk=payload["brand"], is_active=True).first()
    if ready is None or brand is None or ready.rule.brand_id not in {None, brand.pk}:
        return
    after = ready.rule.after
    if after.get("since") not in EDGES or after["minutes"] != payload["minutes"]:
        # It was changed, and armed anew then.
        return
    watched, begin = _watched_by(ready.rule), payload.get("after", 0)
    page = list(watched.open().filter(brand=brand, pk__gt=begin).order_by("pk")[:BATCH])
    for row in _at_edge(page, brand, edge, opens=after["since"] == "opens", now=now):
        if not watched.is_armed_by_lines or may_hold(ready, _sight(watched, row, now)):
            _enqueue(ready, watched, row.pk, edge, is_edge=True)
    if len(page) == BATCH:
        key = f"edge:{ready.rule.pk}:{brand.pk}:{_seconds(edge)}:{after['minutes']}:{page[-1].pk}"
        enqueue(kind=EDGE, key=key, payload=payload | {"after": page[-1].pk})
    _arm_edge(ready.rule, brand, after=edge, now=now)


def _at_edge(
    rows: Iterable[Any], brand: Brand, edge: datetime, *, opens: bool, now: datetime
) -> Iterable[Any]:
    """Yield those of a brand whose own desk opened (or closed) at a moment."""
    hours, its = book_of(now), read_topics([brand])[0][brand.pk]
    for row in rows:
        teams = its.teams_of(row.topic_id, own=row.team_id)
        is_open = hours.is_open(brand, teams, at=edge)
        was_open = hours.is_open(brand, teams, at=edge - timedelta(seconds=1))
        if is_open != was_open and is_open == opens:
            yield row
