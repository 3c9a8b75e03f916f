"""The rules in force, compiled once in each process and edition."""

import math
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from automation.models import AutoReply, Edition, Rule
from automation.rules.checking import missing_in
from automation.rules.conditions import Block, compile_nodes

_KEY = "rules.edition"
# Should the shared cache have missed a change: not longer than this.
_SECONDS = 60
_KNOWN_SECONDS = 1.0
# What is said to a chat or message that comes in.
ANSWERS = (
    AutoReply.State.WELCOME,
    AutoReply.State.BUSY,
    AutoReply.State.OFFLINE,
    AutoReply.State.CLOSED,
)
_CLOSING = AutoReply.State.CLOSING


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A rule that is on or tried, ready to be asked."""

    rule: Rule
    all: Block
    any: Block
    stops: bool
    # Names what is missing: such a rule is skipped, and its log says so.
    missing: str = ""

    @property
    def is_on(self) -> bool:
        """Return whether it acts."""
        return self.rule.mode == Rule.Mode.ON

    def looks_at(self, subject: str) -> bool:
        """Return whether it is for chats, or for tickets."""
        return self.rule.subject in {subject, Rule.Subject.BOTH}

    @property
    def family(self) -> str:
        """Return with which rules it shares its one firing."""
        return self.rule.family or f"rule:{self.rule.pk}"


@dataclass(frozen=True, kw_only=True)
class Book:
    """All rules of one edition, in order."""

    version: str
    rules: Sequence[Ready]
    # The automatic answers that somebody has set, by brand and state.
    replies: Mapping[tuple[int, str], AutoReply] = field(default_factory=dict)
    _found: dict[tuple[str, int, str], Sequence[Ready]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing looks at any chat."""
        return not self.rules and not self.replies

    @property
    def on_since(self) -> datetime:
        """Return since when anything looks: what came before is nobody's business."""
        answering = (reply.on_since for reply in self.replies.values() if reply.is_on)
        looking = (ready.rule.on_since for ready in self.rules)
        return min((*looking, *answering), default=timezone.now())

    @property
    def has_chat_rules(self) -> bool:
        """Return whether any rule looks at chats."""
        return any(ready.looks_at(Rule.Subject.CHAT) for ready in self.rules)

    @property
    def is_watching(self) -> bool:
        """Return whether anything looks at what happens in chats that go on."""
        if any(reply.is_on for reply in self.replies.values() if reply.state == _CLOSING):
            return True
        return self._looks(Rule.When.UPDATED, Rule.Subject.CHAT)

    def watches_tickets(self, *, is_new: bool) -> bool:
        """Return whether any rule looks at tickets that come in, or at those that go on."""
        when = Rule.When.INCOMING if is_new else Rule.When.UPDATED
        return self._looks(when, Rule.Subject.TICKET)

    @property
    def times_tickets(self) -> bool:
        """Return whether any rule of time looks at tickets."""
        return self._looks(Rule.When.TIME, Rule.Subject.TICKET)

    def _looks(self, when: str, subject: str) -> bool:
        return any(ready.rule.when == when and ready.looks_at(subject) for ready in self.rules)

    def of(self, when: str, brand_id: int, subject: str = Rule.Subject.CHAT) -> Sequence[Ready]:
        """Return the rules for `when` that look at a brand's chats, or tickets, in their order.

        Of a recipe that the brand has for itself, only its own.
        """
        key = (when, brand_id, subject)
        if key not in self._found:
            self._found[key] = self._find(when, brand_id, subject)
        return self._found[key]

    def _find(self, when: str, brand_id: int, subject: str) -> Sequence[Ready]:
        own = {ready.rule.recipe for ready in self.rules if ready.rule.brand_id == brand_id} - {""}
        return [
            ready
            for ready in self.rules
            if ready.rule.when == when
            and ready.looks_at(subject)
            and (
                ready.rule.brand_id == brand_id
                or (ready.rule.brand_id is None and ready.rule.recipe not in own)
            )
        ]

    def is_holding(self, when: str, brand_id: int) -> bool:
        """Return whether a rule that is on looks then, or an answer is given by itself."""
        if any(ready.is_on for ready in self.of(when, brand_id)):
            return True
        answers = (self.replies.get((brand_id, state)) for state in ANSWERS)
        return when == Rule.When.INCOMING and any(reply and reply.is_on for reply in answers)


_lock = threading.Lock()
_current = Book(version="", rules=())
_looked_at = -math.inf
# Changed in this process, and not read since.
_is_outdated = False


def fresh_book() -> Book:
    """Return the rules in force: from memory, unless they have changed."""
    global _current
    version = cache.get(_KEY)
    if version is None:
        version = _stored()
        # Not set: a change may have come while it was read, and the word of it is there by now.
        cache.add(_KEY, version, _SECONDS)
    book = _current
    if book.version != version:
        with _lock:
            book = _read()
            if book.version == version:
                _current = book
    return book


def _stored() -> str:
    row = Edition.objects.first()
    return row.version if row else ""


def cached_book() -> Book:
    """Return the rules as this process knows them: on the way of messages no statement is spent.

    The shared cache is asked once a second whether there is another edition by now; only then the
    rules are read.
    """
    global _looked_at, _is_outdated
    now = time.monotonic()
    if now - _looked_at > _KNOWN_SECONDS:
        version = cache.get(_KEY)
        if _is_outdated or version not in {None, _current.version}:
            _is_outdated = False
            fresh_book()
        _looked_at = now
    return _current


def _read() -> Book:
    """Read the rules, and of which edition they are at least."""
    version = _stored()
    if not version:
        return Book(version="", rules=())
    found = Rule.objects.exclude(mode=Rule.Mode.OFF).select_related("brand").in_order()
    replies = {(reply.brand_id, reply.state): reply for reply in AutoReply.objects.all()}
    return Book(version=version, rules=[compile_rule(rule) for rule in found], replies=replies)


def compile_rule(rule: Rule) -> Ready:
    """Return a rule ready to be asked; one that can't be used asks nothing."""
    missing = missing_in(rule)
    stops = rule.stop or any(told.get("action") == "stop" for told in rule.actions)
    return Ready(
        rule=rule,
        all=compile_nodes([] if missing else rule.all, needs_all=True, subject=rule.subject),
        any=compile_nodes([] if missing else rule.any, needs_all=False, subject=rule.subject),
        stops=stops,
        missing=missing,
    )


def renew() -> None:
    """Begin another edition, in the transaction that changes a rule, or what rules name."""
    version = secrets.token_hex(16)
    Edition.objects.update_or_create(pk=1, defaults={"version": version})
    cache.delete(_KEY)
    _forget()
    transaction.on_commit(lambda: _tell(version), robust=True)


def _tell(version: str) -> None:
    """Let all processes know of a committed edition."""
    cache.set(_KEY, version, _SECONDS)
    if _stored() != version:
        # Somebody committed another one meanwhile, and may have told it before.
        cache.delete(_KEY)
    _forget()


def _forget() -> None:
    global _looked_at, _is_outdated
    _is_outdated = True
    _looked_at = -math.inf
