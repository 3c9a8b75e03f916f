"""Opening tickets."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.support.factories import make_agent, make_brand, make_team, make_topic
from tickets.models import Entry, Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.entries import Said, add_said
from tickets.operations.tickets import open_ticket, subject_of, subject_of_words

pytestmark = pytest.mark.django_db


def open_one(**changes) -> Ticket:
    now = timezone.now()
    brand = changes.pop("brand", None) or make_brand()
    wish = {
        "brand": brand,
        "contact": create_contact(name="İpek Işık", email="i@example.com", language="tr", now=now),
        "topic": None,
        "subject": "İade",
        "said": [Said(body="İade etmek istiyorum", at=now, chat_id=7, chat_seq=2)],
        "language": "tr",
        "source": Ticket.Source.CHAT,
        "data": {},
        "origin_key": None,
        "by": None,
        "now": now,
    }
    return open_ticket(**wish | changes)


def test_numbers_are_given_in_order_and_lines_are_dense() -> None:
    first, second = open_one(), open_one()
    assert second.number > first.number
    assert list(first.entries.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert first.last_seq == 2


def test_the_same_origin_is_the_same_ticket() -> None:
    assert open_one(origin_key="visitor:1:x") == open_one(origin_key="visitor:1:x")
    assert Ticket.objects.count() == 1


def test_the_only_team_of_the_topic_gets_it_else_the_default_team_else_all_of_them() -> None:
    default, one, two = make_team(), make_team(), make_team()
    brand = make_brand(default_team=default)
    assert open_one(brand=brand).team == default
    assert open_one(brand=brand, topic=make_topic(brand)).team == default
    assert open_one(brand=brand, topic=make_topic(brand, one)).team == one
    shared = open_one(brand=brand, topic=make_topic(brand, one, two))
    assert shared.team is None
    member = make_agent()
    two.agents.add(member)
    assert list(Ticket.objects.visible_to(member)) == [shared]


def test_who_opened_it_is_written_down() -> None:
    agent = make_agent()
    created = open_one(by=agent).entries.get(kind=Entry.Kind.CREATED)
    assert (created.author_kind, created.agent) == ("agent", agent)


def test_the_same_words_of_a_chat_are_added_once() -> None:
    ticket, now = open_one(), timezone.now()
    more = Said(body="Kutusu açık", at=now, chat_id=7, chat_seq=5)
    earlier = Said(body="İade etmek istiyorum", at=now, chat_id=7, chat_seq=2)
    assert add_said(ticket=ticket, chat_id=7, said=[earlier, more], now=now) == 1
    assert add_said(ticket=ticket, chat_id=7, said=[earlier, more], now=now) == 0
    assert list(ticket.entries.order_by("seq").values_list("seq", "body"))[1:] == [
        (2, "İade etmek istiyorum"),
        (3, "Kutusu açık"),
    ]


def test_a_subject_is_one_line_as_long_as_its_column_and_one_of_words_is_shorter() -> None:
    assert subject_of("  bir\n\tiki ") == "bir iki"
    assert subject_of("x" * 200) == "x" * 200
    for cut, most in ((subject_of("kelime " * 40), 200), (subject_of_words("kelime " * 40), 80)):
        assert most - 8 < len(cut) <= most
        assert cut.endswith("…")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["System\nOpened: Live chat", "Status: On hold", "Ayşe\nInternal note: call"]),
        ("tr", ["Sistem\nAçıldı: Canlı sohbet", "Durum: Askıda", "Atanan: Ayşe", "İç not: call"]),
    ],
)
def test_the_timeline_of_the_administration_says_what_happened(client, language, words) -> None:
    ticket, ayse = open_one(), make_agent(name="Ayşe")
    lines = [("assigned", "", {"to": "Ayşe"}), ("status", "", {"to": "on_hold"})]
    for seq, (kind, body, data) in enumerate([*lines, ("note", "call", {})], start=3):
        Entry.objects.create(
            ticket=ticket, seq=seq, kind=kind, author_kind="agent", agent=ayse, body=body, data=data
        )
    client.force_login(make_agent(is_staff=True, is_superuser=True, language=language))
    page = client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    text = page.replace("<br>", "\n")
    assert [each for each in words if each not in text] == []
