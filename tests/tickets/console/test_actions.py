"""What agents do at the ticket desk, through the test client."""

import html
import json

import pytest
from django.utils import timezone

from agents.models import Permission, Role
from agents.operations.canned import add_canned_reply
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tests.support.tickets import opened, page, say
from tickets.mail.words import reason
from tickets.models import Delivery, Draft, Ticket
from tickets.operations.contacts import create_contact, verify_email
from tickets.operations.customers_words import hear_customer
from tickets.operations.deliveries import end_delivery

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script>"><img src=x>'


def test_a_ticket_of_others_is_not_found(desk):
    foreign = opened(make_brand(), team=make_team())
    page(desk, f"{foreign.pk}/", status=404)
    assert say(desk, foreign).status_code == 404
    for path in ("change", "tags", "draft", "spam", "block", "say/1/undo"):
        assert desk.post(f"/console/tickets/{foreign.pk}/{path}/").status_code == 404


def test_a_reply_says_what_became_of_it_with_each_recipient(desk, brand):
    ticket = opened(brand)
    answer = say(desk, ticket, status="resolved", cc="b@example.com")
    assert "Reply is being sent" in answer["Console-Events"]
    assert Ticket.objects.get(pk=ticket.pk).status == "resolved"
    shown = page(desk, f"{ticket.pk}/?part=thread")
    assert "Yola çıktı." in shown
    assert "→ zeynep@example.com · On its way" in shown
    assert "Cc: b@example.com" in shown
    gone = Delivery.objects.get(address="b@example.com")
    end_delivery(delivery=gone, state="failed", code="absent", now=timezone.now())
    shown = page(desk, f"{ticket.pk}/?part=thread")
    assert f"→ b@example.com · Not delivered: {reason('absent')}" in html.unescape(shown)


def test_a_reply_to_nobody_is_kept_and_does_not_pretend(desk, brand):
    nobody = create_contact(name="Hakan", email="", phone="0532", language="tr", now=timezone.now())
    ticket = opened(brand, contact=nobody)
    assert "Reply kept in the ticket" in say(desk, ticket)["Console-Events"]
    assert not Delivery.objects.exists()


def test_where_no_address_is_known_the_next_reply_goes_where_the_last_one_went(desk, brand):
    contact = create_contact(name="Can", email="", language="tr", now=timezone.now())
    ticket = opened(brand, contact=contact)
    assert 'name="to" value=""' in page(desk, f"{ticket.pk}/?part=ticket")
    say(desk, ticket, to="can@example.com")
    assert 'name="to" value="can@example.com"' in page(desk, f"{ticket.pk}/?part=ticket")


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
        events = json.loads(say(desk, ticket, **more)["Console-Events"])
        assert events["console:toast"]["text"].startswith(f"#{ticket.pk}: Please check the e-mail")
    for more in ({"text": " "}, {"file": "foreign"}):
        assert "can't be sent" in say(desk, ticket, **more)["Console-Events"].replace("\u2019", "'")
    say(desk, ticket, to="a@example.com", cc="b@example.com; c@example.com")
    shown = page(desk, f"{ticket.pk}/?part=thread")
    for address in ("a@example.com", "b@example.com", "c@example.com"):
        assert f"→ {address} · " in shown


def test_an_open_page_takes_nobody_out_of_cc_whom_it_never_showed(desk, brand):
    ticket = opened(brand)
    shown = page(desk, f"{ticket.pk}/?part=ticket")
    assert 'name="cc_shown" value=""' in shown
    hear_customer(
        ticket=ticket,
        body="Eşim de okusun",
        data={},
        source="email",
        cc=["es@example.com"],
        now=timezone.now(),
    )
    seen = {"seen": 99, "cc_shown": ""}
    said = json.loads(say(desk, ticket, cc="", **seen)["Console-Events"])["ticket:said"]
    assert Ticket.objects.get(pk=ticket.pk).cc == said["cc"] == ["es@example.com"]
    assert Delivery.objects.filter(address="es@example.com").exists()
    # The page follows with the thread.
    assert 'data-cc="es@example.com"' in page(desk, f"{ticket.pk}/?part=thread")
    more = {"cc": "es@example.com, b@example.com", "cc_shown": "es@example.com"}
    said = json.loads(say(desk, ticket, **seen | more)["Console-Events"])["ticket:said"]
    undo = f"/console/tickets/{ticket.pk}/say/{said['seq']}/undo/"
    back = json.loads(desk.post(undo)["Console-Events"])["ticket:unsaid"]
    assert (back["cc"], back["cc_now"]) == (["es@example.com", "b@example.com"], ["es@example.com"])


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
        by=elif_,
        shortcut="iade",
        title="İade",
        body="Merhaba {{visitor.name}}",
        language="tr",
        now=timezone.now(),
    )
    (offered,) = desk.get(f"/console/tickets/{ticket.pk}/canned/").json()["replies"]
    assert offered["text"] == "Merhaba Zeynep Aksoy"
    desk.post(f"/console/tickets/{ticket.pk}/canned/{reply.pk}/used/")
    reply.refresh_from_db()
    assert reply.used_count == 1


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


def test_a_sender_is_blocked_and_unblocked_on_the_ticket(desk, brand):
    ticket = opened(brand)
    # Typed by anybody, and not written from.
    assert "ticket-block" not in page(desk, f"{ticket.pk}/")
    verify_email(contact=ticket.contact, email="zeynep@example.com")
    url = f"/console/tickets/{ticket.pk}/block/"
    assert "Block the sender" in page(desk, f"{ticket.pk}/")
    told = desk.post(url, {"block": "yes"})["Console-Events"]
    assert "Blocked: zeynep@example.com" in told
    shown = page(desk, f"{ticket.pk}/")
    assert "Unblock the sender" in shown
    assert "Sender blocked: zeynep@example.com" in shown
    assert Ticket.objects.get(pk=ticket.pk).is_spam
    desk.post(url, {"block": "no"})
    shown = page(desk, f"{ticket.pk}/")
    assert "Block the sender" in shown
    assert not Ticket.objects.get(pk=ticket.pk).is_spam
    nobody = create_contact(name="Hakan", email="", phone="0532", language="tr", now=timezone.now())
    other = opened(brand, contact=nobody)
    assert "ticket-block" not in page(desk, f"{other.pk}/")
    desk.post(f"/console/tickets/{other.pk}/block/", {"block": "yes"})
    assert not Ticket.objects.get(pk=other.pk).is_spam


def test_a_note_can_name_who_may_see_the_ticket(desk, brand, team, elif_):
    mert = make_agent(role=make_role(scope="team"), name="Mert")
    team.agents.add(mert)
    ticket = opened(brand)
    boss = make_agent(is_superuser=True, name="Âdem")
    make_agent(role=make_role(scope="team"), name="Yabancı")
    make_agent(is_superuser=True, is_active=False, name="Eski")
    answer = desk.get(f"/console/tickets/{ticket.pk}/colleagues/").json()
    assert [each["name"] for each in answer["colleagues"]] == ["Âdem", "Mert"]
    assert [each["keys"] for each in answer["colleagues"]] == [["adem"], ["mert"]]
    assert answer["colleagues"][1]["teams"] == team.name
    assert boss.public_id == answer["colleagues"][0]["id"]
