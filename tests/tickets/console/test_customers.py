"""The pages of customers: whom one finds, and what happened with them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Permission
from chat.models import Conversation
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)
from tests.support.tickets import opened
from tickets.models import Contact, ContactNote, Identity
from tickets.operations.contacts import create_contact
from tickets.queries import timeline
from tickets.queries.customers import PAGE

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script>"><img src=x>'


def page(desk, path="", status=200) -> str:
    answer = desk.get(f"/console/contacts/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def known(brand, name, email="a@example.com", phone="") -> Contact:
    """Somebody with a ticket in the brand."""
    contact = create_contact(name=name, email=email, phone=phone, language="tr", now=timezone.now())
    opened(brand, f"Konu {name}", contact=contact)
    return contact


def test_who_meets_no_customers_finds_neither_page_nor_entry(client):
    client.force_login(make_agent(role=make_role(Permission.REPORTS), language="en"))
    page(client, status=404)
    assert "/console/contacts/" not in client.get("/profile/").content.decode()


def test_the_main_menu_leads_there(desk):
    assert 'href="/console/contacts/"' in page(desk)


@pytest.mark.parametrize(
    "words", ["IŞIK", "isik demir", "ISIK@example", "532 000 11", "05320001122"]
)
def test_name_address_and_number_are_found_whatever_the_letters(desk, brand, words):
    known(brand, "Işık Demir", "isik@example.com", "0532 000 1122")
    known(brand, "Baska Biri", "baska@example.com", "0212 999 8877")
    text = page(desk, f"?q={words}")
    assert "Işık Demir" in text
    assert "Baska Biri" not in text


def test_the_list_says_days_as_other_lists_do(desk, brand):
    contact = known(brand, "Işık Demir")
    assert f">{timezone.localtime(contact.created_at):%H:%M}</time>" in page(desk)


def test_who_is_found_by_nothing_is_said_to_be_so(desk, brand):
    known(brand, "Zeynep")
    assert "No customer fits." in page(desk, "?q=zzz")


def test_customers_of_others_are_not_found(desk, brand):
    theirs = known(make_brand(), "Yabanci")
    opened(make_brand(), "Baska ekip", team=make_team(), contact=theirs)
    assert "Yabanci" not in page(desk)
    page(desk, f"{theirs.pk}/", status=404)
    answer = desk.post(f"/console/contacts/{theirs.pk}/notes/", {"text": "x", "cid": "1"})
    assert answer.status_code == 404
    assert not ContactNote.objects.exists()


def test_pages_follow_each_other_without_gap(desk, brand):
    for index in range(PAGE + 3):
        known(brand, f"Kisi{index:03}x")
    first = page(desk)
    more = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    second = desk.get(more).content.decode()
    assert [f"Kisi{i:03}x" in first for i in (PAGE + 2, 3, 2)] == [True, True, False]
    assert [f"Kisi{i:03}x" in second for i in (3, 2, 0)] == [False, True, True]


def test_customers_are_filtered_by_brand_and_proof_in_the_console_and_by_the_api(desk, brand, team):
    other = make_brand(default_team=team)
    known(brand, "Ayla Proven", "ayla@example.com")
    Identity.objects.filter(value="ayla@example.com").update(is_verified=True)
    known(brand, "Bora Claims", "bora@example.com")
    known(other, "Cem Other", "cem@example.com")
    deniz = create_contact(
        name="Deniz Chats", email="d@example.com", language="tr", now=timezone.now()
    )
    make_conversation(make_visitor(other, contact=deniz), contact=deniz, team=team)

    def found(query: str) -> set[str]:
        text = page(desk, f"?{query}")
        asked = query.replace("=yes", "=true").replace("=no", "=false")
        answer = desk.get(f"/api/v1/contacts?{asked}")
        names = {each["name"].split()[0] for each in answer.json()["results"]}
        assert names == {name for name in ("Ayla", "Bora", "Cem", "Deniz") if name in text}
        return names

    assert found("") == {"Ayla", "Bora", "Cem", "Deniz"}
    assert found(f"brand={brand.pk}") == {"Ayla", "Bora"}
    assert found(f"brand={other.pk}") == {"Cem", "Deniz"}
    assert found("verified=yes") == {"Ayla"}
    assert found("verified=no") == {"Bora", "Cem", "Deniz"}
    assert found(f"brand={brand.pk}&verified=no&q=example") == {"Bora"}
    assert found(f"brand={other.pk}&verified=yes") == set()
    assert "No customer fits." in page(desk, f"?brand={other.pk}&verified=yes")
    page(desk, "?brand=999", status=404)


def test_a_filtered_list_goes_on_without_gap_and_asks_no_more_for_more(desk, brand, team):
    make_brand(default_team=team)
    for index in range(PAGE + 3):
        known(brand, f"Kisi{index:03}x", f"kisi{index}@example.com")
    query = f"?brand={brand.pk}&verified=no"
    with CaptureQueriesContext(connection) as many:
        first = page(desk, query)
    more = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    second = desk.get(more).content.decode()
    assert [f"Kisi{i:03}x" in first for i in (PAGE + 2, 3, 2)] == [True, True, False]
    assert [f"Kisi{i:03}x" in second for i in (3, 2, 0)] == [False, True, True]
    only = Contact.objects.get(name="Kisi000x")
    Contact.objects.exclude(pk=only.pk).update(merged_into=only)
    with CaptureQueriesContext(connection) as one:
        page(desk, query)
    assert len(many) == len(one)


def test_one_timeline_holds_chats_tickets_and_notes_newest_first(desk, brand, elif_):
    contact = known(brand, "Zeynep")
    visitor = make_visitor(brand, contact=contact)
    # Also one from before they were a customer.
    chat = make_conversation(visitor, assignee=elif_, topic_text="Beden sorusu")
    desk.post(f"/console/contacts/{contact.pk}/notes/", {"text": "Sabah aranmaz", "cid": "1"})
    text = page(desk, f"{contact.pk}/")
    places = [text.index(each) for each in ("Sabah aranmaz", "Beden sorusu", "Konu Zeynep")]
    assert places == sorted(places)
    assert f"/console/chats/{chat.public_id}/" in text


def test_the_timeline_says_what_a_chat_was_rated(desk, brand, elif_):
    contact = known(brand, "Zeynep")
    make_conversation(make_visitor(brand, contact=contact), assignee=elif_, rating=4)
    assert page(desk, f"{contact.pk}/").count("4 of 5") == 1
    told = desk.get(f"/api/v1/contacts/{contact.pk}").json()["timeline"]
    assert {row["kind"]: row["rating"] for row in told} == {"chat": 4, "ticket": None}


def test_the_timeline_holds_only_what_the_agent_may_see(desk, brand):
    contact = known(brand, "Zeynep")
    opened(make_brand(), "Gizli konu", team=make_team(), contact=contact)
    visitor = make_visitor(make_brand(), contact=contact)
    make_conversation(visitor, assignee=make_agent(), topic_text="Gizli sohbet")
    text = page(desk, f"{contact.pk}/")
    assert "Konu Zeynep" in text
    assert "Gizli" not in text


def test_the_timeline_goes_on_without_gap(desk, brand, monkeypatch):
    monkeypatch.setattr(timeline, "PAGE", 3)
    contact = known(brand, "Zeynep")
    at = timezone.now()
    for index in range(4):
        # All at once: what decides then is the row.
        opened(brand, f"Konu{index}x", contact=contact, now=at)
        ContactNote.objects.create(
            contact=contact, body=f"Not{index}x", client_id=str(index), created_at=at
        )
    seen, address = "", f"/console/contacts/{contact.pk}/?part=timeline"
    for _ in range(5):
        text = desk.get(address).content.decode()
        seen += text
        if "hx-get" not in text:
            break
        address = text.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert [seen.count(f"{word}{i}x") for word in ("Konu", "Not") for i in range(4)] == [1] * 8
    page(desk, f"{contact.pk}/?before=nonsense", status=404)


def test_the_same_note_again_is_one_and_one_without_words_is_refused(desk, brand):
    contact = known(brand, "Zeynep")
    address = f"/console/contacts/{contact.pk}/notes/"
    for _ in range(2):
        assert desk.post(address, {"text": "VIP", "cid": "7"}).status_code == 302
    assert ContactNote.objects.count() == 1
    refused = desk.post(address, {"text": "  ", "cid": "8"})
    assert refused.status_code == 400
    assert "A note has 1 to" in refused.content.decode()


def test_what_customers_are_called_is_text(desk, brand):
    contact = known(brand, HOSTILE)
    assert HOSTILE not in page(desk, f"{contact.pk}/")


def test_a_page_costs_no_more_queries_with_more_rows(desk, brand, elif_):
    contact = known(brand, "Zeynep")
    for index in range(8):
        known(brand, f"Kisi{index}")
        opened(brand, contact=contact)
        make_conversation(
            make_visitor(brand, contact=contact),
            assignee=elif_,
            status=Conversation.Status.RESOLVED,
        )
    for path, most in (("", 15), (f"{contact.pk}/", 25)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(desk, path)
        assert len(queries) <= most, len(queries)
