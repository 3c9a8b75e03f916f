"""Screens that show the wallboard, and what it should not pass."""

from datetime import datetime, timedelta

from django.db import transaction

from agents.access import Access, access_of
from agents.audit import record
from agents.credentials.tokens import hash_secret, may_enter, new_secret
from agents.models import Agent, Brand, Permission, Role
from reports.models import Screen, Targets
from reports.wall.board import reaches_of

LINK_LASTS = timedelta(hours=24)
SCREENS_MAX = 50


class NotAllowed(Exception):
    """The agent may not do this (any more)."""


class TooManyScreens(Exception):
    """Nobody looks at so many."""


class LinkInvalid(Exception):
    """The link was opened already, is too old, or was none."""


def sees_brand(access: Access, brand_id: int | None) -> bool:
    """Return whether somebody's wallboard shows a brand; None is all that it shows."""
    return any(
        brand_id is None or reach.brand_ids is None or brand_id in reach.brand_ids
        for reach in reaches_of(access)
    )


def may_set_targets(access: Access, brand_id: int | None) -> bool:
    """Return whether somebody supervises all chats of a brand, or of all brands."""
    return any(
        reach.scope == Role.Scope.ALL
        and (reach.brand_ids is None or (brand_id is not None and brand_id in reach.brand_ids))
        for reach in access.reaches(Permission.SUPERVISE)
    )


@transaction.atomic
def make_screen(*, name: str, brand: Brand | None, by: Agent, now: datetime) -> tuple[Screen, str]:
    """Make a screen; return it and the secret of the link that is opened there once.

    Raises `NotAllowed` or `TooManyScreens`.
    """
    if not sees_brand(access_of(by), brand.pk if brand else None):
        raise NotAllowed
    if Screen.objects.filter(made_by=by, revoked_at=None).count() >= SCREENS_MAX:
        raise TooManyScreens
    secret = new_secret()
    screen = Screen.objects.create(
        name=" ".join(name.split())[:60] or "TV",
        brand=brand,
        made_by=by,
        link_hash=hash_secret(secret),
        link_expires_at=now + LINK_LASTS,
        created_at=now,
    )
    record("wall.screen_made", screen, by=by)
    return screen, secret


def find_link(*, secret: str, now: datetime) -> Screen | None:
    """Return the screen that a link is for, if it is still good."""
    found: Screen | None = Screen.objects.filter(
        link_hash=hash_secret(secret), link_expires_at__gt=now, revoked_at=None
    ).first()
    return found


@transaction.atomic
def start_screen(*, secret: str, now: datetime) -> str:
    """Swap a link for the secret of a cookie; the link is good no more. Raises `LinkInvalid`."""
    own = Screen.objects.select_for_update(no_key=True, of=("self",))
    screen = own.filter(
        link_hash=hash_secret(secret), link_expires_at__gt=now, revoked_at=None
    ).first()
    if screen is None:
        raise LinkInvalid
    token = new_secret()
    screen.link_hash, screen.token_hash = None, hash_secret(token)
    screen.save(update_fields=["link_hash", "token_hash"])
    record("wall.screen_started", screen, by=None)
    return token


def screen_of(token: str) -> Screen | None:
    """Return the screen of a cookie; None once it is revoked, or its maker may see no wallboard."""
    if not token or len(token) > 100:
        return None
    found: Screen | None = (
        Screen.objects.select_related("made_by", "brand")
        .filter(token_hash=hash_secret(token), revoked_at=None)
        .first()
    )
    return found if found is not None and may_enter(found.made_by) else None


@transaction.atomic
def revoke_screen(*, screen: Screen, by: Agent, now: datetime) -> None:
    """Switch a screen off for good."""
    if Screen.objects.filter(pk=screen.pk, revoked_at=None).update(revoked_at=now):
        record("wall.screen_revoked", screen, by=by)


@transaction.atomic
def set_targets(
    *, brand: Brand | None, queue: int, wait_seconds: int, service_level: int, by: Agent
) -> Targets:
    """Say what a wallboard should not pass; a brand of None: of all that have none of their own.

    `queue`: the most chats in line, `wait_seconds`: the longest wait of the first of them,
    `service_level`: the least percent answered in time. Raises `NotAllowed`.
    """
    if not may_set_targets(access_of(by), brand.pk if brand else None):
        raise NotAllowed
    values = {"queue": queue, "wait_seconds": wait_seconds, "service_level": service_level}
    found, _made = Targets.objects.update_or_create(brand=brand, defaults=values)
    record("wall.targets", str(brand or ""), by=by, targets=values)
    return found
