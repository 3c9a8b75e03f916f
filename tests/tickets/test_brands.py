"""A customer of several brands: what one was told, agents of others neither read nor change."""

from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone

from agents.access import access_of
from agents.models import Agent, Brand
from chat.operations.linking import link_visitor
from chat.operations.visitors import keep_browser
from chat.queries.panel import find_chat, panel
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)
from tests.support.tickets import opened
from tests.tickets.mail.samples import take_in, written
from tickets.mail.digest import mail_digest
from tickets.models import Contact, Mailbox
from tickets.operations.contacts import (
    add_contact_note,
    create_contact,
    keep_identity,
    link_identity,
)
from tickets.operations.merging import merge_contacts, undo_merge
from tickets.operations.replies import say, unsay
from tickets.queries.customers import customers_of
from tickets.queries.likeness import others_like
from tickets.queries.ticket_list import Folder, tickets_in
from tickets.rights import CustomerNotAuthorised

pytestmark = pytest.mark.django_db

NUMBER = "0532 000 11 22"


class House:
    """Two brands, an agent of each, one who works for both, and a customer of the first."""

    def __init__(self) -> None:
        self.ours, self.theirs = make_brand(), make_brand()
        self.elif_, self.mert, self.suna = (
            make_agent(role=make_role("chat", "tickets", "archive", brands=brands, scope="all"))
            for brands in ((self.ours,), (self.theirs,), (self.ours, self.theirs))
        )
        make_team(self.elif_, self.mert, self.suna)
        self.contact = self.customer(self.ours, "zeynep@example.com", NUMBER)

    def customer(self, brand: Brand, email: str, phone: str = "", name: str = "Zeynep") -> Contact:
        contact = create_contact(
            name=name,
            email=email,
            phone=phone,
            language="tr",
            brand=brand,
            now=timezone.now(),
            is_email_verified=True,
        )
        opened(brand, f"Konu {brand.pk}", contact=contact)
        return contact

    def note(self, by: Agent, text: str) -> None:
        now = timezone.now()
        add_contact_note(contact=self.contact, text=text, client_id=text, by=by, now=now)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def shared(house: House) -> House:
    """The customer of the first brand writes to the second, too: by mail from a proven address."""
    own = Mailbox.objects.create(brand=house.theirs, address="destek@diger.example")
    house.note(house.elif_, "Bizim not")
    mail = written("Merhaba", sender="Zeynep <zeynep@example.com>", to=own.address)
    take_in(own, mail)
    assert house.contact in customers_of(access_of(house.mert))
    house.note(house.mert, "Onların notu")
    return house


def sheet(agent: Agent, contact: Contact) -> str:
    client = Client()
    client.force_login(agent)
    answer = client.get(f"/console/contacts/{contact.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def told(agent: Agent, path: str, status: int = 200) -> Any:
    client = Client()
    client.force_login(agent)
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status
    return answer.json()


def test_what_another_brand_was_told_is_neither_shown_nor_found(shared: House) -> None:
    contact = shared.contact
    page = sheet(shared.mert, contact)
    # Whoever writes to both has told both from which address.
    assert "zeynep@example.com" in page
    assert "+90532" not in page
    assert "Onların notu" in page
    assert "Bizim not" not in page
    answer = told(shared.mert, f"contacts/{contact.pk}")
    assert (answer["phone"], [each["kind"] for each in answer["identities"]]) == ("", ["email"])
    assert NUMBER not in str(told(shared.mert, "contacts"))
    assert contact not in customers_of(access_of(shared.mert), words=NUMBER)
    assert contact in customers_of(access_of(shared.mert), words="zeynep@example.com")
    own = sheet(shared.elif_, contact)
    assert "+905320001122" in own
    assert "Bizim not" in own
    assert "Onların notu" not in own
    assert told(shared.elif_, f"contacts/{contact.pk}")["phone"] == NUMBER
    assert contact in customers_of(access_of(shared.elif_), words=NUMBER)
    whole = sheet(shared.suna, contact)
    assert all(text in whole for text in ("+905320001122", "Bizim not", "Onların notu"))


@pytest.mark.parametrize("number", [NUMBER, "+90 (532) 000 11 22", "5320001122", "00 11 22"])
def test_tickets_are_found_by_a_number_however_it_is_dialled_by_who_may_know_it(
    shared: House, number: str
) -> None:
    def found(agent: Agent) -> int:
        wish = {"q": number}
        return tickets_in(access_of(agent), Folder.ALL, brand_id=None, wish=wish).count()

    assert [found(agent) for agent in (shared.elif_, shared.mert, shared.suna)] == [1, 0, 2]
    assert shared.contact in customers_of(access_of(shared.elif_), words=number)


def test_nobody_is_found_by_what_only_another_brand_was_told(house: House) -> None:
    """Whatever else of the same customer one knows, and whoever was merged into them."""
    known, secret = house.contact, "eygizli5551234@example.com"
    merged = house.customer(house.ours, secret, "0533 999 88 77")
    merge_contacts(survivor=known, other=merged, keep={}, by=house.suna, now=timezone.now())
    opened(house.theirs, "Onların", contact=known)
    mert, elif_ = access_of(house.mert), access_of(house.elif_)

    def tickets(words: str) -> int:
        return tickets_in(mert, Folder.ALL, brand_id=None, wish={"q": words}).count()

    # Neither with no number of theirs nor with another one.
    for _ in range(2):
        for words in (NUMBER, "9998877", "Zeynep 05339998877", "5551234", "gizli", "GİZLİ5551"):
            assert known not in customers_of(mert, words=words), words
            assert known in customers_of(elif_, words=words), words
        assert known not in customers_of(mert, words=secret)
        # Nor does a part of the name that may be known say with what the other begins.
        assert known not in customers_of(mert, words="ey")
        assert (tickets(NUMBER), tickets("9998877")) == (0, 0)
        keep_identity(contact=known, kind="phone", value="0555 111 2233", brand=house.theirs)
        keep_identity(contact=known, kind="email", value="z@theirs.example", brand=house.theirs)
    assert known in customers_of(mert, words="ZEYN")
    # What both were told finds them for both.
    keep_identity(contact=known, kind="phone", value=NUMBER, brand=house.theirs)
    keep_identity(contact=known, kind="email", value="zeynep@example.com", brand=house.theirs)
    assert known in customers_of(mert, words=NUMBER)
    assert known in customers_of(mert, words="ZEYNEP@example")
    assert known in customers_of(mert, words="zeynep example.com")
    assert tickets(NUMBER) == 1


def test_words_found_anew_hold_nothing_of_a_merged_customer_that_only_another_brand_was_told(
    house: House,
) -> None:
    """Which happens where an agent takes a reply back."""
    merged = house.customer(house.ours, "gizli@sirket.example", name="Işık")
    merge_contacts(survivor=house.contact, other=merged, keep={}, by=house.suna, now=timezone.now())
    for agent, brand, found in ((house.mert, house.theirs, 0), (house.elif_, house.ours, 1)):
        ticket, now = opened(brand, f"Yeni {brand.pk}", contact=house.contact), timezone.now()
        line, _is_new = say(ticket=ticket, by=agent, text="Merhaba", client_id="1", now=now)
        unsay(entry=line, by=agent, now=now)
        for words, hits in (("sirket.example", found), ("isik", 1)):
            wish = {"q": f"{words} yeni"}
            shown = tickets_in(access_of(agent), Folder.ALL, brand_id=None, wish=wish)
            assert shown.count() == hits, (agent.pk, words)


def test_lists_and_the_api_show_only_by_what_a_brand_of_the_agent_knows_a_customer(
    house: House,
) -> None:
    known = house.contact
    bare = house.customer(house.ours, "gizli@sirket.example", name="")
    for contact in (known, bare):
        opened(house.theirs, "Onların", contact=contact)
    for agent, is_shown in ((house.mert, False), (house.elif_, True)):
        pages = [sheet(agent, known), sheet(agent, bare), str(told(agent, "contacts"))]
        for page in pages:
            assert ("gizli@sirket.example" in page, "zeynep@example.com" in page) == (
                is_shown,
                is_shown,
            )


def test_what_another_brand_knows_is_not_shown_beside_a_chat(house: House) -> None:
    """Nor in its dialog, which leaves what it does not show as it is."""
    bare = create_contact(
        name="",
        email="gizli@sirket.example",
        phone=NUMBER,
        language="tr",
        brand=house.ours,
        now=timezone.now(),
        is_email_verified=True,
    )
    visitor = make_visitor(house.theirs, name="", contact=bare)
    keep_browser(visitor)
    chat = make_conversation(visitor, contact=bare, assignee=house.mert, status="active")
    path = f"/console/chats/{chat.public_id}/"
    client = Client()
    for agent, is_shown in ((house.suna, True), (house.mert, False)):
        access = access_of(agent)
        chat.assignee = agent
        chat.save()
        beside = panel(access, find_chat(access, chat.public_id))
        assert beside.phone == (NUMBER if is_shown else "")
        # Proven elsewhere, not by this browser.
        assert beside.verified == set()
        client.force_login(agent)
        for page in (path, f"{path}customer/"):
            text = client.get(page).content.decode()
            assert ("sirket.example" in text, NUMBER in text) == (is_shown, is_shown), page
        # Its ticket can be answered, so nobody is asked for an address.
        assert f'hx-post="{path}convert/"' in client.get(path).content.decode()
    unchanged = {"name": "", "email": "", "phone": "", "language": "tr", "cid": "c1"}
    assert client.post(f"{path}customer/", unchanged).status_code == 204
    assert client.post(f"{path}customer/", unchanged | {"name": "Zeynep"}).status_code == 204
    bare.refresh_from_db()
    assert (bare.name, bare.email, bare.phone) == ("Zeynep", "gizli@sirket.example", NUMBER)
    # What the customer gives in the chat is told to its brand.
    chat.fields = {"phone": NUMBER}
    chat.save()
    access = access_of(house.mert)
    assert panel(access, find_chat(access, chat.public_id)).phone == NUMBER
    # Whom the other brand has helped, too, is corrected by who works for both.
    assert 'id="customer-edit"' in client.get(path).content.decode()
    opened(house.ours, "Konu", contact=bare)
    assert 'id="customer-edit"' not in client.get(path).content.decode()
    assert client.post(f"{path}customer/", unchanged | {"name": "Mallory"}).status_code == 404


def test_who_has_no_name_is_not_called_by_an_address_that_another_brand_was_told(
    house: House,
) -> None:
    """Where they are suggested, were linked, or were merged into somebody."""
    secret, same = "gizli@sirket.example", "0533 999 88 77"
    bare = house.customer(house.ours, secret, name="")
    keep_identity(contact=bare, kind="phone", value=same, brand=house.theirs)
    opened(house.theirs, "Onların", contact=bare)
    other = house.customer(house.theirs, "z@theirs.example", same)
    visitor = make_visitor(house.theirs, phone=same)
    keep_browser(visitor)
    chat = make_conversation(visitor, assignee=house.suna, status="active")
    path, ticket = f"/console/chats/{chat.public_id}/", other.tickets.get()
    places = [path, f"/console/contacts/{other.pk}/", f"/console/tickets/{ticket.pk}/?part=side"]

    def expect(*pages: str) -> None:
        for agent, called in ((house.mert, f"#{bare.pk}"), (house.suna, secret)):
            client = Client()
            client.force_login(agent)
            for page in pages:
                text = client.get(page).content.decode()
                assert called in text, page
                assert (secret in text) == (called == secret), page

    expect(*places)
    link_visitor(conversation=chat, contact=bare, by=house.suna, now=timezone.now())
    expect(path)
    merge_contacts(survivor=house.contact, other=bare, keep={}, by=house.suna, now=timezone.now())
    expect(f"/console/contacts/{house.contact.pk}/")


def test_no_heading_and_no_morning_mail_calls_anybody_by_a_number_that_another_brand_was_told(
    house: House,
) -> None:
    bare = house.customer(house.ours, "", NUMBER, name="")
    ticket = opened(house.theirs, "Onların", contact=bare)
    page = f"/console/tickets/{ticket.pk}/"
    for agent, is_known in ((house.mert, False), (house.suna, True)):
        client = Client()
        client.force_login(agent)
        for url in (page, f"{page}?part=earlier&before=9", f"{page}?part=side"):
            text = client.get(url).content.decode()
            assert (NUMBER in text) == is_known, url
        Agent.objects.filter(pk=agent.pk).update(digest=True)
        mail_digest({"agent": agent.pk})
        assert (NUMBER in django_mail.outbox[-1].body) == is_known


def test_who_knows_a_part_of_a_customer_changes_and_merges_nothing(shared: House) -> None:
    contact, other = shared.contact, shared.customer(shared.theirs, "baska@example.com")
    mert, suna = Client(), Client()
    mert.force_login(shared.mert)
    suna.force_login(shared.suna)
    where, wish = f"/api/v1/contacts/{contact.pk}", {"email": "mert@evil.example"}
    assert mert.patch(where, wish, "application/json").status_code == 403
    body = {"other": str(other.pk)}
    assert mert.post(f"{where}/merge", body, "application/json").status_code == 403
    body = {"identity": str(other.identities.get().pk)}
    assert mert.post(f"{where}/link", body, "application/json").status_code == 403
    assert "/merge/" not in sheet(shared.mert, contact)
    for first, second in ((contact, other), (other, contact)):
        page = f"/console/contacts/{first.pk}/merge/"
        mert.post(page, {"other": second.pk, "survivor": first.pk})
    contact.refresh_from_db()
    assert (contact.email, contact.merged_into) == ("zeynep@example.com", None)
    assert not Contact.objects.exclude(merged_into=None).exists()
    # Who knows all of both may, and takes it back alone.
    assert suna.patch(where, {"name": "Zeynep Ak"}, "application/json").status_code == 200
    now = timezone.now()
    merge = merge_contacts(survivor=contact, other=other, keep={}, by=shared.suna, now=now)
    with pytest.raises(CustomerNotAuthorised):
        undo_merge(merge=merge, by=shared.mert, now=now)
    undo_merge(merge=merge, by=shared.suna, now=now)


def test_nobody_is_suggested_by_what_another_brand_was_told(shared: House) -> None:
    contact = shared.contact
    same = shared.customer(shared.theirs, "z@example.com", NUMBER, name="Z")
    assert others_like(access_of(shared.mert), [same.pk, contact.pk]) == {}
    assert set(others_like(access_of(shared.suna), [same.pk, contact.pk])) == {same.pk, contact.pk}
    # And what both were told both know.
    keep_identity(contact=contact, kind="phone", value=NUMBER, brand=shared.theirs)
    found = others_like(access_of(shared.mert), [same.pk])
    assert [each.contact for each in found[same.pk]] == [contact]


def test_an_address_of_a_stranger_is_not_made_a_shared_customers(shared: House) -> None:
    identity = shared.customer(shared.theirs, "x@example.com").identities.get()
    identity.is_verified = False
    identity.save()
    with pytest.raises(CustomerNotAuthorised):
        link_identity(identity=identity, contact=shared.contact, by=shared.mert)
    link_identity(identity=identity, contact=shared.contact, by=shared.suna)
