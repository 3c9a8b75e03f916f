"""The page on which two customers become one, and two again."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.support.factories import make_agent, make_brand, make_role, make_team
from tests.support.tickets import opened
from tickets.models import Contact, Merge, Ticket
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db


def known(brand, name, email, **more) -> Contact:
    contact = create_contact(name=name, email=email, language="tr", now=timezone.now(), **more)
    opened(brand, f"Konu {name}", contact=contact)
    return contact


def page(desk, path, status=200) -> str:
    answer = desk.get(f"/console/contacts/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def owners() -> dict[str, str]:
    return dict(Ticket.objects.values_list("subject", "contact__name"))


@pytest.fixture
def zeynep(brand):
    return known(brand, "Zeynep Ak", "zeynep@example.com")


@pytest.fixture
def twin(brand):
    return known(brand, "Z. Ak", "z@work.example", phone="0532 000 11 22")


def test_two_become_one_that_was_chosen_and_two_again(desk, zeynep, twin):
    found = page(desk, f"{zeynep.pk}/merge/?who=work.example")
    assert f"?other={twin.pk}" in found
    shown = page(desk, f"{zeynep.pk}/merge/?other={twin.pk}")
    assert all(word in shown for word in ("zeynep@example.com", "z@work.example", "Tickets: 1"))
    body = {"other": twin.pk, "survivor": twin.pk, "name": zeynep.pk, "email": twin.pk}
    answer = desk.post(f"/console/contacts/{zeynep.pk}/merge/", body)
    assert (answer.status_code, answer.url) == (302, f"/console/contacts/{twin.pk}/")
    twin.refresh_from_db()
    assert (twin.name, twin.email) == ("Zeynep Ak", "z@work.example")
    assert owners() == {"Konu Zeynep Ak": "Zeynep Ak", "Konu Z. Ak": "Zeynep Ak"}
    one = page(desk, f"{twin.pk}/")
    assert "Merged with Zeynep Ak" in one
    # Whoever kept the address of the other comes to the one that stays.
    assert desk.get(f"/console/contacts/{zeynep.pk}/").url == f"/console/contacts/{twin.pk}/"
    stranger = Client()
    stranger.force_login(make_agent(role=make_role("tickets", brands=(make_brand(),))))
    page(stranger, f"{zeynep.pk}/", status=404)
    back = desk.post(f"/console/merges/{Merge.objects.get().pk}/undo/")
    assert back.url == f"/console/contacts/{twin.pk}/"
    assert owners() == {"Konu Zeynep Ak": "Zeynep Ak", "Konu Z. Ak": "Z. Ak"}
    assert "Merged with" not in page(desk, f"{twin.pk}/")


def test_who_is_known_by_the_same_is_named_and_offered_first(desk, brand, zeynep):
    same = known(brand, "Zeynep A", "ZEYNEP@example.com")
    text = page(desk, f"{zeynep.pk}/")
    assert "Somebody gave the same e-mail" in text
    assert f"/console/contacts/{zeynep.pk}/merge/?other={same.pk}" in text
    assert f"?other={same.pk}" in page(desk, f"{zeynep.pk}/merge/")


def test_whom_one_may_not_see_is_neither_found_nor_merged(desk, zeynep):
    theirs = known(make_brand(default_team=make_team()), "Gizli", "zeynep@example.com")
    assert "Gizli" not in page(desk, f"{zeynep.pk}/")
    for query in ("who=gizli", f"other={theirs.pk}"):
        assert "Gizli" not in page(desk, f"{zeynep.pk}/merge/?{query}")
    desk.post(f"/console/contacts/{zeynep.pk}/merge/", {"other": theirs.pk, "survivor": zeynep.pk})
    page(desk, f"{theirs.pk}/merge/", status=404)
    assert not Merge.objects.exists()


def test_who_may_not_merge_has_neither_button_nor_page(client, brand, team, zeynep, twin):
    reader = make_agent(role=make_role("chat", scope="all"), language="en")
    team.agents.add(reader)
    client.force_login(reader)
    page(client, f"{zeynep.pk}/merge/", status=404)
    assert client.post("/console/merges/1/undo/").status_code == 404


def test_what_customers_are_called_is_text_there_too(desk, brand, zeynep):
    hostile = known(brand, '<script>x</script>"><img>', "zeynep@example.com")
    for path in (f"{zeynep.pk}/", f"{zeynep.pk}/merge/?other={hostile.pk}"):
        assert "<script>x" not in page(desk, path)
