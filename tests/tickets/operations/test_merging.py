"""Two customers made one, and two again with every row where it was."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import models, transaction
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.access import access_of
from agents.models import AuditEntry
from chat.models import Conversation, NotThem
from chat.operations.linking import link_visitor, unlink_visitor
from chat.operations.visitors import keep_browser
from chat.queries.panel import find_chat, panel
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_visitor,
)
from tests.support.tickets import opened
from tickets.mail.inbound.matching import participants
from tickets.models import Contact, ContactChange, ContactNote, Identity, Merge, Ticket
from tickets.models.merge import UNDO
from tickets.operations.apart import tell_apart
from tickets.operations.changes import change_ticket
from tickets.operations.contacts import (
    add_contact_note,
    change_contact,
    create_contact,
    keep_identity,
    verify_email,
    who_has,
)
from tickets.operations.merging import (
    NotMergeable,
    NotUndoable,
    merge_contacts,
    undo_merge,
)
from tickets.queries.customers import customers_of
from tickets.rights import CustomerNotAuthorised
from tickets.tokens import opens_page, page_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make_agent(role=make_role("admin"), name="Deniz")


@pytest.fixture
def brand():
    return make_brand()


def person(name: str, email: str = "", **more: Any) -> Contact:
    return create_contact(name=name, email=email, language="tr", now=timezone.now(), **more)


def merged(survivor: Contact, other: Contact, by: Any, **keep: str) -> Merge:
    return merge_contacts(survivor=survivor, other=other, keep=keep, by=by, now=timezone.now())


def undone(merge: Merge, by: Any, after: timedelta = timedelta(0)) -> Contact:
    return undo_merge(merge=merge, by=by, now=timezone.now() + after)


def fresh(row: Any) -> Any:
    return type(row)._base_manager.get(pk=row.pk)


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Every row of customers, and of whatever points at them."""
    pointing = {
        relation.related_model
        for relation in Contact._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ForeignObjectRel)
    }
    kept = {Contact, *pointing} - {Merge}
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in kept}


def test_everything_that_points_at_customers_is_known_here() -> None:
    """A new room's rows move too; this says which tables the property below has looked at."""
    assert set(snapshot()) == {
        *("chat.Conversation", "chat.NotThem", "chat.Visitor"),
        *("tickets.Apart", "tickets.Contact", "tickets.ContactChange", "tickets.ContactNote"),
        *("tickets.Identity", "tickets.Ticket"),
    }


KEYS = ("email", "e1@example.com"), ("email", "e2@example.com"), ("phone", "+905320001122")
# Two who have everything, and all of it the same.
RICH = {
    "name": "Zeynep Ak",
    "email": "e1@example.com",
    "phone": "0532 000 11 22",
    "is_email_verified": True,
    "claims": [*KEYS],
    "proven": [KEYS[2]],
    "tickets": 2,
    "browsers": 2,
    "notes": 1,
    "is_linked": True,
    "has_absorbed": True,
}
people = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "Zeynep Ak", "Işık"]),
        "email": st.sampled_from(["", "e1@example.com", "e2@example.com"]),
        "phone": st.sampled_from(["", "0532 000 11 22"]),
        "is_email_verified": st.booleans(),
        "claims": st.lists(st.sampled_from(KEYS), max_size=3),
        "proven": st.lists(st.sampled_from(KEYS), max_size=2),
        "tickets": st.integers(0, 2),
        "browsers": st.integers(0, 2),
        "notes": st.integers(0, 1),
        "is_linked": st.booleans(),
        "has_absorbed": st.booleans(),
    }
)


def build(brand: Any, agent: Any, third: Contact, told: dict[str, Any]) -> Contact:
    basic = ("name", "email", "phone", "is_email_verified")
    made = person(**{name: told[name] for name in basic})
    for kind, value in told["claims"]:
        keep_identity(contact=made, kind=kind, value=value)
    for kind, value in told["proven"]:
        keep_identity(contact=made, kind=kind, value=value, is_verified=True)
    for number in range(told["tickets"]):
        opened(brand, f"Konu {number}", contact=made)
    for number in range(told["browsers"]):
        visitor = make_visitor(brand, contact=made)
        keep_browser(visitor)
        chat = make_conversation(visitor, contact=made if number else None, status="resolved")
        NotThem.objects.create(visitor=visitor, contact=third)
        if told["is_linked"] and number:
            link_visitor(conversation=chat, contact=third, by=agent, now=timezone.now())
    for number in range(told["notes"]):
        note = {"text": "VIP", "client_id": f"{made.pk}-{number}"}
        opened(brand, contact=made)
        add_contact_note(contact=made, by=agent, now=timezone.now(), **note)
        ContactChange.objects.create(contact=made, agent=agent, data={"name": ["Z", made.name]})
    if told["notes"]:
        tell_apart(contact=made, other=third, by=agent, now=timezone.now())
    if told["has_absorbed"]:
        merged(made, person("Eski", "eski@example.com"), agent)
    return made


@settings(max_examples=12)
@example(first=RICH, second=RICH, keep={"email": "other"}, told_apart=True, is_linked_to_first=True)
@given(
    first=people,
    second=people,
    keep=st.dictionaries(
        st.sampled_from(["name", "email", "phone", "language"]), st.sampled_from(["this", "other"])
    ),
    told_apart=st.booleans(),
    is_linked_to_first=st.booleans(),
)
def test_undone_all_is_as_it_was(
    boss: Any,
    brand: Any,
    first: Any,
    second: Any,
    keep: Any,
    told_apart: bool,
    is_linked_to_first: bool,
) -> None:
    """Whatever two customers have, in every table that points at customers."""
    with transaction.atomic():
        third = person("Ucuncu", "e1@example.com")
        one = build(brand, boss, third, first)
        two = build(brand, boss, third, second)
        visitor = make_visitor(brand, contact=two)
        chat = make_conversation(visitor, contact=two, status="resolved")
        if told_apart:
            NotThem.objects.create(visitor=visitor, contact=one)
            NotThem.objects.create(visitor=visitor, contact=two)
        if is_linked_to_first:
            link_visitor(conversation=chat, contact=fresh(one), by=boss, now=timezone.now())
        one, two = fresh(one), fresh(two)
        before = snapshot()
        if one.merged_into_id is None and two.merged_into_id is None:
            merge = merged(one, two, boss, **keep)
            assert not Ticket.objects.filter(contact=two).exists()
            assert not Conversation.objects.filter(contact=two).exists()
            assert who_proves_what() == proofs_of(before)
            undone(merge, boss)
        assert snapshot() == before
        transaction.set_rollback(True)


def who_proves_what() -> set[tuple[str, str]]:
    return set(Identity.objects.filter(is_verified=True).values_list("kind", "value"))


def proofs_of(rows: dict[str, Any]) -> set[tuple[str, str]]:
    found = [row for row in rows["tickets.Identity"] if row["is_verified"]]
    return {(row["kind"], row["value"]) for row in found}


def test_what_is_kept_is_chosen_and_what_is_empty_is_filled(boss, brand):
    one = person("Zeynep", "z@example.com")
    two = person("Zeynep Ak", "ak@example.com", phone="0532 000 11 22", is_email_verified=True)
    opened(brand, contact=one)
    opened(brand, contact=two)
    merged(one, two, boss, name="other", email="this")
    one = fresh(one)
    assert (one.name, one.email, one.phone) == ("Zeynep Ak", "z@example.com", "0532 000 11 22")
    assert one.is_email_verified is False
    access = access_of(boss)
    for words in ("ak@example.com", "z@example.com", "zeynep ak", "532 000"):
        assert list(customers_of(access, words=words)) == [one]
    assert who_has(kind="email", value="ak@example.com") == one


def test_the_proof_of_the_chosen_address_goes_along_and_back(boss, brand):
    one, two = person("Z", "z@example.com"), person("Y", "z@example.com", is_email_verified=True)
    merge = merged(one, two, boss)
    assert fresh(one).is_email_verified is True
    assert who_has(kind="email", value="z@example.com") == one
    undone(merge, boss)
    assert fresh(one).is_email_verified is False
    assert who_has(kind="email", value="z@example.com") == two


def test_what_came_since_stays_with_the_survivor(boss, brand):
    one, two = person("Z", "z@example.com"), person("Y", "y@example.com")
    theirs = opened(brand, "Eski", contact=two)
    merge = merged(one, two, boss, email="other")
    since = opened(brand, "Yeni", contact=fresh(one))
    note = add_contact_note(contact=one, text="VIP", client_id="1", by=boss, now=timezone.now())
    changed = {"name": "Zeynep Işık"}
    change_contact(contact=one, by=boss, changes=changed, now=timezone.now())
    verify_email(contact=fresh(one), email="y@example.com")
    undone(merge, boss)
    assert [fresh(row).contact for row in (theirs, since, note)] == [two, one, one]
    assert (fresh(one).name, fresh(one).email) == ("Zeynep Işık", "z@example.com")
    # Whoever wrote from the other's address has proven the other's.
    assert who_has(kind="email", value="y@example.com") == two


def test_undone_a_renamed_ticket_is_not_found_by_the_survivors_name(boss, brand):
    zeynep, isik = person("Zeynep Ak", "z@example.com"), person("Işık Can", "i@example.com")
    ticket = opened(brand, "Kargo", contact=isik)
    merge = merged(zeynep, isik, boss)
    wish = {"subject": "İade"}
    change_ticket(ticket=ticket, by=boss, now=timezone.now(), changes=wish)
    assert "zeynep" in fresh(ticket).search
    undone(merge, boss)
    found = fresh(ticket).search
    assert not any(word in found for word in ("zeynep", "z@example.com"))
    assert all(word in found for word in ("isik can", "iade", "kargo", "nerede"))


def test_what_was_linked_elsewhere_meanwhile_stays_there(boss, brand):
    one, two, third = person("Z"), person("Y"), person("X")
    visitor = make_visitor(brand, contact=two)
    keep_browser(visitor)
    chat = make_conversation(visitor, contact=two, status="resolved")
    merge = merged(one, two, boss)
    link_visitor(conversation=fresh(chat), contact=third, by=boss, now=timezone.now())
    undone(merge, boss)
    assert fresh(chat).contact == third
    unlink_visitor(conversation=fresh(chat), by=boss)
    assert fresh(chat).contact == one


def test_mails_and_links_of_before_lead_to_the_same_ticket_still(boss, brand):
    one, two = person("Z", "z@example.com"), person("Y", "y@example.com")
    ticket = opened(brand, contact=two)
    token = page_token(ticket, now=timezone.now())
    merged(one, two, boss)
    ticket = fresh(ticket)
    assert participants(ticket) == {"z@example.com", "y@example.com"}
    assert opens_page(ticket, token, now=timezone.now())
    foreign = opened(brand, contact=fresh(one))
    assert not opens_page(foreign, token, now=timezone.now())


def test_a_merge_proves_nothing_of_a_visitor(boss, brand):
    one = person("Z", "z@example.com", is_email_verified=True)
    visitor = make_visitor(brand, email="z@example.com")
    chat = make_conversation(visitor, status="resolved")
    two = person("Y", "z@example.com")
    visitor.contact = chat.contact = two
    visitor.save()
    chat.save()
    merged(one, two, boss)
    access = access_of(boss)
    assert panel(access, find_chat(access, chat.public_id)).verified == set()


def test_a_merge_is_undone_once_within_a_day_and_before_the_survivor_is_merged(boss, brand):
    one, two, third = (person(name, f"{name}@example.com") for name in "zyx")
    ticket = opened(brand, contact=two)
    first = merged(one, two, boss)
    with pytest.raises(NotUndoable):
        undone(first, boss, after=UNDO + timedelta(seconds=1))
    second = merged(third, one, boss)
    with pytest.raises(NotUndoable):
        undone(first, boss)
    undone(second, boss)
    undone(first, boss, after=UNDO - timedelta(minutes=1))
    assert fresh(ticket).contact == two
    with pytest.raises(NotUndoable):
        undone(first, boss)
    acts = AuditEntry.objects.filter(action__startswith="contact.merge")
    assert acts.count() == 4


def test_nobody_is_merged_with_themselves_or_twice(boss, brand):
    one, two, third = person("Z"), person("Y"), person("X")
    with pytest.raises(NotMergeable):
        merged(one, one, boss)
    merged(one, two, boss)
    with pytest.raises(NotMergeable):
        merged(third, fresh(two), boss)


@pytest.mark.parametrize("rights", [("chat",), ("archive",)])
def test_who_neither_works_on_tickets_nor_supervises_merges_nobody(brand, rights):
    agent = make_agent(role=make_role(*rights, scope="all"))
    one, two = person("Z"), person("Y")
    for contact in (one, two):
        visitor = make_visitor(brand, contact=contact)
        make_conversation(visitor, contact=contact, assignee=agent, status="active")
    with pytest.raises(CustomerNotAuthorised):
        merged(one, two, agent)
    assert not Merge.objects.exists()


def test_whom_one_may_not_see_one_does_not_merge(brand):
    agent = make_agent(role=make_role("tickets", scope="all", brands=(brand,)))
    one, theirs = person("Z"), person("Y")
    opened(brand, contact=one)
    opened(make_brand(), contact=theirs)
    for pair in ((one, theirs), (theirs, one)):
        with pytest.raises(CustomerNotAuthorised):
            merged(*pair, agent)
    assert ContactNote.objects.count() == 0
