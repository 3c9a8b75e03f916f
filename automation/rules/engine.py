"""Rules at work: one event of a chat after another, in the order of its timeline.

All rules of an event see the chat as it stood when the event's turn came. What they decide is
written down before any of them acts: whoever goes on after a crash acts on that, and asks nothing
again. Each action is an operation of its own, in one transaction with the row that says that it was
tried.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone, translation

from agents.models import Language
from automation.models import Cursor, Effect, Rule, Run
from automation.rules import book
from automation.rules.actions import ACTIONS, OUTWARD, Acting, parks
from automation.rules.book import Ready
from automation.rules.conditions import Seen
from automation.rules.facts import FIRST_WORDS, Facts, Happening, Stay, happening_of, seen_chats
from automation.rules.replies import reply_to
from automation.rules.sentences import said_of_trace
from automation.rules.tallies import tallies
from automation.rules.writing import switch_off
from chat import actors
from chat.models import Conversation, Entry
from chat.operations.saying import Touched, tell_of_run
from config.outbox.operations import RetryAfter

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
DEPTH_MAX = 3
# How often a rule may act in a minute because of other rules.
CAP = 60
_RETRY_SECONDS = 1.0


def look_at(conversation_id: int, *, begin: int) -> None:
    """Let the rules look at all lines they have not seen; a chat new to them begins at `begin`.

    Raises `RetryAfter` while somebody else looks.
    """
    if book.current().is_empty:
        return
    now, holder = timezone.now(), secrets.token_hex(16)
    taken = take_lease(conversation_id, begin - 1, holder, now)
    if taken is None:
        return
    seq, decided = taken
    try:
        while True:
            lines = _lines_after(conversation_id, seq)
            for line, acted in _each(lines, decided):
                seq = line.seq
                if acted:
                    # What was read is no longer how the chat stands.
                    Cursor.objects.filter(conversation=conversation_id).update(seq=seq)
                    break
            else:
                return
    finally:
        release_lease(conversation_id, holder, seq)
        tallies.write_now_and_then()


def keeps_waiting(conversation_id: int) -> bool:
    """Return whether a rule has a chat wait because of its customer's newest words.

    The first words are the chat's own beginning.
    """
    words = Entry.objects.filter(
        conversation=conversation_id,
        kind=Entry.Kind.MESSAGE,
        author_kind=Entry.AuthorKind.VISITOR,
    )
    newest = words.order_by("-seq").values_list("seq", flat=True).first() or 0
    runs = Run.objects.filter(
        conversation=conversation_id,
        conversation__status=Conversation.Status.WAITING,
        mode=Rule.Mode.ON,
        matched=True,
        seq__gte=1 if newest <= FIRST_WORDS else newest,
        effects__done=True,
    )
    return any(
        position and parks(actions[position - 1])
        for actions, position in runs.values_list("actions", "effects__position")
    )


def take_lease(
    conversation_id: int, seq: int, holder: str, now: datetime
) -> tuple[int, int] | None:
    """Begin to look at a chat; return how far it was seen and decided, None if it is gone."""
    adapted = connection.ops.adapt_datetimefield_value
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO automation_cursor (conversation_id, seq, decided, holder, lease_until)
                VALUES (%s, %s, 0, %s, %s)
                ON CONFLICT (conversation_id) DO UPDATE
                SET holder = excluded.holder, lease_until = excluded.lease_until
                WHERE automation_cursor.lease_until IS NULL OR automation_cursor.lease_until < %s
                RETURNING seq, decided
                """,
                [conversation_id, max(0, seq), holder, adapted(now + LEASE), adapted(now)],
            )
            row = cursor.fetchone()
    except IntegrityError:
        # The chat is gone: demo data that was purged.
        return None
    if row is None:
        raise RetryAfter(_RETRY_SECONDS)
    return row[0], row[1]


def release_lease(conversation_id: int, holder: str, seq: int) -> None:
    """End looking at a chat, seen up to `seq`."""
    own = Cursor.objects.filter(conversation=conversation_id, holder=holder)
    own.update(seq=seq, lease_until=None, holder="")


def _lines_after(conversation_id: int, seq: int) -> Sequence[Entry]:
    names = ("visitor", "contact", "brand", "topic", "ticket", "assignee")
    lines = Entry.objects.filter(conversation=conversation_id, seq__gt=seq)
    with_chat = lines.select_related(*(f"conversation__{name}" for name in names))
    found: list[Entry] = list(with_chat.order_by("seq"))
    return found


def _each(lines: Sequence[Entry], decided: int) -> Iterable[tuple[Entry, bool]]:
    """Yield each line once its event is dealt with, and whether a rule has acted."""
    first_words = next((line.body for line in lines if line.seq == FIRST_WORDS), "")
    for line in lines:
        happening = happening_of(line, first_words)
        chat = line.conversation
        acted = False
        if happening is not None:
            facts = Facts(chat, happening, timezone.now())
            acted = line.seq <= decided or decide(facts, at=line.created_at)
            if acted:
                act_on(chat.pk, seq=line.seq)
            # What no rule answers is answered by itself, where that is wished.
            acted = reply_to(facts, at=line.created_at) or acted
        yield line, acted


def decide(facts: Facts, *, at: datetime) -> bool:
    """Write down which rules act on an event; return whether any does."""
    chat, happening = facts.chat, facts.happening
    ready = book.current().of(happening.when, chat.brand_id)
    ready = [each for each in ready if at >= each.rule.on_since]
    runs = decide_among(ready, facts)
    if not runs:
        return False
    with transaction.atomic():
        Run.objects.bulk_create(runs, ignore_conflicts=True)
        Cursor.objects.filter(conversation=chat.pk).update(decided=happening.seq)
    return any(run.matched and run.mode == Rule.Mode.ON for run in runs)


def decide_among(ready: Iterable[Ready], facts: Facts) -> list[Run]:
    """Ask rules in their order about one event; all see the same, and one may stop the rest."""
    stay = Stay(facts.chat)
    runs: list[Run] = []
    fired: set[tuple[str, str]] = set()
    looked: list[int] = []
    for each in ready:
        looked.append(each.rule.pk)
        run = _meet(each, facts, stay, fired)
        if run is None:
            continue
        runs.append(run)
        if run.matched:
            fired.add((run.family, run.mode))
            if each.stops and each.is_on:
                break
    if facts.chat.kind != Conversation.Kind.REHEARSAL:
        tallies.add(looked, [run.rule_id for run in runs if run.matched], facts.now)
    return runs


def ask(ready: Ready, facts: Facts, *, all_of_it: bool = False) -> tuple[bool, list[Seen]]:
    """Return whether a rule's conditions hold, and what each of those that were asked saw."""
    trace: list[Seen] = []
    holds = ready.all.holds(facts, trace, all_of_it=all_of_it)
    if ready.any.nodes and (holds or all_of_it):
        holds = ready.any.holds(facts, trace, all_of_it=all_of_it) and holds
    return holds, trace


def _meet(each: Ready, facts: Facts, stay: Stay, fired: set[tuple[str, str]]) -> Run | None:
    """Return what becomes of one rule and one event; None when it has nothing to say."""
    happening, rule = facts.happening, each.rule
    if each.missing:
        return _run(each, facts, matched=False, reason="missing")
    if happening.depth >= DEPTH_MAX or rule.pk in happening.chain:
        return None
    try:
        holds, trace = ask(each, facts)
        if not holds or not _may_fire(each, facts, stay, fired):
            return None
    except OperationalError:
        raise
    except Exception:
        log.exception("rules.failed", rule=rule.pk)
        return _run(each, facts, matched=False, reason="error")
    if happening.depth and _is_over_the_cap(each, facts.now):
        return None
    seen = [one.as_json() for one in trace]
    return _run(each, facts, matched=True, nodes=seen, stay=stay.seq)


def _run(each: Ready, facts: Facts, **more: object) -> Run:
    happening, rule = facts.happening, each.rule
    return Run(
        rule=rule,
        conversation=facts.chat,
        key=run_key(rule, facts.chat, happening),
        seq=happening.seq,
        mode=rule.mode,
        family=each.family,
        depth=happening.depth + 1,
        chain=list(happening.chain),
        actions=rule.actions,
        text=happening.text[:10_000],
        was_taken=facts.chat.assignee_id is not None and not _comes_too_late(rule, happening),
        at=facts.now,
        **more,
    )


def run_key(rule: Rule, chat: Conversation, happening: Happening) -> str:
    """Return what names a rule and an event: decided once."""
    event = str(happening.seq) if happening.seq else f"at:{happening.due}"
    return f"{rule.pk}:{chat.pk}:{event}"


def _comes_too_late(rule: Rule, happening: Happening) -> bool:
    """Return whether a rule would take back a chat that was new, should somebody have it now."""
    return happening.when == Rule.When.INCOMING and any(map(parks, rule.actions))


def _may_fire(each: Ready, facts: Facts, stay: Stay, fired: set[tuple[str, str]]) -> bool:
    fires, mode = each.rule.fires, each.rule.mode
    if fires == "every":
        return True
    if (each.family, mode) in fired:
        return False
    earlier = Run.objects.filter(
        conversation=facts.chat, family=each.family, mode=mode, matched=True
    )
    if fires == "once":
        return not earlier.filter(stay=stay.seq).exists()
    since = facts.now - timedelta(minutes=fires["minutes"])
    return not earlier.filter(at__gt=since).exists()


def _is_over_the_cap(each: Ready, now: datetime) -> bool:
    """Return whether a rule acts too often because of others; then it is switched off."""
    lately = Run.objects.filter(rule=each.rule, depth__gt=1, at__gt=now - timedelta(minutes=1))
    if lately.count() < CAP:
        return False
    switch_off(rule=each.rule, because="loop", now=now)
    return True


def act_on(conversation_id: int, *, seq: int | None, keys: Iterable[str] = ()) -> None:
    """Do what the rules decided about an event, in their order; what is done is not repeated."""
    runs = Run.objects.filter(
        conversation=conversation_id, mode=Rule.Mode.ON, matched=True, done_at=None
    )
    runs = runs.filter(key__in=list(keys)) if seq is None else runs.filter(seq=seq)
    for run in runs.select_related("rule").order_by("pk"):
        _act(run)


def _act(run: Run) -> None:
    by = actors.Rule(id=run.rule_id, name=run.rule.name, depth=run.depth, chain=tuple(run.chain))
    tried = set(run.effects.values_list("position", flat=True))
    steps = [{"action": _TELL}, *run.actions]
    for position, told in enumerate(steps):
        if position in tried:
            continue
        now = timezone.now()
        try:
            with transaction.atomic():
                chat = seen_chats().select_related("assignee").get(pk=run.conversation_id)
                if not run.was_taken and chat.assignee_id is not None:
                    raise Touched
                acting = Acting(run=run, position=position, chat=chat, by=by, now=now)
                if told["action"] == _TELL:
                    _tell(acting)
                    reason = ""
                elif chat.kind == Conversation.Kind.REHEARSAL and told["action"] in OUTWARD:
                    reason = "rehearsal"
                else:
                    reason = ACTIONS[told["action"]].do(acting, told)
                _note_effect(run, position, done=not reason, reason=reason)
        except OperationalError:
            raise
        except Exception as error:
            if not isinstance(error, Touched):
                log.warning("rules.action_failed", rule=run.rule_id, error=type(error).__name__)
            _note_effect(run, position, done=False, reason=type(error).__name__.lower())
            break
    run.done_at = timezone.now()
    run.save(update_fields=["done_at"])


# The first step of each run: the thread tells of it.
_TELL = "tell"


def _tell(acting: Acting) -> None:
    told = {"at": timezone.localtime(acting.run.at).strftime("%H.%M")}
    for code in Language.values:
        with translation.override(code):
            told[f"why_{code}"] = said_of_trace(acting.run.nodes)
    tell_of_run(conversation=acting.chat, by=acting.by, told=told, now=acting.now)


def _note_effect(run: Run, position: int, *, done: bool, reason: str) -> None:
    Effect.objects.create(run=run, position=position, done=done, reason=reason[:80])
