"""Working on tickets: properties, replies, notes, tags, drafts, many at once."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from agents.access import access_of
from agents.models import Permission, Role
from config.files.cleaning import clean_file
from config.web.rate_limits import Limit
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.models import Draft, Entry, Ticket
from tickets.operations import drafts
from tickets.operations.changes import NotTheirs, WrongValue, change_ticket, mark_spam
from tickets.operations.contacts import create_contact
from tickets.operations.customers_words import hear_customer
from tickets.operations.drafts import save_ticket_draft
from tickets.operations.entries import Said
from tickets.operations.files import keep_file
from tickets.operations.merging import merge_contacts
from tickets.operations.replies import (
    SomethingNew,
    TooLateToUnsay,
    UnknownFile,
    UnsayableText,
    say,
    unsay,
)
from tickets.operations.tags import change_ticket_tags
from tickets.operations.tickets import open_ticket
from tickets.queries.ticket_list import Folder, tickets_in
from tickets.rights import TicketNotAuthorised

pytestmark = pytest.mark.django_db


def opened(brand, team=None, **changes) -> Ticket:
    now = timezone.now()
    return open_ticket(
        **{
            "brand": brand,
            "contact": create_contact(name="İpek", email="i@example.com", language="tr", now=now),
            "topic": None,
            "team": team,
            "subject": "İade",
            "said": [Said(body="Kargom nerede?", at=now)],
            "language": "tr",
            "source": Ticket.Source.PHONE,
            "data": {},
            "origin_key": None,
            "by": None,
            "now": now,
        }
        | changes
    )


@pytest.fixture
def elif_():
    return make_agent(role=make_role(scope=Role.Scope.TEAM), name="Elif")


@pytest.fixture
def team(elif_):
    return make_team(elif_)


@pytest.fixture
def ticket(team) -> Ticket:
    return opened(make_brand(), team)


def change(ticket, by, **changes) -> Ticket:
    return change_ticket(ticket=ticket, by=by, now=timezone.now(), changes=changes)


def reply(ticket, by, text="Yola çıktı.", client_id="c1", **more):
    return say(ticket=ticket, by=by, text=text, client_id=client_id, now=timezone.now(), **more)


def found(agent, words: str) -> list[Ticket]:
    return list(tickets_in(access_of(agent), Folder.ALL, brand_id=None, wish={"q": words}))


def last(ticket) -> Entry:
    return ticket.entries.order_by("-seq")[0]


def test_a_change_names_both_sides_by_id_and_the_same_again_writes_nothing(elif_, ticket):
    mert = make_agent(name="Mert")
    ticket.team.agents.add(mert)
    change(ticket, elif_, assignee=elif_)
    change(ticket, elif_, assignee=mert)
    change(ticket, elif_, assignee=mert)
    line = last(ticket)
    assert (line.kind, line.agent) == ("assigned", elif_)
    assert (line.data["from_id"], line.data["to_id"]) == (elif_.public_id, mert.public_id)
    kinds = list(ticket.entries.order_by("seq").values_list("kind", flat=True))
    # Whoever takes a new ticket opens it.
    assert kinds == ["created", "message", "status", "assigned", "assigned"]


def test_a_change_tells_the_screens_of_the_brand(elif_, ticket, announced):
    change(ticket, elif_, priority="urgent")
    (event,) = [each for each in announced if each.name == "ticket.changed"]
    (delivery,) = event.deliveries()
    assert delivery.group == f"desk.{ticket.brand_id}"
    assert (event.what, event.head) == ("priority", 3)


def test_values_of_other_brands_and_unknown_ones_are_refused(elif_, ticket):
    for changes in (
        {"topic": make_topic(make_brand())},
        {"status": "lost"},
        {"priority": ""},
        {"type": "x"},
        {"subject": " "},
    ):
        with pytest.raises(WrongValue):
            change(ticket, elif_, **changes)
    assert ticket.entries.count() == 2


def test_who_could_not_see_the_ticket_does_not_get_it(elif_, ticket):
    stranger = make_agent(role=make_role(Permission.CHAT))
    with pytest.raises(NotTheirs):
        change(ticket, elif_, assignee=stranger)
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_who_does_not_see_a_ticket_changes_nothing_and_says_nothing(ticket):
    stranger = make_agent()
    with pytest.raises(TicketNotAuthorised):
        change(ticket, stranger, status="open")
    with pytest.raises(TicketNotAuthorised):
        reply(ticket, stranger)
    with pytest.raises(TicketNotAuthorised):
        change_ticket_tags(ticket=ticket, add=["iade"], by=stranger, now=timezone.now())


def test_the_same_reply_again_is_one_line_and_opens_a_new_ticket(elif_, ticket):
    first, is_new = reply(ticket, elif_, cc=["b@example.com"])
    again, is_new_again = reply(ticket, elif_)
    assert (first, is_new, is_new_again) == (again, True, False)
    now = Ticket.objects.get(pk=ticket.pk)
    assert (now.status, now.cc, now.preview) == ("open", ["b@example.com"], "Yola çıktı.")
    assert first.data["to"] == "i@example.com"


def test_a_note_is_not_public_and_leaves_status_and_preview(elif_, ticket):
    entry, _ = reply(ticket, elif_, is_note=True)
    now = Ticket.objects.get(pk=ticket.pk)
    assert (entry.kind, now.status, now.preview) == ("note", "new", "Kargom nerede?")
    assert "yola cikti" in now.search


def test_a_reply_takes_its_status_along(elif_, ticket):
    reply(ticket, elif_, status="waiting")
    assert Ticket.objects.get(pk=ticket.pk).status == "waiting"
    assert last(ticket).data["to"] == "waiting"


def test_a_reply_asks_first_when_somebody_else_wrote_meanwhile(elif_, ticket):
    mert = make_agent(role=make_role(scope=Role.Scope.TEAM))
    ticket.team.agents.add(mert)
    seen = Ticket.objects.get(pk=ticket.pk).last_seq
    reply(ticket, mert, "Ben bakıyorum", "m1", is_note=True)
    with pytest.raises(SomethingNew) as refused:
        reply(ticket, elif_, seen=seen)
    reply(ticket, elif_, seen=refused.value.head)
    # One's own words are nothing new.
    reply(ticket, elif_, client_id="c2", seen=refused.value.head)


def test_nothing_and_too_much_are_refused(elif_, ticket):
    for text in ("", " \u200b", "x" * 10_001, "a\0b"):
        with pytest.raises(UnsayableText):
            reply(ticket, elif_, text)


def test_tags_are_put_on_once_and_taken_off(elif_, ticket):
    now = timezone.now()
    change_ticket_tags(ticket=ticket, add=["İade", "iade"], by=elif_, now=now)
    assert [tag.name for tag in ticket.tags.all()] == ["İade"]
    assert last(ticket).data["added"] == "İade"
    change_ticket_tags(ticket=ticket, remove=["IADE"], by=elif_, now=now)
    assert not ticket.tags.exists()


def test_a_draft_is_ones_own_tells_colleagues_and_goes_with_the_reply(elif_, ticket, announced):
    save_ticket_draft(ticket=ticket, agent=elif_, text="Mer", mode="reply", now=timezone.now())
    assert Draft.objects.get(ticket=ticket, agent=elif_).text == "Mer"
    (typing,) = [each for each in announced if each.name == "ticket.typing"]
    assert (typing.on, typing.agent) == (True, elif_.public_id)
    reply(ticket, elif_)
    assert not Draft.objects.exists()


def test_who_types_without_end_is_told_to_colleagues_only_so_often(
    elif_, ticket, announced, monkeypatch
):
    monkeypatch.setattr(drafts, "TYPING", Limit("typing-few", 3))
    for number in range(10):
        text = f"Mer{number}" if number % 2 else ""
        save_ticket_draft(ticket=ticket, agent=elif_, text=text, mode="reply", now=timezone.now())
    assert Draft.objects.get(ticket=ticket, agent=elif_).text == "Mer9"
    assert len([each for each in announced if each.name == "ticket.typing"]) == 3


def uploaded(by, name="etiket.txt"):
    file = clean_file(b"7741 0923", name, pay=lambda _: None)
    with keep_file(file=file, by=by, now=timezone.now()) as kept:
        return kept


def test_files_of_ones_own_go_with_a_reply_and_those_of_others_do_not(elif_, ticket):
    own, foreign = uploaded(elif_), uploaded(make_agent())
    entry, _ = reply(ticket, elif_, "", file_ids=[own.public_id])
    assert (entry.body, list(entry.files.all())) == ("etiket.txt", [own])
    for ids in ([foreign.public_id], ["gone"], [uploaded(elif_).public_id for _ in range(11)]):
        with pytest.raises(UnknownFile):
            reply(ticket, elif_, client_id="c2", file_ids=ids)


def test_a_reply_taken_back_leaves_the_ticket_as_it_was_and_is_a_draft_again(elif_, ticket):
    file = uploaded(elif_)
    entry, _ = reply(
        ticket, elif_, status="resolved", cc=["b@example.com"], file_ids=[file.public_id]
    )
    unsaid = unsay(entry=entry, by=elif_, now=timezone.now())
    assert (unsaid.text, unsaid.cc, unsaid.files) == ("Yola çıktı.", ["b@example.com"], [file.wire])
    now = Ticket.objects.get(pk=ticket.pk)
    assert (now.status, now.cc, now.preview) == ("new", [], "Kargom nerede?")
    assert "yola cikti" not in now.search
    assert list(now.entries.order_by("seq").values_list("kind", flat=True)) == [
        "created",
        "message",
    ]
    assert Draft.objects.get(ticket=ticket, agent=elif_).text == "Yola çıktı."
    # Its number is not given again: whoever has seen so far would miss what comes.
    later, _ = reply(ticket, elif_, client_id="c2")
    assert later.seq > entry.seq


def test_who_came_into_cc_meanwhile_stays_unless_the_agent_took_them_out(elif_, ticket):
    reply(ticket, elif_, cc=["a@example.com", "b@example.com"])
    shown = ["a@example.com", "b@example.com"]
    hear_customer(
        ticket=ticket,
        body="Eşim de okusun",
        data={},
        source="email",
        cc=["C@example.com"],
        now=timezone.now(),
    )
    entry, _ = reply(ticket, elif_, client_id="c2", cc=["d@example.com", *shown], cc_shown=shown)
    all_four = ["d@example.com", "a@example.com", "b@example.com", "C@example.com"]
    assert Ticket.objects.get(pk=ticket.pk).cc == entry.data["cc"] == all_four
    # A colleague whose page is as old takes out whom they took out, and brings back nobody.
    entry, _ = reply(ticket, elif_, client_id="c3", cc=["b@example.com"], cc_shown=shown)
    assert entry.data["cc"] == ["b@example.com", "d@example.com", "C@example.com"]
    entry, _ = reply(ticket, elif_, client_id="c4", cc=shown, cc_shown=shown)
    assert entry.data["cc"] == ["b@example.com", "d@example.com", "C@example.com"]
    assert set(Entry.objects.get(pk=entry.pk).deliveries.values_list("address", flat=True)) == {
        *("b@example.com", "d@example.com", "C@example.com", "i@example.com")
    }
    # Whoever says all of it, as the API does, is taken at their word.
    entry, _ = reply(ticket, elif_, client_id="c5", cc=["a@example.com"])
    assert entry.data["cc"] == ["a@example.com"]


def test_a_reply_stays_once_it_may_have_left_and_so_do_those_of_others(elif_, ticket, settings):
    mert = make_agent(role=make_role(scope=Role.Scope.TEAM))
    ticket.team.agents.add(mert)
    entry, _ = reply(ticket, elif_)
    with pytest.raises(TooLateToUnsay):
        unsay(entry=entry, by=mert, now=timezone.now())
    late = entry.created_at + timedelta(seconds=settings.IMECE["REPLY_UNDO_SECONDS"])
    with pytest.raises(TooLateToUnsay):
        unsay(entry=entry, by=elif_, now=late)
    note, _ = reply(ticket, elif_, client_id="n1", is_note=True)
    with pytest.raises(TooLateToUnsay):
        unsay(entry=note, by=elif_, now=timezone.now())
    assert ticket.entries.filter(pk=entry.pk).exists()


def test_a_reply_taken_back_keeps_the_status_that_somebody_gave_meanwhile(elif_, ticket):
    entry, _ = reply(ticket, elif_, status="waiting")
    change(ticket, elif_, status="on_hold")
    unsay(entry=entry, by=elif_, now=timezone.now())
    assert Ticket.objects.get(pk=ticket.pk).status == "on_hold"


def test_words_taken_back_are_not_found_though_a_customer_wrote_meanwhile(elif_, ticket):
    change(ticket, elif_, subject="Değişim")
    merge_contacts(
        survivor=ticket.contact,
        other=create_contact(name="Eski Ad", email="", language="tr", now=timezone.now()),
        keep={},
        by=make_agent(role=make_role("admin")),
        now=timezone.now(),
    )
    entry, _ = reply(ticket, elif_, status="waiting")
    hear_customer(ticket=ticket, body="Hâlâ gelmedi!", data={}, source="email", now=timezone.now())
    reply(ticket, elif_, "Arayacağım.", client_id="n1", is_note=True)
    assert found(elif_, "çıktı") == [ticket]
    unsay(entry=entry, by=elif_, now=timezone.now())
    assert found(elif_, "çıktı") == []
    for word in ("nerede", "gelmedi", "arayacağım", "iade", "değişim", "İpek", "i@example", "eski"):
        assert found(elif_, word) == [ticket], word
    now = Ticket.objects.get(pk=ticket.pk)
    # Opened again by the customer, which stays; so does the line of what it was before.
    assert (now.status, now.preview) == ("open", "Hâlâ gelmedi!")


def test_only_the_status_that_went_with_a_reply_is_taken_back(elif_, ticket):
    change(ticket, elif_, status="on_hold")
    # Both in the same moment.
    with time_machine.travel(timezone.now(), tick=False):
        entry, _ = reply(ticket, elif_)
        change(ticket, elif_, status="waiting")
        unsay(entry=entry, by=elif_, now=timezone.now())
    assert Ticket.objects.get(pk=ticket.pk).status == "waiting"


def test_spam_is_marked_once_and_comes_back(elif_, ticket):
    for is_spam in (True, True, False):
        mark_spam(ticket=ticket, is_spam=is_spam, by=elif_, now=timezone.now())
    lines = ticket.entries.filter(kind="changed")
    assert [line.data["to"] for line in lines.order_by("seq")] == ["True", "False"]
    with pytest.raises(TicketNotAuthorised):
        mark_spam(ticket=ticket, is_spam=True, by=make_agent(), now=timezone.now())


def test_words_are_found_by_any_part_of_three_letters_and_by_a_beginning_of_fewer(elif_, team):
    words = "Küçük (XL) beden,\n42'lik ayakkabı: a-b, “qz” mi? [wy] bedava我们"
    said = [Said(body=words, at=timezone.now())]
    ticket = opened(make_brand(), team, subject="TV kumandası", said=said)
    for words in (
        "tv",
        "T",
        "xl",
        "42",
        "lik",
        "manda",
        "AYAKKABI",
        "a-b",
        "-b",
        "tv xl küç",
        "qz",
        "wy",
        "我们",
        "...",
    ):
        assert found(elif_, words) == [ticket], words
    for words in ("v", "ük", "da", "tv zz", "x.", "yokboyle", "(tv"):
        assert found(elif_, words) == [], words
