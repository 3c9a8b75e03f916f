"""The ticket desk's pages and actions, through the test client."""

import html
import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Permission, Role
from agents.operations.canned import add_canned_reply
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.console.showing import LINES
from tickets.mail.words import reason
from tickets.models import Delivery, Draft, Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.deliveries import end_delivery
from tickets.operations.entries import Said, add_said
from tickets.operations.tickets import open_ticket
from tickets.queries.desk import PAGE

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script>"><img src=x>'


@pytest.fixture
def elif_():
    return make_agent(
        role=make_role(scope=Role.Scope.TEAM), name="Elif Kaya", language="en", online=True
    )


@pytest.fixture
def team(elif_):
    return make_team(elif_)


@pytest.fixture
def brand(team):
    return make_brand(default_team=team)


@pytest.fixture
def desk(client, elif_, brand):
    client.force_login(elif_)
    return client


def opened(brand, subject="Kargo gelmedi", text="Kargom nerede?", name="Zeynep", **changes):
    now = changes.pop("now", None) or timezone.now()
    return open_ticket(
        **{
            "brand": brand,
            "contact": create_contact(
                name=name, email="zeynep@example.com", language="tr", now=now
            ),
            "topic": None,
            "subject": subject,
            "said": [Said(body=text, at=now)],
            "language": "tr",
            "source": "phone",
            "data": {},
            "origin_key": None,
            "by": None,
            "now": now,
        }
        | changes
    )


def page(desk, path="", status=200) -> str:
    answer = desk.get(f"/console/tickets/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def say(desk, ticket, text="Yola çıktı.", **more):
    body = {"text": text, "cid": str(uuid.uuid4()), "mode": "reply", "seen": ticket.last_seq}
    return desk.post(f"/console/tickets/{ticket.pk}/say/", body | more)


def test_who_does_not_work_on_tickets_finds_neither_desk_nor_entry(client):
    client.force_login(make_agent(role=make_role(Permission.CHAT), language="en"))
    page(client, status=404)
    assert "/console/tickets/" not in client.get("/profile/").content.decode()


def test_each_folder_shows_its_own(desk, brand, elif_, team):
    subjects = {
        "mine": opened(brand, "Benim isim", assignee=elif_).subject,
        "unassigned": opened(brand, "Kimsenin degil").subject,
    }
    waiting = opened(brand, "Bekleyen")
    Ticket.objects.filter(pk=waiting.pk).update(status="waiting", assignee=elif_)
    done = opened(brand, "Biten")
    Ticket.objects.filter(pk=done.pk).update(status="resolved")
    opened(make_brand(), "Yabanci", team=make_team())

    def shown(folder):
        text = page(desk, f"?folder={folder}&part=list")
        every = (*subjects.values(), "Bekleyen", "Biten", "Yabanci")
        return {each for each in every if each in text}

    assert shown("mine") == {"Benim isim", "Bekleyen"}
    assert shown("team") == {"Benim isim", "Kimsenin degil", "Bekleyen"}
    assert shown("unassigned") == {"Kimsenin degil"}
    assert shown("waiting") == {"Bekleyen"}
    assert shown("all") == {"Benim isim", "Kimsenin degil", "Bekleyen", "Biten"}


@pytest.mark.parametrize("words", ["IŞIK", "isik", "gecikti ışık", "KARGO"])
def test_subject_customer_and_words_are_found_whatever_the_letters(desk, brand, words):
    opened(brand, "Kargo gecikti", "Paketim yok", name="Işık Demir")
    opened(brand, "Baska", "Renk", name="Baska Biri")
    text = page(desk, f"?folder=all&part=list&q={words}")
    assert "Kargo gecikti" in text
    assert "Baska" not in text


def test_a_number_is_found_and_nothing_offers_to_clear(desk, brand):
    ticket = opened(brand)
    assert ticket.subject in page(desk, f"?folder=all&q=%23{ticket.pk}")
    assert "Clear the filters" in page(desk, "?folder=all&q=zzz")


def test_pages_follow_each_other_without_gap(desk, brand):
    for index in range(PAGE + 3):
        opened(brand, f"Konu{index:03}x")
    first = page(desk, "?folder=all&part=list")
    more = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    second = desk.get(more).content.decode()
    assert [f"Konu{i:03}x" in first for i in (PAGE + 2, 3, 2)] == [True, True, False]
    assert [f"Konu{i:03}x" in second for i in (3, 2, 0)] == [False, True, True]
    page(desk, "?after=nonsense", status=404)


def test_a_ticket_of_others_is_not_found(desk):
    foreign = opened(make_brand(), team=make_team())
    page(desk, f"{foreign.pk}/", status=404)
    assert say(desk, foreign).status_code == 404
    for path in ("change", "tags", "draft", "spam", "say/1/undo"):
        assert desk.post(f"/console/tickets/{foreign.pk}/{path}/").status_code == 404


def test_what_customers_write_is_text(desk, brand):
    ticket = opened(brand, HOSTILE, HOSTILE, name=HOSTILE)
    text = page(desk, f"{ticket.pk}/?folder=all")
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_a_reply_says_what_became_of_it_with_each_recipient(desk, brand):
    ticket = opened(brand)
    answer = say(desk, ticket, status="resolved", cc="b@example.com")
    assert "Reply is being sent" in answer["Console-Events"]
    assert Ticket.objects.get(pk=ticket.pk).status == "resolved"
    shown = page(desk, f"{ticket.pk}/?part=thread")
    assert "Yola çıktı." in shown
    assert "→ zeynep@example.com · On its way" in shown
    gone = Delivery.objects.get(address="b@example.com")
    end_delivery(delivery=gone, state="failed", code="absent", now=timezone.now())
    shown = page(desk, f"{ticket.pk}/?part=thread")
    assert f"→ b@example.com · Not delivered: {reason('absent')}" in html.unescape(shown)


def test_a_reply_to_nobody_is_kept_and_does_not_pretend(desk, brand):
    nobody = create_contact(name="Hakan", email="", phone="0532", language="tr", now=timezone.now())
    ticket = opened(brand, contact=nobody)
    assert "Reply kept in the ticket" in say(desk, ticket)["Console-Events"]
    assert not Delivery.objects.exists()


def test_a_reply_is_taken_back_for_a_moment_and_not_later(desk, brand, settings):
    ticket = opened(brand)
    said = json.loads(say(desk, ticket, status="waiting")["Console-Events"])["ticket:said"]
    assert said["seconds"] == settings.IMECE["REPLY_UNDO_SECONDS"]
    undo = f"/console/tickets/{ticket.pk}/say/{said['seq']}/undo/"
    back = json.loads(desk.post(undo)["Console-Events"])["ticket:unsaid"]
    assert (back["text"], back["to"]) == ("Yola çıktı.", "zeynep@example.com")
    # Whoever looks at another ticket by then is not given its words there.
    assert said["ticket"] == back["ticket"] == str(ticket.pk)
    assert Ticket.objects.get(pk=ticket.pk).status == "new"
    assert "Too late" in desk.post(undo)["Console-Events"]
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 0}
    said = json.loads(say(desk, ticket)["Console-Events"])["ticket:said"]
    undo = f"/console/tickets/{ticket.pk}/say/{said['seq']}/undo/"
    assert "Too late" in desk.post(undo)["Console-Events"]


def test_recipients_are_checked_and_what_was_typed_wrong_is_said(desk, brand):
    ticket = opened(brand)
    for more in ({"to": "nobody"}, {"cc": "a@example.com; b"}):
        assert "e-mail address" in say(desk, ticket, **more)["Console-Events"]
    for more in ({"text": " "}, {"file": "foreign"}):
        assert "can't be sent" in say(desk, ticket, **more)["Console-Events"].replace("\u2019", "'")
    say(desk, ticket, to="a@example.com", cc="b@example.com; c@example.com")
    shown = page(desk, f"{ticket.pk}/?part=thread")
    for address in ("a@example.com", "b@example.com", "c@example.com"):
        assert f"→ {address} · " in shown


def test_each_filter_narrows_the_list(desk, brand, elif_, team):
    topic, other = make_topic(brand, team), make_team(elif_)
    wanted = opened(brand, "Aranan", assignee=elif_, topic=topic, kind="complaint")
    desk.post(f"/console/tickets/{wanted.pk}/change/", {"priority": "urgent", "team": other.pk})
    desk.post(f"/console/tickets/{wanted.pk}/tags/", {"add": "İade"})
    Ticket.objects.filter(pk=wanted.pk).update(created_at="2026-03-01T12:00Z")
    opened(brand, "Digeri", source="offline")
    tag = wanted.tags.get()
    for query in (
        "status=open",
        "priority=urgent",
        "type=complaint",
        "source=phone",
        f"team={other.pk}",
        f"agent={elif_.public_id}",
        "agent=me",
        f"topic={topic.pk}",
        f"tag={tag.pk}",
        "tag=IADE",
        "from=2026-02-28&to=2026-03-01",
        "to=2026-03-01",
    ):
        text = page(desk, f"?folder=all&part=list&{query}")
        assert ("Aranan" in text, "Digeri" in text) == (True, False), query
    for query in ("agent=none", "topic=none", "from=2026-03-02"):
        text = page(desk, f"?folder=all&part=list&{query}")
        assert ("Aranan" in text, "Digeri" in text) == (False, True), query
    for query in ("team=x", "agent=x", "topic=²", "status=x", "spam=1"):
        assert "No ticket fits" in page(desk, f"?folder=all&part=list&{query}"), query
    shown = page(desk, f"?part=filters&team={other.pk}")
    assert f'<option value="{other.pk}" selected>' in shown


def test_spam_leaves_the_folders_and_the_counter_and_comes_back(desk, brand, elif_):
    ticket = opened(brand, assignee=elif_)
    url = f"/console/tickets/{ticket.pk}/spam/"
    assert ">1<" in page(desk, "?part=counter")
    desk.post(url, {"spam": "yes"})
    assert ticket.subject not in page(desk, "?folder=all&part=list")
    assert ticket.subject in page(desk, "?folder=all&part=list&spam=1")
    assert ">1<" not in page(desk, "?part=counter")
    desk.post(url, {"spam": "no"})
    assert ticket.subject in page(desk, "?folder=all&part=list")


def test_many_are_changed_tagged_and_changed_back(desk, brand, elif_):
    mine = [opened(brand, f"Talep {n}") for n in range(3)]
    foreign = opened(make_brand(), team=make_team())
    numbers = [ticket.pk for ticket in [*mine, foreign]]
    asked = desk.get("/console/tickets/many/", {"ticket": numbers[:3]}).content.decode()
    assert "Change 3 tickets" in asked
    body = {"ticket": numbers, "assignee": elif_.public_id, "tag": "iade", "priority": "high"}
    events = json.loads(desk.post("/console/tickets/many/", body)["Console-Events"])
    assert events["ticket:undoable"]["text"] == "3 tickets changed · 1 as before"
    changed = Ticket.objects.filter(assignee=elif_, priority="high", tags__name="iade")
    assert changed.count() == 3
    undo = events["ticket:undoable"]["url"]
    other = type(desk)()
    other.force_login(make_agent(role=make_role(scope=Role.Scope.TEAM), language="en"))
    assert "Too late" in other.post(undo)["Console-Events"]
    assert "3 tickets as before" in desk.post(undo)["Console-Events"]
    assert not Ticket.objects.exclude(assignee=None, priority="normal", tags=None).exists()
    assert "Too late" in desk.post(undo)["Console-Events"]
    wrong = desk.post("/console/tickets/many/", {"ticket": numbers, "tag": "x" * 60})
    assert "could not be changed" in wrong.content.decode()
    nothing = desk.post("/console/tickets/many/", {"ticket": numbers})
    assert "Nothing changed" in nothing["Console-Events"]


def test_canned_replies_are_filled_for_the_ticket(desk, brand, elif_):
    ticket = opened(brand, name="Zeynep Aksoy")
    reply = add_canned_reply(
        by=elif_, shortcut="iade", title="İade", body="Merhaba {{visitor.name}}", language="tr"
    )
    (offered,) = desk.get(f"/console/tickets/{ticket.pk}/canned/").json()["replies"]
    assert offered["text"] == "Merhaba Zeynep Aksoy"
    desk.post(f"/console/tickets/{ticket.pk}/canned/{reply.pk}/used/")
    reply.refresh_from_db()
    assert reply.used_count == 1


def test_a_mail_shows_its_sender_what_it_quotes_and_what_was_not_taken(desk, brand):
    data = {
        "from": "other@example.com",
        "rest": "> Merhaba",
        "refused": [{"name": "virus.exe", "reason": "kind"}],
        "stranger": True,
        "automatic": True,
        "files": [{"name": "gone.pdf"}],
    }
    now = timezone.now()
    ticket = opened(brand, said=[Said(body="Teşekkürler", at=now, data=data)])
    shown = html.unescape(page(desk, f"{ticket.pk}/?part=thread"))
    for text in (
        "other@example.com · ",
        "Not from the customer's address",
        "Automatic answer",
        "Earlier in this mail",
        "> Merhaba",
        "This file was not taken: virus.exe",
        "gone.pdf",
    ):
        assert text in shown, text


def test_earlier_lines_come_by_pages_and_stay_while_the_thread_is_drawn_anew(desk, brand):
    ticket = opened(brand)
    for n in range(LINES):
        said = [Said(body=f"Satir{n:03}x", at=timezone.now(), chat_id=1, chat_seq=n + 1)]
        add_said(ticket=ticket, chat_id=1, said=said, now=timezone.now())
    text = page(desk, f"{ticket.pk}/?part=ticket")
    assert "Kargom nerede?" not in text
    more = text.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "Kargom nerede?" in desk.get(more).content.decode()
    assert "Kargom nerede?" in page(desk, f"{ticket.pk}/?part=thread&from=1")


def test_a_reply_past_something_new_asks_first(desk, brand, elif_, team):
    ticket = opened(brand)
    mert = make_agent(role=make_role(scope=Role.Scope.TEAM))
    team.agents.add(mert)
    other = type(desk)()
    other.force_login(mert)
    say(other, ticket, "Ben bakıyorum", mode="note")
    answer = say(desk, ticket)
    assert "ticket:news" in answer["Console-Events"]
    assert not ticket.entries.filter(agent=elif_).exists()


def test_properties_and_tags_change_and_refusals_say_why(desk, brand, elif_, team):
    ticket = opened(brand)
    topic = make_topic(brand, team)
    url = f"/console/tickets/{ticket.pk}/"
    for field, value in {
        "priority": "urgent",
        "type": "complaint",
        "topic": topic.pk,
        "assignee": elif_.public_id,
        "team": "",
    }.items():
        assert "toast" not in desk.post(f"{url}change/", {field: value})["Console-Events"]
    desk.post(f"{url}tags/", {"add": "İade"})
    now = Ticket.objects.get(pk=ticket.pk)
    assert (now.priority, now.type, now.topic, now.assignee, now.team, now.status) == (
        "urgent",
        "complaint",
        topic,
        elif_,
        None,
        "open",
    )
    shown = page(desk, f"{ticket.pk}/?part=thread")
    assert "Tag added: İade" in shown
    stranger = make_agent(role=make_role(Permission.CHAT))
    refused = desk.post(f"{url}change/", {"assignee": stranger.public_id})
    assert "does not work on tickets" in refused["Console-Events"]
    assert "toast" in desk.post(f"{url}change/", {"team": "²"})["Console-Events"]


def test_a_draft_comes_back_and_a_colleague_sees_who_is_answering(desk, brand, team):
    ticket = opened(brand)
    desk.post(f"/console/tickets/{ticket.pk}/draft/", {"text": "Merhaba Zey", "mode": "note"})
    assert "Merhaba Zey" in page(desk, f"{ticket.pk}/")
    mert = make_agent(role=make_role(scope=Role.Scope.TEAM), language="en")
    team.agents.add(mert)
    desk.force_login(mert)
    text = page(desk, f"{ticket.pk}/")
    assert "Elif Kaya is answering" in text
    assert "Merhaba Zey" not in text
    assert Draft.objects.count() == 1


def test_a_call_becomes_a_ticket_once(desk, brand, elif_):
    body = {
        "brand": brand.pk,
        "name": "Hakan",
        "phone": "0532",
        "subject": "Fatura",
        "type": "complaint",
        "priority": "high",
        "text": "Adres yanlış",
        "mine": "on",
        "cid": "x1",
    }
    first, again = (desk.post("/console/tickets/new/", body) for _ in range(2))
    ticket = Ticket.objects.get()
    assert first["Location"] == again["Location"] == f"/console/tickets/{ticket.pk}/"
    assert (ticket.source, ticket.type, ticket.assignee) == ("phone", "complaint", elif_)
    assert (ticket.priority, ticket.contact.phone, ticket.status) == ("high", "0532", "open")
    elsewhere = make_topic(make_brand())
    for wrong in ({"subject": ""}, {"topic": elsewhere.pk}):
        answer = desk.post("/console/tickets/new/", body | {"cid": "x2"} | wrong)
        assert answer.status_code == 400
    assert Ticket.objects.count() == 1


def test_a_page_costs_a_bounded_number_of_queries(desk, brand, elif_):
    for _ in range(5):
        ticket = opened(brand, assignee=elif_)
    counts = {}
    for path in ("", f"{ticket.pk}/", f"{ticket.pk}/?part=thread", f"{ticket.pk}/?part=side"):
        with CaptureQueriesContext(connection) as queries:
            page(desk, path)
        counts[path] = len(queries)
    assert counts.pop(f"{ticket.pk}/") <= 18
    assert max(counts.values()) <= 15, counts
