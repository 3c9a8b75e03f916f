"""Visitors whom the brand's own server vouches for."""

import base64
import json
import time
from typing import Any

import pytest
from django.utils import timezone

from agents.access import access_of
from agents.models import Brand
from agents.operations import add_identity_secret
from chat.models import Conversation, Visitor
from chat.queries.panel import find_chat, panel
from chat.widget.identities import read_identity
from tests.chat.widget.signed import make_signing_shop, refusal, sign
from tests.support.factories import make_brand, make_conversation, make_visitor
from tests.support.http import Shop, Widget, cid, make_shop, started
from tests.support.races import at_once
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_signing_shop()


# Who is believed


def test_a_signed_visitor_is_known_before_and_after_the_first_message(shop: Shop) -> None:
    widget = Widget(shop.brand)
    answer = widget.open(identity=sign(shop.brand)).json()
    person = {"name": "Vera Demir", "email": "vera@example.com", "phone": "+90 555 000 00 00"}
    assert answer["fields"] == person
    assert not Visitor.objects.exists()
    chat = started(widget)
    assert chat.fields == person
    assert widget.visitor.external_id == "customer-7"
    assert widget.visitor.verified == ["email", "name", "phone"]
    assert widget.open().json()["fields"] == person


def test_what_is_signed_stands_whatever_the_form_says(shop: Shop) -> None:
    widget = Widget(shop.brand)
    widget.open(identity=sign(shop.brand, phone=None))
    fields = {"name": "Somebody", "email": "else@example.com", "phone": "112"}
    widget.start(fields=fields)
    chat = Conversation.objects.get()
    assert chat.fields == {"name": "Vera Demir", "email": "vera@example.com", "phone": "112"}
    assert (widget.visitor.phone, widget.visitor.verified) == ("112", ["email", "name"])


def test_a_form_that_asks_for_what_is_signed_is_complete(shop: Shop) -> None:
    Brand.objects.update(ask_name="required", ask_email="required")
    shop.brand.refresh_from_db()
    widget = Widget(shop.brand)
    widget.open()
    assert widget.start().status_code == 400
    widget.open(identity=sign(shop.brand))
    assert widget.start().status_code == 201


def test_a_browser_that_wrote_before_becomes_the_signed_person(shop: Shop) -> None:
    widget = Widget(shop.brand)
    widget.open()
    chat = started(widget)
    answer = widget.open(identity=sign(shop.brand)).json()
    assert answer["conversation"]["id"] == chat.public_id
    assert "visitor" not in answer
    assert "identity" not in answer
    assert widget.visitor.external_id == "customer-7"


def test_somebody_else_in_the_same_browser_is_a_new_visitor(shop: Shop) -> None:
    widget = Widget(shop.brand)
    widget.open(identity=sign(shop.brand))
    chat = started(widget)
    secret = widget.secret
    answer = widget.open(identity=sign(shop.brand, sub="customer-8", name="Ali")).json()
    assert answer["conversation"] is None
    assert answer["visitor"] not in {None, secret}
    assert widget.get("conversations").json() == {"conversations": []}
    assert widget.get(f"conversations/{chat.public_id}/entries?after=0").status_code == 404
    assert Visitor.objects.get().external_id == "customer-7"


def test_of_two_people_in_two_tabs_the_second_to_write_is_not_the_first(shop: Shop) -> None:
    one, two = Widget(shop.brand), Widget(shop.brand)
    one.open(identity=sign(shop.brand))
    two.secret = one.secret
    two.open(identity=sign(shop.brand, sub="customer-8", name="Ali"))
    chat = started(one)
    assert two.get(f"conversations/{chat.public_id}").status_code == 401
    two.open(identity=sign(shop.brand, sub="customer-8", name="Ali"))
    assert two.secret != one.secret
    assert two.get(f"conversations/{chat.public_id}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_write_first_at_once_one_has_to_come_again(shop: Shop) -> None:
    one, two = Widget(shop.brand), Widget(shop.brand)
    one.open(identity=sign(shop.brand))
    two.secret = one.secret
    two.open(identity=sign(shop.brand, sub="customer-8", name="Ali"))
    answers = at_once(one.start, two.start)
    assert sorted(answer.status_code for answer in answers) == [201, 401]
    assert Conversation.objects.count() == 1


def test_who_is_signed_as_somebody_else_at_the_same_moment_is_a_new_visitor(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = Widget(shop.brand)
    widget.open()
    chat = started(widget)
    meanwhile(monkeypatch, external_id="customer-8")
    answer = widget.open(identity=sign(shop.brand)).json()
    assert answer["conversation"] is None
    assert chat.visitor.external_id == "customer-8"


def test_who_consents_while_another_tab_becomes_somebody_else_is_asked_to_come_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = Widget(shop.brand)
    widget.open()

    def read(*args: Any, **kwargs: Any) -> Any:
        make_visitor(shop.brand, secret=widget.secret, external_id="customer-8")
        return read_identity(*args, **kwargs)

    signed = {"identity": sign(shop.brand), "consent": {"version": "1"}}
    with monkeypatch.context() as patch:
        patch.setattr("chat.widget.sessions.read_identity", read)
        answer = widget.open(**signed)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.has_header("Retry-After")
    assert widget.open(**signed).status_code == 201
    assert widget.visitor.external_id == "customer-7"


def test_what_a_form_and_a_ticket_say_at_the_same_moment_is_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = Widget(shop.brand)
    widget.open()
    started(widget)
    contact = create_contact(name="Vera", email="", language="en", now=timezone.now())
    meanwhile(monkeypatch, phone="112", contact=contact)
    widget.open(identity=sign(shop.brand, phone=None))
    visitor = widget.visitor
    assert (visitor.name, visitor.phone, visitor.contact) == ("Vera Demir", "112", contact)


def meanwhile(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Change the visitor while a session that has read it looks at what is signed."""

    def read(*args: Any, **kwargs: Any) -> Any:
        Visitor.objects.update(**changes)
        return read_identity(*args, **kwargs)

    monkeypatch.setattr("chat.widget.sessions.read_identity", read)


def test_without_a_secret_nobody_is_signed() -> None:
    brand = make_shop().brand
    identity = sign(brand, key="x" * 43)
    assert refusal(Widget(brand), identity)[:2] == (403, "identity_off")


@pytest.mark.parametrize(
    ("claims", "code", "claim"),
    [
        ({"exp": None}, "identity", "exp"),
        ({"exp": "soon"}, "identity", "exp"),
        ({"exp": True}, "identity", "exp"),
        ({"exp": 4_000_000_000}, "identity", "exp"),
        ({"exp": float("inf")}, "identity", "exp"),
        ({"exp": 1_000_000_000}, "identity_expired", None),
        ({"nbf": 4_000_000_000}, "identity", "nbf"),
        ({"aud": "another-site"}, "identity", "aud"),
        ({"aud": None}, "identity", "aud"),
        ({"aud": {"a": 1}}, "identity", "aud"),
        ({"sub": None}, "identity", "sub"),
        ({"sub": ""}, "identity", "sub"),
        ({"sub": 7}, "identity", "sub"),
        ({"sub": "customer-7 "}, "identity", "sub"),
        ({"sub": "customer\u2003 7"}, "identity", "sub"),
        ({"sub": ["customer-7"]}, "identity", "sub"),
        ({"sub": "x" * 256}, "identity", "sub"),
        ({"sub": "a\0b"}, "identity", "sub"),
        ({"name": "\ud800"}, "identity", "name"),
        ({"name": "x" * 121}, "identity", "name"),
        ({"email": "nobody"}, "identity", "email"),
        ({"email": "a..b@example.com"}, "identity", "email"),
        ({"email": "ali@example.c0m"}, "identity", "email"),
        ({"phone": 90555}, "identity", "phone"),
    ],
)
def test_a_wrong_claim_is_named(
    shop: Shop, claims: dict[str, Any], code: str, claim: str | None
) -> None:
    assert refusal(Widget(shop.brand), sign(shop.brand, **claims)) == (403, code, claim)
    assert not Visitor.objects.exists()


def unsigned(brand: Brand, **header: Any) -> str:
    """A JWT of an attacker: any header, no signature."""
    parts = [{"alg": "none"} | header, {"aud": brand.site_key, "sub": "customer-7", "exp": 9e9}]
    packed = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in parts]
    return b".".join([*packed, b""]).decode()


def test_nobody_else_can_sign(shop: Shop) -> None:
    other = make_brand()
    add_identity_secret(brand=other, by=None, now=timezone.now())
    key = other.identity_secrets.get().value
    head, body, signature = sign(shop.brand).split(".")
    forged = [
        unsigned(shop.brand),
        unsigned(shop.brand, alg="HS256"),
        unsigned(shop.brand, alg="HS256", crit=["x"], x=1),
        sign(shop.brand, key=key),
        sign(shop.brand, key=shop.brand.site_key.ljust(32, "x")),
        sign(shop.brand, alg="HS512"),
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}.{signature}",
        "a.b.c",
        "..",
        "é.é.é",
        "a:b:c",
        ":",
        ("W" * 1200 + ".") * 3,
        base64.urlsafe_b64encode(b"[" * 2900).decode() + "..",
        base64.urlsafe_b64encode(b'["alg"]').decode() + f".{body}.{signature}",
        base64.urlsafe_b64encode(b'"alg"').decode().rstrip("=") + f".{body}.{signature}",
    ]
    for identity in forged:
        assert refusal(Widget(shop.brand), identity) == (403, "identity", None), identity
    assert not Visitor.objects.exists()


def test_a_clock_half_a_minute_off_does_no_harm(shop: Shop) -> None:
    now = int(time.time())
    for claims in ({"exp": now - 20}, {"exp": now + 3600 + 20}, {"nbf": now + 20}):
        assert Widget(shop.brand).open(identity=sign(shop.brand, **claims)).status_code == 201


# What agents and visitors see of it


def test_agents_see_chats_of_the_same_person_from_other_browsers_visitors_do_not(
    shop: Shop,
) -> None:
    phone, laptop = Widget(shop.brand), Widget(shop.brand)
    for widget in (phone, laptop):
        widget.open(identity=sign(shop.brand))
    first, second = started(phone), started(laptop)
    access = access_of(shop.elif_)
    seen = panel(access, find_chat(access, second.public_id))
    assert [each.pk for each in seen.earlier] == [first.pk]
    assert (seen.external_id, seen.verified) == ("customer-7", {"name", "email", "phone"})
    listed = laptop.get("conversations").json()["conversations"]
    assert [each["id"] for each in listed] == [second.public_id]
    assert laptop.get(f"conversations/{first.public_id}").status_code == 404


def test_a_claimed_address_joins_nobody(shop: Shop) -> None:
    signed = Widget(shop.brand)
    signed.open(identity=sign(shop.brand))
    started(signed)
    liar = Widget(shop.brand)
    liar.open()
    liar.start(fields={"name": "Vera Demir", "email": "vera@example.com"})
    access = access_of(shop.elif_)
    seen = panel(access, find_chat(access, Conversation.objects.latest("pk").public_id))
    assert (seen.earlier, seen.external_id, seen.verified) == ([], "", set())


def test_the_same_id_on_another_brand_is_another_person(shop: Shop) -> None:
    other = make_visitor(make_brand(), external_id="customer-7")
    make_conversation(other)
    widget = Widget(shop.brand)
    widget.open(identity=sign(shop.brand))
    chat = started(widget)
    access = access_of(shop.elif_)
    assert panel(access, find_chat(access, chat.public_id)).earlier == []


def test_offline_messages_of_one_person_have_one_customer(shop: Shop) -> None:
    for number in range(2):
        widget = Widget(shop.brand)
        widget.open(identity=sign(shop.brand))
        message = {"cid": cid(), "text": f"Merhaba {number}", "fields": {"email": "x@example.com"}}
        assert widget.post("offline-messages", message).status_code == 201
    first, second = Visitor.objects.order_by("pk")
    assert first.contact is not None
    assert first.contact == second.contact
    assert (first.contact.email, first.contact.is_email_verified) == ("vera@example.com", True)


def test_no_secret_is_ever_answered(shop: Shop) -> None:
    widget = Widget(shop.brand)
    answers = [widget.open(identity=sign(shop.brand)), widget.open(identity="a.b.c")]
    value = shop.brand.identity_secrets.get().value
    assert all(value not in answer.content.decode() for answer in answers)
    assert value not in repr(shop.brand.identity_secrets.get())
