"""A visitor who is a customer: suggested, linked, back again, and somebody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.access import access_of
from chat.models import Conversation
from chat.operations.linking import (
    NotLinkable,
    dismiss_suggestion,
    link_visitor,
    unlink_visitor,
)
from chat.operations.tickets import convert_to_ticket
from chat.operations.visitors import SignedVisitor, identify_visitor
from chat.queries.panel import find_chat, panel
from chat.rights import NotAuthorised
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)
from tests.support.http import Widget, make_shop, started, taken
from tests.support.tickets import opened
from tickets.mail.inbound.matching import participants
from tickets.models import Contact
from tickets.operations.contacts import create_contact
from tickets.queries.customers import customers_of
from tickets.queries.ticket_list import Folder, tickets_in
from tickets.queries.timeline import timeline_of
from tickets.tokens import opens_page, page_token

pytestmark = pytest.mark.django_db

EMAIL = "zeynep@example.com"


@pytest.fixture
def elif_(client):
    agent = make_agent(role=make_role(), name="Elif Kaya", language="en")
    client.force_login(agent)
    return agent


@pytest.fixture
def brand(elif_):
    return make_brand(default_team=make_team(elif_))


@pytest.fixture
def known(brand) -> Contact:
    """Somebody who wrote by mail."""
    contact = create_contact(
        name="Zeynep Ak",
        email=EMAIL,
        language="tr",
        now=timezone.now(),
        is_email_verified=True,
    )
    opened(brand, "Eski konu", contact=contact)
    return contact


@pytest.fixture
def chat(brand, elif_) -> Conversation:
    visitor = make_visitor(brand, name="Z", email=EMAIL.upper())
    return make_conversation(visitor, assignee=elif_, status="active")


def beside(agent, chat):
    access = access_of(agent)
    return panel(access, find_chat(access, chat.public_id))


def press(client, chat, **body):
    return client.post(f"/console/chats/{chat.public_id}/link/", body)


def test_who_gave_the_same_address_is_suggested_and_linked_in_one_press(client, elif_, chat, known):
    page = f"/console/chats/{chat.public_id}/"
    assert "Somebody gave the same e-mail" in client.get(page).content.decode()
    assert beside(elif_, chat).tickets == []
    assert press(client, chat, contact=known.pk, link=1).status_code == 204
    shown = beside(elif_, chat)
    assert [ticket.subject for ticket in shown.tickets] == ["Eski konu"]
    assert (shown.suggestions, shown.link.linked_by, shown.verified) == ([], elif_, set())
    kinds = [row.kind for row in timeline_of(access_of(elif_), known.pk).rows]
    assert sorted(kinds) == ["chat", "ticket"]
    assert "Linked by Elif Kaya" in client.get(page).content.decode()


def test_a_link_can_be_undone_with_the_chats_and_tickets_that_came_meanwhile(
    client, elif_, chat, known
):
    own = convert_to_ticket(conversation=chat, by=elif_, now=timezone.now()).ticket
    before = own.contact
    link_visitor(conversation=chat, contact=known, by=elif_, now=timezone.now())
    own.refresh_from_db()
    assert own.contact == known
    assert before not in customers_of(access_of(elif_))
    later = make_conversation(chat.visitor, contact=known, status="resolved", assignee=elif_)
    assert press(client, chat, undo=1).status_code == 204
    for row in (own, chat, later):
        row.refresh_from_db()
        assert row.contact == before
    assert before in customers_of(access_of(elif_))
    assert [each.contact for each in beside(elif_, chat).suggestions] == [known]
    with pytest.raises(NotLinkable):
        unlink_visitor(conversation=chat, by=elif_)


def test_somebody_else_is_not_suggested_again(client, elif_, chat, known):
    press(client, chat, contact=known.pk, **{"not": 1})
    assert beside(elif_, chat).suggestions == []
    chat.visitor.refresh_from_db()
    assert chat.visitor.contact is None


def test_nobody_is_suggested_or_linked_whom_the_agent_may_not_see(client, elif_, chat):
    theirs = create_contact(name="Y", email=EMAIL, language="tr", now=timezone.now())
    opened(make_brand(), "Gizli", contact=theirs, team=make_team())
    assert beside(elif_, chat).suggestions == []
    assert press(client, chat, contact=theirs.pk).status_code == 404
    with pytest.raises(NotLinkable):
        link_visitor(conversation=chat, contact=theirs, by=elif_, now=timezone.now())


def test_all_browsers_of_a_signed_person_are_linked_and_back_also_one_that_came_later(
    elif_, brand, chat, known
):
    signed = SignedVisitor(sub="7", fields={"email": EMAIL}, secret_id=1, proved_at=0)
    identify_visitor(visitor=chat.visitor, identity=signed)
    laptop, later = make_visitor(brand), make_visitor(brand)
    identify_visitor(visitor=laptop, identity=signed)
    other = make_conversation(laptop, assignee=elif_, status="resolved")
    link_visitor(conversation=chat, contact=known, by=elif_, now=timezone.now())
    identify_visitor(visitor=later, identity=signed)
    third = make_conversation(later, contact=later.contact, assignee=elif_, status="resolved")
    rows = (chat, other, third)
    assert {fresh(row).contact for row in rows} == {known}
    assert all(beside(elif_, row).link.contact == known for row in rows)
    unlink_visitor(conversation=fresh(third), by=elif_)
    (own,) = {fresh(row).contact for row in rows}
    assert own != known
    assert {fresh(row).visitor.contact for row in rows} == {own}


def test_a_dismissal_holds_in_every_browser_of_a_signed_person(elif_, brand, chat, known):
    signed = SignedVisitor(sub="7", fields={}, secret_id=1, proved_at=0)
    identify_visitor(visitor=chat.visitor, identity=signed)
    dismiss_suggestion(conversation=chat, contact=known, by=elif_, now=timezone.now())
    later = make_visitor(brand, email=EMAIL)
    identify_visitor(visitor=later, identity=signed)
    assert beside(elif_, make_conversation(later, assignee=elif_)).suggestions == []


def test_the_visitor_never_sees_the_history_and_nothing_is_proven_by_a_link():
    shop = make_shop()
    known = create_contact(
        name="Zeynep Ak",
        email=EMAIL,
        language="tr",
        now=timezone.now(),
        is_email_verified=True,
    )
    before = make_visitor(shop.brand, contact=known)
    old = make_conversation(before, contact=known, status="resolved", assignee=shop.elif_)
    opened(shop.brand, "Eski konu", contact=known)
    widget = Widget(shop.brand)
    widget.open()
    chat = taken(started(widget, "Merhaba"), shop.elif_)
    link_visitor(conversation=chat, contact=known, by=shop.elif_, now=timezone.now())
    again = widget.open().json()
    assert again["fields"] == {}
    assert again["conversation"]["id"] == chat.public_id
    listed = widget.get("conversations").json()["conversations"]
    assert [each["id"] for each in listed] == [chat.public_id]
    assert widget.get(f"conversations/{old.public_id}").status_code == 404
    for word in ("Zeynep", EMAIL, "Eski konu"):
        assert word not in widget.get(f"conversations/{chat.public_id}").content.decode()
    assert beside(shop.elif_, chat).verified == set()


def test_an_address_that_a_linked_visitor_typed_takes_no_part_in_the_customers_tickets(
    elif_, brand, known
):
    visitor = make_visitor(brand, email="mallory@example.com")
    chat = make_conversation(visitor, assignee=elif_, status="active")
    own = convert_to_ticket(conversation=chat, by=elif_, now=timezone.now()).ticket
    link_visitor(conversation=chat, contact=known, by=elif_, now=timezone.now())
    for ticket in (own, known.tickets.get(subject="Eski konu")):
        assert participants(fresh(ticket)) == {EMAIL}


def test_the_link_that_a_linked_visitor_was_mailed_opens_nothing_of_the_customers(
    elif_, brand, known
):
    visitor = make_visitor(brand, email="mallory@example.com")
    chat = make_conversation(visitor, assignee=elif_, status="active")
    own = convert_to_ticket(conversation=chat, by=elif_, now=timezone.now()).ticket
    token = page_token(own, now=timezone.now())
    assert opens_page(own, token, now=timezone.now())
    link_visitor(conversation=chat, contact=known, by=elif_, now=timezone.now())
    # From now on agents answer to the customer.
    assert not opens_page(fresh(own), token, now=timezone.now())
    unlink_visitor(conversation=chat, by=elif_)
    assert opens_page(fresh(own), token, now=timezone.now())


def test_a_ticket_is_found_by_the_name_of_whom_it_was_linked_to_and_then_no_more(
    elif_, chat, known
):
    own = convert_to_ticket(conversation=chat, by=elif_, now=timezone.now()).ticket
    before = fresh(own).search
    assert found_by(elif_, "zeynep ak") == {"Eski konu"}
    link_visitor(conversation=chat, contact=known, by=elif_, now=timezone.now())
    assert found_by(elif_, "zeynep ak") == {"Eski konu", own.subject}
    unlink_visitor(conversation=chat, by=elif_)
    assert fresh(own).search == before


def found_by(agent, words):
    found = tickets_in(access_of(agent), Folder.ALL, brand_id=None, wish={"q": words})
    return {ticket.subject for ticket in found}


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_who_only_reads_the_archive_links_nobody(client, chat, known):
    reader = make_agent(role=make_role("archive", scope="all"))
    type(chat).objects.filter(pk=chat.pk).update(status="resolved")
    client.force_login(reader)
    assert press(client, chat, contact=known.pk, link=1).status_code == 404
    for change in (link_visitor, dismiss_suggestion):
        with pytest.raises(NotAuthorised):
            change(conversation=chat, contact=known, by=reader, now=timezone.now())
    assert fresh(chat).contact is None


def test_what_stands_beside_a_chat_costs_no_more_with_more_of_it(elif_, brand, chat, known):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            beside(elif_, chat)
        return len(queries)

    # What came before is looked for only where there is anything.
    make_conversation(chat.visitor, status="resolved", assignee=elif_)
    few = cost()
    for index in range(4):
        person = create_contact(name=f"Y{index}", email=EMAIL, language="tr", now=timezone.now())
        opened(brand, contact=person)
        make_conversation(chat.visitor, status="resolved", assignee=elif_)
    assert cost() == few
    link_visitor(conversation=chat, contact=known, by=elif_, now=timezone.now())
    assert cost() <= few + 1
    assert few <= 8
