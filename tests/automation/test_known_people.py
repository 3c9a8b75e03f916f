"""What rules know of the person: the linked customer and what they are known by, never a claim."""

from datetime import timedelta

import pytest
from django.utils import timezone

from automation.rules.facts import ChatSight, seen_chats
from automation.rules.sight import Happening
from chat.operations.linking import link_visitor, unlink_visitor
from chat.operations.visitors import SignedVisitor, identify_visitor
from tests.support.desk import make_desk, start
from tests.support.factories import make_conversation, make_visitor
from tests.support.tickets import opened
from tickets.operations.contacts import create_contact, keep_identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_desk()


@pytest.fixture
def chat(desk):
    (elif_,) = desk.agents
    visitor = make_visitor(desk.brand, phone="0532 000 11 22")
    return make_conversation(visitor, status="active", assignee=elif_)


@pytest.fixture
def customer(desk):
    """Somebody who wrote by mail yesterday, from the address of a number they called from once."""
    made = create_contact(
        name="Zeynep", email="z@example.com", language="tr", now=timezone.now() - timedelta(days=1)
    )
    opened(desk.brand, contact=made, now=timezone.now() - timedelta(days=1))
    keep_identity(contact=made, kind="phone", value="0532 000 11 22")
    return made


def known(chat) -> tuple[bool, bool, bool]:
    """First contact, e-mail known, phone known."""
    seen = ChatSight(seen_chats().get(pk=chat.pk), Happening(when="incoming"), timezone.now())
    return seen.is_first_contact, seen.email_known, seen.phone_known


def test_who_merely_gives_a_customers_number_stays_a_stranger_until_linked(desk, chat, customer):
    assert known(chat) == (True, False, True)
    link_visitor(conversation=chat, contact=customer, by=desk.agents[0], now=timezone.now())
    assert known(chat) == (False, True, True)
    unlink_visitor(conversation=chat, by=desk.agents[0])
    assert known(chat) == (True, False, True)


def test_an_address_of_the_customer_is_known_wherever_they_gave_it(desk, chat):
    person = create_contact(name="Y", email="", language="tr", now=timezone.now())
    chat.visitor.contact = person
    chat.visitor.save()
    assert known(chat) == (True, False, True)
    keep_identity(contact=person, kind="email", value="y@example.com")
    assert known(chat) == (True, True, True)


def test_a_signed_person_who_wrote_from_another_browser_is_no_first_contact(desk, chat):
    signed = SignedVisitor(sub="7", fields={}, secret_id=1, proved_at=0)
    laptop = make_visitor(desk.brand)
    for visitor in (chat.visitor, laptop):
        identify_visitor(visitor=visitor, identity=signed)
    make_conversation(laptop, status="resolved", created_at=timezone.now() - timedelta(days=3))
    assert known(chat)[0] is False


def test_the_own_ticket_of_a_chat_is_not_what_came_before(desk, chat):
    person = create_contact(name="Y", email="y@example.com", language="tr", now=timezone.now())
    chat.ticket = opened(desk.brand, contact=person, now=chat.created_at)
    chat.contact = person
    chat.save()
    assert known(chat) == (True, True, True)


def test_a_rule_for_strangers_leaves_linked_customers_alone(desk, rule, customer, work_all):
    sees = [{"field": "first_contact", "operator": "is", "value": True}]
    rule(all=sees, actions=[{"action": "add_tag", "tag": "yeni"}])
    visitor = make_visitor(desk.brand, contact=customer)
    chats = [start(desk, visitor), start(desk)]
    work_all()
    assert [chat.tagged.count() for chat in chats] == [0, 1]
