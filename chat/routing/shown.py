"""What visitors ask again and again about a brand, looked up once for all who ask together.

A herd of widgets that comes back costs a look at the floor twice a second, not one each. Whoever
announces a change calls `forget_shown()` before it rings: nobody is told what is older than the
news.
"""

import threading
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.cache import cache

from agents.models import Brand, Channel
from chat.models import Conversation
from chat.routing.availability import (
    Availability,
    Floor,
    availability_of,
    read_floor,
    read_topics,
    with_rules,
)
from chat.routing.estimate import Band
from chat.routing.places import Place, places

SHARED_FOR = timedelta(seconds=0.5)
# Changes with every announcement, in all processes at once.
_KEY = "chat.shown"


class Shown:
    """What one brand's visitors on the web are shown, for a moment."""

    def __init__(self, brand_id: int, *, version: str, at: datetime) -> None:
        self.version = version
        self.at = at
        self._brand_id = brand_id
        self._lock = threading.RLock()
        self._known: dict[Hashable, Any] = {}

    def once[T](self, what: Hashable, find: Callable[[], T]) -> T:
        """Return what `find` returned the first time somebody asked for `what`; nobody changes it.

        Who asks meanwhile waits instead of finding the same.
        """
        with self._lock:
            if what not in self._known:
                self._known[what] = find()
            found: T = self._known[what]
            return found

    def brand(self) -> Brand | None:
        """Return the brand; None when it is switched off or gone."""
        found = Brand.objects.filter(pk=self._brand_id, is_active=True)
        return self.once("brand", lambda: next(iter(found), None))

    def found(self, brand: Brand) -> None:
        """Have everybody use a brand that was just read."""
        with self._lock:
            self._known["brand"] = brand

    def availability(self, brand: Brand) -> Availability:
        """Return what a visitor of the brand can expect."""

        def find() -> Availability:
            topics, policy = read_topics([brand])
            floor = with_rules(self._floor(), policy)
            return availability_of(floor, topics[brand.pk], Channel.WEB)

        return self.once("availability", find)

    def places(self) -> Mapping[int, Place]:
        """Return place and estimated wait of the brand's visitors in line."""
        return self.once("places", lambda: places(self._floor(), brand_id=self._brand_id))

    def _floor(self) -> Floor:
        return self.once("floor", lambda: read_floor(self.at))


_shown: dict[int, Shown] = {}
_pk_of: dict[str, int] = {}
_lock = threading.Lock()


def shown_to(brand_id: int, *, now: datetime, knowing: int | None = None) -> Shown:
    """Return what all are shown now; looked up anew if this lacks the queued chat `knowing`."""
    version = _version()
    shown = _shown.get(brand_id)
    if shown is not None and _is_good(shown, version, now):
        if knowing is None or knowing in shown.places():
            return shown
    else:
        shown = None
    with _lock:
        newest = _shown.get(brand_id)
        if newest is None or newest is shown or not _is_good(newest, version, now):
            newest = _shown[brand_id] = Shown(brand_id, version=version, at=now)
    return newest


def shared_brand(brand_id: int, *, now: datetime) -> Brand | None:
    """Return an active brand; at most half a second old, and nobody's to change."""
    return shown_to(brand_id, now=now).brand()


def brand_with_key(site_key: str, *, now: datetime) -> Brand | None:
    """Return the active brand with this site key; as `shared_brand`."""
    brand = shared_brand(_pk_of[site_key], now=now) if site_key in _pk_of else None
    if brand is None or brand.site_key != site_key:
        brand = next(iter(Brand.objects.filter(site_key=site_key, is_active=True)), None)
        if brand is not None:
            _pk_of[site_key] = brand.pk
            shown_to(brand.pk, now=now).found(brand)
    return brand


def shown_availability(brand: Brand, *, now: datetime) -> Availability:
    """Return what a visitor of `brand` can expect; at most half a second old."""
    return shown_to(brand.pk, now=now).availability(brand)


def shown_place(conversation: Conversation, *, now: datetime) -> tuple[int | None, Band | None]:
    """Return the place of a chat in line and its wait; at most half a second old."""
    if conversation.status != Conversation.Status.QUEUED or conversation.is_held(now):
        return None, None
    shown = shown_to(conversation.brand_id, now=now, knowing=conversation.pk)
    return shown.places().get(conversation.pk, (None, None))


def shown_form(conversation: Conversation) -> str | None:
    """Return why a visitor in line is offered the offline form, if they are."""
    is_queued = conversation.status == Conversation.Status.QUEUED
    return (conversation.form_offered or None) if is_queued else None


def forget_shown() -> None:
    """Have everybody, in every process, look again."""
    cache.set(_KEY, uuid4().hex, timeout=None)


def _is_good(shown: Shown, version: str, now: datetime) -> bool:
    return shown.version == version and abs(now - shown.at) < SHARED_FOR


def _version() -> str:
    """Return the mark of the newest announcement: of this process alone while Redis is away."""
    return str(cache.get_or_set(_KEY, lambda: uuid4().hex, timeout=None))
