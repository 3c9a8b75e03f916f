"""Visitors for whom the brand's own server signs."""

import json
import time
from typing import Any

from django.utils import timezone
from joserfc import jws
from joserfc.jwk import OctKey

from agents.models import Brand
from agents.operations import add_identity_secret
from tests.support.http import Shop, Widget, make_shop


def make_signing_shop() -> Shop:
    """A brand whose server has a secret to sign with."""
    made = make_shop()
    add_identity_secret(brand=made.brand, by=None, now=timezone.now())
    return made


def sign(brand: Brand, *, key: str = "", alg: str = "HS256", **claims: Any) -> str:
    """What the brand's server would say of Vera; None leaves a claim out."""
    said = {
        "aud": brand.site_key,
        "sub": "customer-7",
        "exp": int(time.time()) + 600,
        "name": "Vera Demir",
        "email": "vera@example.com",
        "phone": "+90 555 000 00 00",
    } | claims
    key = key or brand.identity_secrets.latest("pk").value
    payload = {name: value for name, value in said.items() if value is not None}
    said_so = json.dumps(payload).encode()
    return jws.serialize_compact({"alg": alg}, said_so, OctKey.import_key(key), algorithms=[alg])


def refusal(widget: Widget, identity: str) -> tuple[int, str, str | None]:
    """Status, code and claim of a refused session."""
    answer = widget.open(identity=identity)
    body = answer.json()
    return answer.status_code, body.get("code"), body.get("claim")
