"""Who a visitor is for the brand's own server: what it signed, checked and kept."""

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OctKey

from agents.models import Brand
from chat.models.visitor import LENGTHS
from chat.operations.visitors import SignedVisitor
from config.mail import readable_address
from config.text.cleaning import one_line

# Fixed: a token that names its own algorithm would name `none`.
_ALGORITHMS = ["HS256"]
# Seconds: how far a clock over there may be off, and how long something signed may last.
_LEEWAY = 30
_LONGEST = 3600
_SUB_LENGTH = 255
_SALT = "chat.identity"
# A page may stand open for long before its visitor writes; its server signs anew with each page.
_BELIEVED_FOR = timedelta(hours=12)


class NotIdentified(Exception):
    """What is presented proves nothing; `code` says why, `claim` what is wrong with it."""

    def __init__(self, code: str = "identity", *, claim: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.claim = claim


def read_identity(raw: str, *, brand: Brand, secret_hash: str, now: datetime) -> SignedVisitor:
    """Return who was signed: by the brand's server, or by us for the browser with this secret.

    Raises `NotIdentified`.
    """
    # No JWT has a colon.
    if ":" in raw:
        return _unsealed(raw, brand, secret_hash, now)
    keys = brand.identity_secrets.order_by("-pk").values_list("pk", "value")
    claims, secret_id = _claims(raw, list(keys))
    _require_fresh(claims, now.timestamp())
    audience = claims.get("aud")
    if brand.site_key not in (audience if isinstance(audience, list) else [audience]):
        raise NotIdentified(claim="aud")
    sub = _text(claims, "sub")
    # Refuse ids that differ from another only by white space.
    if not 0 < len(sub) <= _SUB_LENGTH or sub != claims["sub"]:
        raise NotIdentified(claim="sub")
    return SignedVisitor(sub, _fields(claims), secret_id, int(now.timestamp()))


def _claims(raw: str, keys: list[tuple[int, str]]) -> tuple[dict[str, Any], int]:
    """Return what is claimed, and which secret vouches for it."""
    if not keys:
        raise NotIdentified("identity_off")
    for secret_id, key in keys:
        try:
            token = jwt.decode(raw, OctKey.import_key(key), algorithms=_ALGORITHMS)
        except BadSignatureError:
            continue
        # The library takes whatever JSON the head is for an object.
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            break
        return token.claims, secret_id
    raise NotIdentified


def _require_fresh(claims: dict[str, Any], now: float) -> None:
    ends: Any = claims.get("exp")
    begins: Any = claims.get("nbf", 0)
    # NaN is a number in JSON of some, and compares to nothing.
    if not _is_number(ends) or not ends <= now + _LONGEST + _LEEWAY:
        raise NotIdentified(claim="exp")
    if not _is_number(begins) or not begins <= now + _LEEWAY:
        raise NotIdentified(claim="nbf")
    if ends <= now - _LEEWAY:
        raise NotIdentified("identity_expired")


def _is_number(value: Any) -> bool:
    return type(value) in {int, float}


def _fields(claims: dict[str, Any]) -> dict[str, str]:
    fields = {name: text for name in LENGTHS if (text := _text(claims, name))}
    for name, text in fields.items():
        if len(text) > LENGTHS[name]:
            raise NotIdentified(claim=name)
    if given := fields.get("email"):
        try:
            fields["email"] = readable_address(given)
        except ValueError:
            raise NotIdentified(claim="email") from None
    return fields


def _text(claims: dict[str, Any], name: str) -> str:
    """Return a claim as one line of text that a database can hold."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise NotIdentified(claim=name)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotIdentified(claim=name) from None
    return one_line(value)


def seal_identity(identity: SignedVisitor, secret_hash: str) -> str:
    """Return the identity as a browser without a row presents it when it renews its session."""
    return signing.dumps([*as_claim(identity), secret_hash], salt=_SALT, compress=True)


def as_claim(identity: SignedVisitor) -> list[Any]:
    """Return what `SignedVisitor(*…)` is made of again, for something that we sign."""
    return [identity.sub, identity.fields, identity.secret_id, identity.proved_at]


def _unsealed(raw: str, brand: Brand, secret_hash: str, now: datetime) -> SignedVisitor:
    try:
        *claim, holder = signing.loads(raw, salt=_SALT)
        identity = SignedVisitor(*claim)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotIdentified from None
    if holder != secret_hash:
        raise NotIdentified
    if now.timestamp() > identity.proved_at + _BELIEVED_FOR.total_seconds():
        raise NotIdentified("identity_expired")
    if not is_trusted(identity, brand):
        raise NotIdentified
    return identity


def is_trusted(identity: SignedVisitor, brand: Brand) -> bool:
    """Return whether the secret that signed it is still one of the brand's."""
    return brand.identity_secrets.filter(pk=identity.secret_id).exists()
