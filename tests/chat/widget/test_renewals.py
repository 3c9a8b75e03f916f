"""What was signed is believed for a while, and by one browser."""

import pytest
import time_machine
from django.utils import timezone

from agents.operations import add_identity_secret, delete_identity_secret
from agents.presence import heartbeat
from chat.models import Visitor
from chat.widget.sessions import BadToken, session_with
from tests.chat.widget.signed import make_signing_shop, refusal, sign
from tests.support.factories import make_brand
from tests.support.http import Shop, Widget, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_signing_shop()


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
