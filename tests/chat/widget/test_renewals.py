"""What was signed is believed for a while, and by one browser."""

import json
import time
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import OctKey

from agents.models import Brand
from agents.operations import add_identity_secret, delete_identity_secret
from agents.presence import heartbeat
from chat.models import Visitor
from chat.widget.sessions import BadToken, session_with
from tests.support.factories import make_brand
from tests.support.http import Shop, Widget, make_shop, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
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


def test_a_page_open_for_long_renews_without_a_new_signature(shop: Shop) -> None:
    widget = Widget(shop.brand)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        kept = widget.open(identity=sign(shop.brand)).json()["identity"]
        clock.shift(3 * 3600)
        assert widget.open(identity=kept).json()["fields"]["name"] == "Vera Demir"
        heartbeat(agent=shop.elif_, now=timezone.now())
        started(widget)
        assert widget.visitor.external_id == "customer-7"


def test_a_page_that_renews_all_the_time_is_not_believed_for_longer(shop: Shop) -> None:
    widget = Widget(shop.brand)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        kept = widget.open(identity=sign(shop.brand)).json()["identity"]
        for _ in range(2):
            clock.shift(4 * 3600)
            kept = widget.open(identity=kept).json()["identity"]
        clock.shift(4 * 3600 + 1)
        assert refusal(widget, kept)[:2] == (403, "identity_expired")


def test_what_was_sealed_for_one_browser_is_nothing_in_another(shop: Shop) -> None:
    kept = Widget(shop.brand).open(identity=sign(shop.brand)).json()["identity"]
    assert refusal(Widget(shop.brand), kept) == (403, "identity", None)


def test_what_was_sealed_for_one_brand_is_nothing_at_another(shop: Shop) -> None:
    widget = Widget(shop.brand)
    kept = widget.open(identity=sign(shop.brand)).json()["identity"]
    other = make_brand()
    add_identity_secret(brand=other, by=None, now=timezone.now())
    elsewhere = Widget(other)
    elsewhere.secret = widget.secret
    assert refusal(elsewhere, kept) == (403, "identity", None)


def test_what_was_sealed_ends_with_the_secret_that_signed_it(shop: Shop) -> None:
    widget = Widget(shop.brand)
    kept = widget.open(identity=sign(shop.brand)).json()["identity"]
    add_identity_secret(brand=shop.brand, by=None, now=timezone.now())
    assert widget.open(identity=kept).status_code == 201
    old = shop.brand.identity_secrets.earliest("pk")
    delete_identity_secret(secret=old, by=None)
    assert refusal(widget, kept) == (403, "identity", None)


def test_a_session_of_who_was_signed_begins_nothing_once_the_secret_is_gone(shop: Shop) -> None:
    widget = Widget(shop.brand)
    widget.open(identity=sign(shop.brand))
    delete_identity_secret(secret=shop.brand.identity_secrets.get(), by=None)
    heartbeat(agent=shop.elif_, now=timezone.now())
    assert widget.start("Hello").status_code == 401
    assert not Visitor.objects.exists()


def test_a_token_of_another_version_is_no_token(shop: Shop) -> None:
    brand = {"brand": shop.brand.pk, "secret": "a" * 64, "language": "en"}
    with pytest.raises(BadToken):
        session_with(brand | {"identity": ["customer-7", {}]})


def test_both_secrets_work_until_one_is_deleted(shop: Shop) -> None:
    old = shop.brand.identity_secrets.get()
    new = add_identity_secret(brand=shop.brand, by=None, now=timezone.now())
    for secret in (old, new):
        answer = Widget(shop.brand).open(identity=sign(shop.brand, key=secret.value))
        assert answer.status_code == 201
    signed = sign(shop.brand, key=old.value)
    delete_identity_secret(secret=old, by=None)
    assert refusal(Widget(shop.brand), signed) == (403, "identity", None)


# Who is not
