"""The ticket desk's pages, through the test client."""

import html
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.access import access_of
from agents.models import Permission, Role
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tests.support.tickets import opened, page, say
from tickets.console.showing import LINES
from tickets.models import Ticket
from tickets.operations.entries import Said, add_said
from tickets.queries.ticket_list import PAGE, Folder, count_folders, tickets_in

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script>"><img src=x>'


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


def test_what_an_agent_may_not_see_is_neither_counted_nor_shown_beside(desk, brand, elif_):
    seen = opened(brand, "Görülen")
    opened(make_brand(), "Gizli", contact=seen.contact, team=make_team())
    opened(brand, "Komşu", contact=seen.contact)
    counted = count_folders(access_of(elif_), brand_id=None)
    assert (counted["unassigned"], counted["team"]) == (2, 2)
    beside = page(desk, f"{seen.pk}/?part=side")
    assert "Komşu" in beside
    assert "Gizli" not in beside


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


def test_the_list_is_drawn_anew_as_far_as_it_was_read_and_goes_on_from_there(
    desk, brand, monkeypatch
):
    monkeypatch.setattr("tickets.queries.ticket_list.PAGE", 2)
    monkeypatch.setattr("tickets.queries.ticket_list.SHOWN_MAX", 5)
    for index in range(7):
        opened(brand, f"Konu{index}x")

    def rows(text):
        return "".join(re.findall(r'row-name" dir="auto">Konu(\d)x', text))

    wanted = {"4": "6543", "6543": "65432", "1": "65", "x": "65", "-3": "65", "9" * 30: "65"}
    for shown, found in wanted.items():
        text = page(desk, f"?folder=all&part=list&shown={shown}")
        assert rows(text) == found, shown
        more = html.unescape(text.split('hx-get="')[1].split('"')[0])
        assert rows(desk.get(more).content.decode()) == "6543210".removeprefix(found)[:2]


def test_whoever_sees_their_own_reads_it_and_what_nobody_has_as_one_list(
    subtests, client, brand, elif_, team, monkeypatch
):
    monkeypatch.setattr("tickets.queries.ticket_list.PAGE", 2)
    own = make_agent(role=make_role(Permission.TICKETS, scope=Role.Scope.OWN), language="en")
    team.agents.add(own)
    client.force_login(own)
    now = timezone.now()
    for number, assignee in enumerate([own, None, elif_] * 3):
        ticket = opened(brand, assignee=assignee, now=now - timedelta(hours=number))
        status = "waiting" if number < 5 else "open"
        # Three at one moment stand in the order of their numbers.
        at = now - timedelta(hours=number // 3)
        Ticket.objects.filter(pk=ticket.pk).update(status=status, updated_at=at)
    access = access_of(own)
    for folder, wish in (
        ("all", {}),
        ("all", {"q": "kargo gelmedi"}),
        ("all", {"from": "2020-01-01"}),
        ("all", {"agent": "none"}),
        ("team", {}),
        ("unassigned", {}),
        ("waiting", {}),
    ):
        with subtests.test(folder, **wish):
            order = "created_at" if "from" in wish else "updated_at"
            seen = tickets_in(access, Folder(folder), brand_id=None, wish=wish)
            found, path = [], f"?{urlencode({'folder': folder, 'part': 'page'} | wish)}"
            while path:
                rows = page(client, path)
                found += map(int, re.findall(r'data-number="(\d+)"', rows))
                more = re.search(r'hx-get="/console/tickets/([^"]+)"', rows)
                path = html.unescape(more[1]) if more else ""
            assert found == list(seen.order_by(f"-{order}", "-pk").values_list("pk", flat=True))
            assert len(found) > 2


def test_whoever_sees_their_own_and_has_no_team_sees_what_they_have(client, brand):
    own = make_agent(role=make_role(Permission.TICKETS, scope=Role.Scope.OWN), language="en")
    client.force_login(own)
    opened(brand, "Kimsenin degil")
    assert "No tickets here." in page(client, "?folder=all")
    opened(brand, "Benim isim", assignee=own)
    assert "Benim isim" in page(client, "?folder=all")
    assert "No tickets here." in page(client, "?folder=unassigned")


def test_those_of_some_days_stand_in_the_order_in_which_they_were_opened(desk, brand, monkeypatch):
    monkeypatch.setattr("tickets.queries.ticket_list.PAGE", 1)
    now = timezone.now()
    first = opened(brand, "Ilk", now=now - timedelta(days=2))
    opened(brand, "Sonra", now=now - timedelta(days=1))
    say(desk, first)
    assert "Ilk" in page(desk, "?folder=all&part=page")
    rows = page(desk, f"?folder=all&part=page&from={(now - timedelta(days=4)).date()}")
    assert "Sonra" in rows
    assert "Ilk" not in rows
    more = rows.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "Ilk" in desk.get(more).content.decode()


def test_what_customers_write_is_text(desk, brand):
    ticket = opened(brand, HOSTILE, HOSTILE, name=HOSTILE)
    text = page(desk, f"{ticket.pk}/?folder=all")
    assert "<script>alert" not in text
    assert "<img src=x" not in text


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


def test_a_mail_shows_its_sender_what_it_quotes_and_what_was_not_taken(desk, brand):
    data = {
        "from": "other@example.com",
        "rest": "> Merhaba",
        "refused": [{"name": "virus.exe", "reason": "program"}],
        "stranger": True,
        "doubtful": True,
        "automatic": True,
        "files": [{"name": "gone.pdf"}],
    }
    now = timezone.now()
    ticket = opened(brand, said=[Said(body="Teşekkürler", at=now, data=data)])
    shown = html.unescape(page(desk, f"{ticket.pk}/?part=thread"))
    for text in (
        "other@example.com · ",
        "Not from the customer's address",
        "Sender not verified",
        "Automatic answer",
        "Earlier in this mail",
        "> Merhaba",
        "This file was not taken: virus.exe (programs and scripts are not taken)",
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


def test_a_page_costs_a_bounded_number_of_queries(desk, brand, elif_):
    for _ in range(5):
        ticket = opened(brand, assignee=elif_)
    counts = {}
    for path in ("", f"{ticket.pk}/", f"{ticket.pk}/?part=thread", f"{ticket.pk}/?part=side"):
        with CaptureQueriesContext(connection) as queries:
            page(desk, path)
        counts[path] = len(queries)
    assert counts.pop(f"{ticket.pk}/") <= 19
    assert max(counts.values()) <= 16, counts
