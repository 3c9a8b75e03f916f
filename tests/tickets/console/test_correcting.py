"""Customers corrected in a dialog, from their page and from a ticket."""

import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Permission
from tests.support.factories import make_agent, make_role
from tests.support.tickets import opened
from tickets.models import Apart, Contact, ContactChange
from tickets.operations.changes import change_ticket
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def zeynep(brand):
    contact = create_contact(
        name="Zeynep Ak",
        email="zeynep@example.com",
        phone="0532 000 11 22",
        language="tr",
        now=timezone.now(),
        is_email_verified=True,
    )
    opened(brand, contact=contact)
    return contact


def edit(desk, contact, status=200, **changes):
    """Press *Save* with what stands in the dialog but for some changes."""
    body = {name: getattr(contact, name) for name in ("name", "email", "phone", "language")}
    answer = desk.post(f"/console/contacts/{contact.pk}/edit/", body | {"cid": "c1"} | changes)
    assert answer.status_code == status
    return answer


def known_by(contact) -> set[tuple[str, bool]]:
    return set(contact.identities.values_list("value", "is_verified"))


def test_a_changed_address_is_not_proven_and_the_history_says_who_changed_what(desk, zeynep):
    dialog = desk.get(f"/console/contacts/{zeynep.pk}/edit/").content.decode()
    assert 'value="zeynep@example.com"' in dialog
    assert "Verified." in dialog
    answer = edit(desk, zeynep, 204, email="zeynep.ak@example.com", note="Calls after six.")
    told = json.loads(answer["Console-Events"])["customer:changed"]
    assert told == {"id": str(zeynep.pk), "name": "Zeynep Ak", "email": "zeynep.ak@example.com"}
    zeynep.refresh_from_db()
    assert (zeynep.email, zeynep.is_email_verified) == ("zeynep.ak@example.com", False)
    # What was proven stays theirs; only what was wrong goes.
    assert known_by(zeynep) == {
        ("zeynep@example.com", True),
        ("zeynep.ak@example.com", False),
        ("+905320001122", False),
    }
    edit(desk, zeynep, 204, email="z.ak@example.com", phone="0532 999 88 77")
    assert known_by(zeynep) == {
        ("zeynep@example.com", True),
        ("z.ak@example.com", False),
        ("+905329998877", False),
    }
    page = desk.get(f"/console/contacts/{zeynep.pk}/").content.decode()
    assert "E-mail: zeynep@example.com → zeynep.ak@example.com" in page
    assert "Phone: 0532 000 11 22 → 0532 999 88 77" in page
    assert "Calls after six." in page
    assert page.count("Elif Kaya · ") >= 3


def test_a_corrected_address_is_that_of_tickets_that_were_answered_elsewhere(desk, brand, zeynep):
    ticket = opened(brand, contact=zeynep, email="zeynep@gmial.com")
    assert "zeynep@gmial.com" in desk.get(f"/console/tickets/{ticket.pk}/").content.decode()
    edit(desk, zeynep, 204, email="zeynep@gmail.com")
    ticket.refresh_from_db()
    assert ticket.address == "zeynep@gmail.com"


def test_a_corrected_language_is_that_of_unfinished_tickets_and_of_those_to_come(
    desk, brand, zeynep
):
    waiting = zeynep.tickets.get()
    done = opened(brand, contact=zeynep)
    change_ticket(ticket=done, by=None, now=timezone.now(), changes={"status": "closed"})
    # What only says in which language somebody came binds nothing.
    assert opened(brand, contact=zeynep, language="en").language == "en"
    edit(desk, zeynep, 204, language="en")
    waiting.refresh_from_db()
    done.refresh_from_db()
    assert (waiting.language, done.language) == ("en", "tr")
    zeynep.refresh_from_db()
    assert opened(brand, contact=zeynep, language="tr").language == "en"


def test_from_the_customers_own_page_the_page_is_drawn_anew_without_the_list(desk, zeynep):
    assert f'hx-get="/console/contacts/{zeynep.pk}/edit/?page=1"' in (
        desk.get(f"/console/contacts/{zeynep.pk}/").content.decode()
    )
    answer = edit(desk, zeynep, page="1", name="Zeynep Işık", language="en")
    assert answer["HX-Retarget"] == "#customer-sheet"
    text = answer.content.decode()
    assert "Zeynep Işık" in text
    assert "Name: Zeynep Ak → Zeynep Işık" in text
    assert "Language: Türkçe → English" in text
    assert "<html" not in text
    # Found by the new name.
    assert "Zeynep Işık" in desk.get("/console/contacts/?q=ISIK").content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "zeynep@"}, "Enter a valid email address."),
        ({"email": "z@straße.example"}, "Please check the e-mail address."),
        ({"phone": "none"}, "A phone number has digits."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"language": "xx"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_changed(desk, zeynep, wrong, words):
    text = edit(desk, zeynep, **wrong, note="Kept").content.decode()
    [name] = wrong
    assert words in text.partition(f'id="edit-{name}_error"')[2].partition("</span>")[0]
    assert f'aria-describedby="edit-{name}_error"' in text
    assert re.search(rf'<[^>]+name="{name}"[^>]+autofocus', text)
    assert "Kept" in text
    assert not ContactChange.objects.exists()
    zeynep.refresh_from_db()
    assert zeynep.email == "zeynep@example.com"


def test_nothing_changed_leaves_no_line(desk, zeynep):
    edit(desk, zeynep, 204)
    assert not ContactChange.objects.exists()
    zeynep.refresh_from_db()
    assert zeynep.is_email_verified


def test_who_may_not_see_or_not_work_with_customers_changes_nothing(desk, brand, zeynep):
    stranger, reader = Client(), Client()
    stranger.force_login(make_agent(role=make_role(Permission.TICKETS, scope="own")))
    reader.force_login(make_agent(role=make_role(Permission.ARCHIVE, scope="all")))
    for client in (stranger, reader):
        assert client.get(f"/console/contacts/{zeynep.pk}/edit/").status_code == 404
        edit(client, zeynep, 404, name="Mallory")
    assert Contact.objects.get(pk=zeynep.pk).name == "Zeynep Ak"


def test_a_ticket_has_the_dialog_beside_it_and_shows_what_became_of_it(desk, zeynep):
    ticket = zeynep.tickets.get()
    side = desk.get(f"/console/tickets/{ticket.pk}/?part=side").content.decode()
    assert f'hx-get="/console/contacts/{zeynep.pk}/edit/"' in side
    edit(desk, zeynep, 204, name="Zeynep Işık")
    side = desk.get(f"/console/tickets/{ticket.pk}/?part=side").content.decode()
    assert 'id="ticket-customer"' in side
    assert "Zeynep Işık" in side


def twin_of(contact, brand):
    twin = create_contact(
        name="Z. Ak", email=contact.email, language="tr", now=timezone.now(), phone=""
    )
    opened(brand, contact=twin)
    return twin


@pytest.mark.parametrize("at_ticket", [True, False])
def test_who_is_somebody_else_is_suggested_at_neither_again(desk, brand, zeynep, at_ticket):
    twin = twin_of(zeynep, brand)
    page, side = (
        f"/console/contacts/{zeynep.pk}/",
        (f"/console/tickets/{zeynep.tickets.get().pk}/?part=side"),
    )
    others = f"/console/tickets/{twin.tickets.get().pk}/?part=side"
    for place in (page, side, others):
        text = desk.get(place).content.decode()
        assert "Somebody gave the same e-mail" in text
        assert "This is somebody else" in text
    headers = {"HX-Request": "true"} if at_ticket else {}
    answer = desk.post(f"{page}apart/", {"other": twin.pk}, headers=headers)
    assert answer.status_code == (204 if at_ticket else 302)
    for place in (page, side, others):
        assert "Somebody gave the same e-mail" not in desk.get(place).content.decode()


def test_only_who_works_with_both_tells_them_apart(desk, brand, zeynep):
    twin = twin_of(zeynep, brand)
    reader = Client()
    reader.force_login(make_agent(role=make_role(Permission.ARCHIVE, scope="all")))
    assert reader.post(f"/console/contacts/{zeynep.pk}/apart/", {"other": twin.pk}).status_code == (
        404
    )
    unseen = create_contact(name="X", email=zeynep.email, language="tr", now=timezone.now())
    for other in (unseen.pk, "x", ""):
        answer = desk.post(f"/console/contacts/{zeynep.pk}/apart/", {"other": other})
        assert answer.status_code == 404
    assert not Apart.objects.exists()
