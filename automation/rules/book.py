"""The rules in force, compiled once in each process and edition."""

import math
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db import transaction

from automation.models import Edition, Rule
from automation.rules.checking import missing_in
from automation.rules.conditions import Block, compile_nodes

_KEY = "rules.edition"
# Should the shared cache have missed a change: not longer than this.
_SECONDS = 60
_KNOWN_SECONDS = 1.0


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

    @property
    def family(self) -> str:
        """Return with which rules it shares its one firing."""
        return self.rule.family or f"rule:{self.rule.pk}"


@dataclass(frozen=True, kw_only=True)
class Book:
    """All rules of one edition, in order."""

    version: str
    rules: Sequence[Ready]

    def of(self, when: str, brand_id: int) -> list[Ready]:
        """Return the rules that look then."""
        return [
            ready
            for ready in self.rules
            if ready.rule.when == when and ready.rule.brand_id in {None, brand_id}
        ]

    def is_holding(self, when: str, brand_id: int) -> bool:
        """Return whether a rule that is on looks then."""
        return any(ready.is_on for ready in self.of(when, brand_id))


_lock = threading.Lock()
_current = Book(version="", rules=())
_looked_at = -math.inf
# Changed in this process, and not read since.
_is_outdated = False


def current() -> Book:
    """Return the rules in force: from memory, unless they have changed."""
    global _current
    version = cache.get(_KEY)
    if version is None:
        row = Edition.objects.first()
        version = row.version if row else ""
        cache.set(_KEY, version, _SECONDS)
    book = _current
    if book.version != version:
        with _lock:
            book = _current = Book(version=version, rules=_read() if version else ())
    return book


def known() -> Book:
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
            current()
        _looked_at = now
    return _current


def _read() -> list[Ready]:
    found = Rule.objects.exclude(mode=Rule.Mode.OFF).select_related("brand").in_order()
    return [compile_rule(rule) for rule in found]


def compile_rule(rule: Rule) -> Ready:
    """Return a rule ready to be asked; one that can't be used asks nothing."""
    missing = missing_in(rule)
    stops = rule.stop or any(told.get("action") == "stop" for told in rule.actions)
    return Ready(
        rule=rule,
        all=compile_nodes([] if missing else rule.all, needs_all=True),
        any=compile_nodes([] if missing else rule.any, needs_all=False),
        stops=stops,
        missing=missing,
    )


def renew() -> None:
    """Begin another edition, in the transaction that changes a rule."""
    Edition.objects.update_or_create(pk=1, defaults={"version": secrets.token_hex(16)})
    _renewed()
    transaction.on_commit(_renewed, robust=True)


def _renewed() -> None:
    global _looked_at, _is_outdated
    cache.delete(_KEY)
    _is_outdated = True
    _looked_at = -math.inf
