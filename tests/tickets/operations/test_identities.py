"""By what customers are known, and what of it is proven."""

import pytest
from django.utils import timezone

from agents.access import access_of
from agents.models import Permission
from chat.operations.tickets import contact_of
from chat.operations.visitors import SignedVisitor, identify_visitor
from tests.support.factories import make_agent, make_brand, make_role, make_visitor
from tickets.models import Contact, Identity
from tickets.models.identity import folded
from tickets.operations.contacts import (
    create_contact,
    keep_identity,
    set_email,
    set_phone,
    verify_email,
    who_has,
)
from tickets.queries.likeness import others_like

pytestmark = pytest.mark.django_db


def made(name="Ayşe", email="ayse@example.com", **more) -> Contact:
    return create_contact(name=name, email=email, language="tr", now=timezone.now(), **more)


def known_by(contact: Contact) -> set[tuple[str, str, bool]]:
    return set(contact.identities.values_list("kind", "value", "is_verified"))


def test_what_somebody_claims_is_kept_folded_and_unproven():
    contact = made(email="Ayse@Example.COM", phone="0090 (532) 000 11 22")
    assert known_by(contact) == {
        ("email", "ayse@example.com", False),
        ("phone", "+905320001122", False),
    }
    set_email(contact=contact, email="yeni@example.com")
    assert ("email", "yeni@example.com", False) in known_by(contact)
    assert ("email", "ayse@example.com", False) in known_by(contact)


def test_a_corrected_number_is_no_longer_theirs():
    contact = made(phone="05320001122")
    set_phone(contact=contact, phone="05329998877")
    assert {value for kind, value, _ in known_by(contact) if kind == "phone"} == {"+905329998877"}


def test_a_mobile_number_of_turkiye_is_one_number_however_it_is_dialled():
    spelled = (
        *("0532 000 11 22", "+90 532 000 11 22", "532-000-1122", "0090 532 0001122"),
        *("90 (532) 000 11 22", "+90 0532 000 11 22"),
    )
    assert {folded("phone", each) for each in spelled} == {"+905320001122"}
    first = made(phone=spelled[0])
    others = {made(email="", phone=each).pk for each in spelled[1:]}
    boss = make_agent(role=make_role(Permission.ADMIN))
    [likes] = others_like(access_of(boss), [first.pk]).values()
    assert {each.contact.pk for each in likes} < others
    # Of all others only what is surely the same.
    for number in (
        "0212 555 11 22",
        "+49 532 0001122",
        "5320001122 33",
        "44 5320001122",
        "532 0001",
    ):
        assert folded("phone", number) == number.replace(" ", "")


def test_what_identifies_nobody_is_not_kept():
    contact = made(email="", phone="12")
    assert known_by(contact) == set()


def test_mailboxes_that_only_look_alike_are_two_peoples():
    assert folded("email", "müller@example.com") != folded("email", "muller@example.com")


def test_many_may_claim_an_address_and_one_has_it_proven():
    first, second = made(), made("Fatma")
    assert verify_email(contact=first, email="Ayse@example.com")
    assert not verify_email(contact=second, email="ayse@example.com")
    assert not second.is_email_verified
    assert who_has(kind=Identity.Kind.EMAIL, value="AYSE@example.com") == first
    assert known_by(second) == {("email", "ayse@example.com", False)}


def test_only_the_address_of_the_person_is_proven():
    contact = made()
    assert not verify_email(contact=contact, email="baska@example.com")
    assert not contact.is_email_verified


def test_a_proven_address_of_another_is_a_claim_of_whoever_comes_later():
    made(is_email_verified=True)
    later = made("Fatma", is_email_verified=True)
    later.refresh_from_db()
    assert not later.is_email_verified


def test_the_browser_of_a_visitor_is_known_once_they_are_a_person():
    visitor = make_visitor(make_brand(), name="Ayşe", email="ayse@example.com")
    contact = contact_of(visitor, timezone.now())
    assert known_by(contact) == {
        ("email", "ayse@example.com", False),
        ("visitor", visitor.public_id, True),
    }


def test_a_second_browser_of_a_signed_person_is_theirs_too():
    brand = make_brand()
    signed = SignedVisitor(sub="7", fields={"email": "a@example.com"}, secret_id=1, proved_at=0)
    one, two = make_visitor(brand), make_visitor(brand)
    identify_visitor(visitor=one, identity=signed)
    contact = contact_of(one, timezone.now())
    identify_visitor(visitor=two, identity=signed)
    assert {
        ("email", "a@example.com", True),
        ("visitor", one.public_id, True),
        ("visitor", two.public_id, True),
    } == known_by(contact)


def test_the_same_again_is_one_row():
    contact = made()
    keep_identity(contact=contact, kind="email", value=" AYSE@example.com")
    assert contact.identities.count() == 1
