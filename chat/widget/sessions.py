"""Visitor sessions: the browser's long-lived secret and the short token that stands for it."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils import timezone

from agents.brands.origins import origin_allowed
from agents.credentials.tokens import hash_secret
from agents.models import Brand, Language
from chat.models import Visitor
from chat.operations.visitors import (
    Browser,
    SignedVisitor,
    SomebodyElse,
    greet_again,
    identify_visitor,
    remember_visitor,
)
from chat.routing.shown import brand_with_key, shared_brand
from chat.widget.identities import (
    as_claim,
    is_trusted,
    read_identity,
    seal_identity,
)

_SALT = "chat.visitor"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")
# The page rides in the token until the visitor has a row.
_PAGE_LIMITS = {"url": 600, "title": 140, "referrer": 300}
# What a `hello` frame takes; an address full of foreign letters can be longer.
_TOKEN_LENGTH = 4096


class BadToken(Exception):
    """The token is forged, too old, of a closed brand or an old site key, or not this brand's."""


class UnknownSite(Exception):
    """No active brand has this site key."""


class ForeignOrigin(Exception):
    """The page that calls is neither ours nor one of the brand's."""


@dataclass(frozen=True)
class VisitorSession:
    """Who calls: a browser on a brand's site, which may not have a visitor row yet."""

    brand: Brand
    secret_hash: str
    language: str
    visitor: Visitor | None = None
    page: dict[str, str] = field(default_factory=dict)
    # Who it is for the brand's server, until there is a row that says so.
    identity: SignedVisitor | None = None

    @property
    def known(self) -> dict[str, str]:
        """Return what a form need not ask for."""
        signed = self.identity.fields if self.identity else {}
        return (self.visitor.known if self.visitor else {}) | signed

    @property
    def brand_id(self) -> int:
        """Return the brand's key."""
        return self.brand.pk


@dataclass(frozen=True)
class OpenedSession:
    """A session just opened. `secret` is set when it is new: the only time it can be read."""

    session: VisitorSession
    token: str
    secret: str | None
    # What a browser without a row presents at the next renewal: what it was given may be old then.
    identity: str | None = None


def open_session(
    *,
    site: str,
    origin: str | None,
    secret: str | None,
    identity: str | None = None,
    language: str,
    page: dict[str, str],
    consent: dict[str, Any] | None,
    address: str | None,
    user_agent: str,
    now: datetime,
) -> OpenedSession:
    """Return a session and its token for the browser that holds `secret`, or for a new one.

    Whoever is signed as somebody else than the browser's visitor is a new one. Raises
    `UnknownSite`, `ForeignOrigin`, `NotIdentified`, and `BadToken` as `remember_session` does.
    """
    brand = brand_with_key(site, now=now)
    if brand is None:
        raise UnknownSite
    if not origin_allowed(origin, brand):
        raise ForeignOrigin
    visitor = None
    is_new = secret is None or not _SECRET.match(secret)
    if not is_new:
        visitor = _known(hash_secret(str(secret)))
        # A secret is worth something on one site only.
        is_new = visitor is not None and visitor.brand_id != brand.pk
    signed = None
    if identity:
        holder = hash_secret(secret or "")
        signed = read_identity(identity, brand=brand, secret_hash=holder, now=now)
        is_new = is_new or (
            visitor is not None and not identify_visitor(visitor=visitor, identity=signed)
        )
    if is_new:
        secret, visitor = secrets.token_urlsafe(32), None
    language = choose_language(language, brand)
    page = {key: page.get(key, "")[:limit] for key, limit in _PAGE_LIMITS.items() if page.get(key)}
    session = VisitorSession(
        brand=brand,
        secret_hash=hash_secret(str(secret)),
        language=language,
        visitor=visitor,
        page=page,
        identity=signed,
    )
    if visitor is not None:
        greet_again(
            visitor=visitor,
            language=session.language,
            page=session.page,
            consent=consent,
            address=address,
            now=now,
        )
    elif consent is not None:
        visitor = remember_session(
            session=session, address=address, user_agent=user_agent, consent=consent, now=now
        )
        session = VisitorSession(**vars(session) | {"visitor": visitor})
    renewal = (
        seal_identity(signed, session.secret_hash) if signed and session.visitor is None else None
    )
    return OpenedSession(session, make_token(session), secret if is_new else None, renewal)


def remember_session(
    *,
    session: VisitorSession,
    address: str | None,
    user_agent: str,
    consent: dict[str, Any] | None = None,
    now: datetime,
) -> Visitor:
    """Return the session's visitor; makes the row at the first message, upload or consent.

    Raises `BadToken` when the secret already belongs to another brand's visitor, or to somebody
    else (two people in two tabs), and when what signed the visitor is trusted no more.
    """
    identity, known = session.identity, session.visitor
    if known is not None and (identity is None or known.external_id == identity.sub):
        return known
    if identity is not None and not is_trusted(identity, session.brand):
        raise BadToken
    browser = Browser(
        brand=session.brand,
        secret_hash=session.secret_hash,
        language=session.language,
        page=session.page,
        address=address,
        user_agent=user_agent,
        consent=consent,
    )
    try:
        return remember_visitor(known=known, browser=browser, identity=identity, now=now)
    except SomebodyElse as error:
        raise BadToken from error


def make_token(session: VisitorSession) -> str:
    """Return a signed token of the session; `read_token` takes it for 15 minutes."""
    claims: dict[str, Any] = {
        "brand": session.brand_id,
        "site": session.brand.site_key,
        "secret": session.secret_hash,
        "language": session.language,
    }
    if session.visitor is not None:
        return signing.dumps(claims, salt=_SALT)
    if session.identity is not None:
        claims["identity"] = as_claim(session.identity)
    if session.page:
        token = signing.dumps(claims | {"page": session.page}, salt=_SALT, compress=True)
        if len(token) <= _TOKEN_LENGTH:
            return token
    return signing.dumps(claims, salt=_SALT, compress="identity" in claims)


def read_token(raw: str) -> VisitorSession:
    """Return the session that a token stands for. Raises `BadToken`."""
    return session_with(claims_of(raw))


def claims_of(raw: str) -> Mapping[str, Any]:
    """Return what a token says, without a look at the database. Raises `BadToken`."""
    try:
        claims: dict[str, Any] = signing.loads(
            raw, salt=_SALT, max_age=settings.IMECE["VISITOR_TOKEN_SECONDS"]
        )
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
    return claims


def session_with(claims: Mapping[str, Any]) -> VisitorSession:
    """Return the session with a token's claims; one query. Raises `BadToken`."""
    brand = shared_brand(claims["brand"], now=timezone.now())
    # A site key that was replaced opens nothing any more, and neither does what it had opened.
    if brand is None or claims.get("site") != brand.site_key:
        raise BadToken
    visitor = _known(claims["secret"])
    try:
        identity = SignedVisitor(*claims["identity"]) if "identity" in claims else None
    except TypeError as error:
        # Of another version of ours, before or after an upgrade.
        raise BadToken from error
    if visitor is not None:
        if visitor.brand_id != brand.pk:
            raise BadToken
        # Two people in two tabs, and the other one wrote first.
        if identity and visitor.external_id not in {"", identity.sub}:
            raise BadToken
        visitor.brand = brand
    return VisitorSession(
        brand=brand,
        secret_hash=claims["secret"],
        language=claims["language"],
        visitor=visitor,
        page=visitor.page if visitor else claims.get("page", {}),
        identity=identity,
    )


def _known(secret_hash: str) -> Visitor | None:
    # Not `first()`: sorting the one row there can be would cost as much again.
    return next(iter(Visitor.objects.filter(secret_hash=secret_hash)), None)


def choose_language(wished: str, brand: Brand) -> str:
    """Return the first language of ours among tags such as "de,tr-TR", else the brand's."""
    for tag in wished[:200].split(","):
        short = tag.strip()[:2].lower()
        if short in Language.values:
            return short
    return brand.default_language
