"""Rules at work: one event of a chat or ticket after another, in the order of its timeline.

All rules of an event see it as it stood when the event's turn came. What they decide is
written down before any of them acts: whoever goes on after a crash acts on that, and asks nothing
again. Each action is an operation of its own, in one transaction with the row that says that it was
tried.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from agents import actors
from agents.hours.words import at_in_turkish
from agents.models import Language
from automation.models import Cursor, Effect, Rule, Run
from automation.rules import book
from automation.rules.actions import parks
from automation.rules.book import Ready
from automation.rules.conditions import Seen
from automation.rules.reasons import reason_of
from automation.rules.sentences import said_of_trace
from automation.rules.sight import Sight
from automation.rules.tallies import tallies
from automation.rules.watched.base import Watched
from automation.rules.watched.chats import CHATS
from automation.rules.writing import switch_off
from chat.operations.automatic import Touched
from config.outbox.operations import RetryAfter

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
DEPTH_MAX = 3
# How often a rule may act in a minute because of other rules.
CAP = 60
_RETRY_SECONDS = 1.0


def look_at(pk: int, *, begin: int, watched: Watched = CHATS) -> None:
    """Let the rules look at all lines they have not seen.

    Of what they have never looked at `begin` is a line that they shall see, but its events may be
    worked off in any order: they begin with the first line since any rule is on.

    Raises `RetryAfter` while somebody else looks.
    """
    if book.fresh_book().is_empty:
        return
    now, holder = timezone.now(), secrets.token_hex(16)
    taken = take_lease(pk, holder, now, watched=watched)
    if taken is None:
        return
    seq, decided = taken
    try:
        if seq == 0 and begin > 1:
            first = watched.first_since(pk, book.fresh_book().on_since)
            seq = min(begin, first or begin) - 1
        while True:
            lines = watched.lines_after(pk, seq)
            for line, acted in _each(watched, lines, decided):
                seq = line.seq
                if acted:
                    # What was read is no longer how it stands.
                    Cursor.objects.filter(**{watched.column: pk}).update(seq=seq)
                    break
            else:
                return
    finally:
        release_lease(pk, holder, seq, watched=watched)
        tallies.write_now_and_then()


_TAKE = """
    INSERT INTO automation_cursor ({column}, seq, decided, holder, lease_until)
    VALUES (%s, 0, 0, %s, %s)
    ON CONFLICT ({column}) DO UPDATE
    SET holder = excluded.holder, lease_until = excluded.lease_until
    WHERE automation_cursor.lease_until IS NULL OR automation_cursor.lease_until < %s
       OR automation_cursor.lease_until > %s
    RETURNING seq, decided
"""


def take_lease(
    pk: int,
    holder: str,
    now: datetime,
    *,
    watched: Watched = CHATS,
    again_in: float = _RETRY_SECONDS,
) -> tuple[int, int] | None:
    """Begin to look at it; return how far it was seen and decided, None if it is gone.

    What was never looked at is seen up to 0.

    Raises `RetryAfter` with the seconds `again_in` while somebody else looks.

    A lease that ends later than any can was taken by a clock that was ahead.
    """
    adapted = connection.ops.adapt_datetimefield_value
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _TAKE.format(column=f"{watched.column}_id"),
                [pk, holder, *map(adapted, (now + LEASE, now, now + 2 * LEASE))],
            )
            row = cursor.fetchone()
    except IntegrityError:
        # It is gone: demo data that was purged.
        return None
    if row is None:
        raise RetryAfter(again_in)
    return row[0], row[1]


def release_lease(pk: int, holder: str, seq: int, *, watched: Watched = CHATS) -> None:
    """End looking at it, seen up to `seq`."""
    own = Cursor.objects.filter(**{watched.column: pk}, holder=holder)
    own.update(seq=seq, lease_until=None, holder="")


def _each(watched: Watched, lines: Sequence[Any], decided: int) -> Iterable[tuple[Any, bool]]:
    """Yield each line once its event is dealt with, and whether a rule has acted."""
    for line, sight in watched.sights(lines):
        acted = False
        if sight is not None:
            acted = line.seq <= decided or decide(sight, at=line.created_at)
            if acted:
                act_on(sight.row.pk, seq=line.seq, watched=watched)
            # What no rule answers is answered by itself, where that is wished.
            acted = watched.answers(sight, at=line.created_at) or acted
        yield line, acted


def decide(sight: Sight, *, at: datetime) -> bool:
    """Write down which rules act on an event; return whether any does."""
    row, happening = sight.row, sight.happening
    ready = book.fresh_book().of(happening.when, row.brand_id, sight.subject)
    ready = [each for each in ready if at >= each.rule.on_since]
    if sight.came_as_chat:
        ready = [each for each in ready if each.rule.subject != Rule.Subject.BOTH]
    runs = decide_among(ready, sight)
    if not runs:
        return False
    with transaction.atomic():
        Run.objects.bulk_create(runs, ignore_conflicts=True)
        Cursor.objects.filter(**{sight.column: row.pk}).update(decided=happening.seq)
    return any(run.matched and run.mode == Rule.Mode.ON for run in runs)


def decide_among(ready: Iterable[Ready], sight: Sight) -> list[Run]:
    """Ask rules in their order about one event; all see the same, and one may stop the rest."""
    runs: list[Run] = []
    fired: set[tuple[str, str]] = set()
    looked: list[int] = []
    for each in ready:
        looked.append(each.rule.id)
        run = _meet(each, sight, fired)
        if run is None:
            continue
        runs.append(run)
        if run.matched:
            fired.add((run.family, run.mode))
            if each.stops and each.is_on:
                break
    if not sight.is_rehearsal:
        tallies.add(looked, [run.rule_id for run in runs if run.matched], sight.now)
    return runs


def ask(ready: Ready, sight: Sight, *, all_of_it: bool = False) -> tuple[bool, list[Seen]]:
    """Return whether a rule's conditions hold, and what each of those that were asked saw.

    What a rule saw that doesn't hold is noted only if it is asked for `all_of_it`.
    """
    trace: list[Seen] = []
    if not all_of_it and not _holds(ready, sight):
        return False, trace
    holds = ready.all.holds(sight, trace, all_of_it=all_of_it)
    if ready.any.nodes:
        holds = ready.any.holds(sight, trace, all_of_it=all_of_it) and holds
    return holds, trace


def _holds(ready: Ready, sight: Sight) -> bool:
    """Return whether a rule's conditions hold: of most rules nothing more is wanted."""
    is_held = ready.all.holds(sight, None)
    return is_held and (not ready.any.nodes or ready.any.holds(sight, None))


def may_hold(each: Ready, sight: Sight) -> bool:
    """Return whether a rule's conditions hold, or may hold later though no line is written."""
    return each.all.needs_query or each.any.needs_query or ask(each, sight)[0]


def _meet(each: Ready, sight: Sight, fired: set[tuple[str, str]]) -> Run | None:
    """Return what becomes of one rule and one event; None when it has nothing to say."""
    happening, rule = sight.happening, each.rule
    if each.missing:
        return _run(each, sight, matched=False, reason="missing")
    if happening.depth >= DEPTH_MAX or rule.id in happening.chain:
        return None
    try:
        holds, trace = ask(each, sight)
        if not holds or not _may_fire(each, sight, fired):
            return None
    except OperationalError:
        raise
    except Exception:
        log.exception("rules.failed", rule=rule.pk)
        return _run(each, sight, matched=False, reason="error")
    if happening.depth and _is_over_the_cap(each, sight.now):
        return None
    seen = [one.as_json() for one in trace]
    return _run(each, sight, matched=True, nodes=seen, stay=sight.stay)


def _run(each: Ready, sight: Sight, **more: Any) -> Run:
    happening, rule = sight.happening, each.rule
    return Run(
        rule=rule,
        key=run_key(rule, sight),
        seq=happening.seq,
        mode=rule.mode,
        family=each.family,
        depth=happening.depth + 1,
        chain=list(happening.chain),
        actions=rule.actions,
        text=happening.text[:10_000],
        was_taken=sight.row.assignee_id is not None and not _comes_too_late(rule, sight),
        at=sight.now,
        **{sight.column: sight.row},
        **more,
    )


def run_key(rule: Rule, sight: Sight) -> str:
    """Return what names a rule and an event: decided once."""
    happening = sight.happening
    event = str(happening.seq) if happening.seq else f"at:{happening.due}"
    return f"{rule.pk}:{sight.key}:{event}"


def _comes_too_late(rule: Rule, sight: Sight) -> bool:
    """Return whether a rule would take back a chat that was new, should somebody have it now."""
    is_new_chat = sight.subject == CHATS.subject and sight.happening.when == Rule.When.INCOMING
    return is_new_chat and any(map(parks, rule.actions))


def _may_fire(each: Ready, sight: Sight, fired: set[tuple[str, str]]) -> bool:
    fires, mode = each.rule.fires, each.rule.mode
    if fires == "every":
        return True
    if (each.family, mode) in fired:
        return False
    if fires == "once":
        return not has_acted(each, sight)
    since = sight.now - timedelta(minutes=fires["minutes"])
    return not _earlier(each, sight).filter(at__gt=since).exists()


def has_acted(each: Ready, sight: Sight) -> bool:
    """Return whether a rule, or one of its family, has acted in this stay."""
    return _earlier(each, sight).filter(stay=sight.stay).exists()


def _earlier(each: Ready, sight: Sight) -> QuerySet[Run]:
    own = {sight.column: sight.row}
    return Run.objects.filter(**own, family=each.family, mode=each.rule.mode, matched=True)


def _is_over_the_cap(each: Ready, now: datetime) -> bool:
    """Return whether a rule acts too often because of others; then it is switched off."""
    lately = Run.objects.filter(rule=each.rule, depth__gt=1, at__gt=now - timedelta(minutes=1))
    if lately.count() < CAP:
        return False
    switch_off(rule=each.rule, because="loop", now=now)
    return True


def act_on(pk: int, *, seq: int | None, keys: Iterable[str] = (), watched: Watched = CHATS) -> None:
    """Do what the rules decided about an event, in their order; what is done is not repeated."""
    own = {watched.column: pk}
    runs = Run.objects.filter(**own, mode=Rule.Mode.ON, matched=True, done_at=None)
    runs = runs.filter(key__in=list(keys)) if seq is None else runs.filter(seq=seq)
    for run in runs.select_related("rule").order_by("pk"):
        _act(run, watched)


def _act(run: Run, watched: Watched) -> None:
    by = actors.Rule(id=run.rule_id, name=run.rule.name, depth=run.depth, chain=tuple(run.chain))
    tried = set(run.effects.values_list("position", flat=True))
    steps = [{"action": _TELL}, *run.actions]
    for position, told in enumerate(steps):
        if position in tried:
            continue
        now = timezone.now()
        try:
            with transaction.atomic():
                if told["action"] == _TELL:
                    watched.tell(run, _why(run), by=by, now=now)
                    reason = ""
                else:
                    reason = watched.act(run, position, told, by=by, now=now)
                _note_effect(run, position, done=not reason, reason=reason)
        except OperationalError:
            raise
        except Exception as error:
            if not isinstance(error, Touched):
                log.warning("rules.action_failed", rule=run.rule_id, error=type(error).__name__)
            _note_effect(run, position, done=False, reason=reason_of(type(error)))
            break
    run.done_at = timezone.now()
    run.save(update_fields=["done_at"])


# The first step of each run: the timeline tells of it.
_TELL = "tell"


def _why(run: Run) -> dict[str, str]:
    """Return when a rule acted and why, in each language."""
    at = timezone.localtime(run.at)
    told = {"at": f"{at:%H:%M}", "at_tr": at_in_turkish(at)}
    for code in Language.values:
        with translation.override(code):
            told[f"why_{code}"] = said_of_trace(run.nodes, run.rule.subject)
    return told


def _note_effect(run: Run, position: int, *, done: bool, reason: str) -> None:
    Effect.objects.create(run=run, position=position, done=done, reason=reason[:80])
