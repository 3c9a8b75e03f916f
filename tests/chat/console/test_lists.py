"""The list of chats and its fragments, through the test client."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Brand, Topic
from chat.models import Conversation, Entry, Offer
from chat.operations.entries import NewLine, append
from chat.operations.tags import add_tag
from tests.support import factories

pytestmark = pytest.mark.django_db


def _chat(agent: Agent, **changes: Any) -> Conversation:
    visitor = factories.make_visitor(changes.pop("brand", None) or factories.make_brand())
    defaults = {"status": "active", "assignee": agent, "holds_slot": True}
    return factories.make_conversation(visitor, **defaults | changes)


def _signed_in(agent: Agent, client: Client) -> Client:
    client.force_login(agent)
    return client


def test_no_answer_of_the_desk_looks_for_a_place_by_itself() -> None:
    # htmx finds no place for such pieces once the page went on; `fragments.js` knows what is there.
    found = [
        path.name
        for path in django_settings.BASE_DIR.glob("templates/**/*.html")
        if "hx-swap-oob" in path.read_text() or "hx-select-oob" in path.read_text()
    ]
    assert found == []


def test_the_list_says_you_before_my_own_words_and_names_a_colleague_before_theirs(
    client: Client,
) -> None:
    elif_ = factories.make_agent(name="Elif Kaya", language="en")
    ayse = factories.make_agent(name="Ayşe Demir")
    for agent in (ayse, elif_):
        chat = _chat(elif_, preview="On its way", preview_author="agent", last_seq=1)
        Entry.objects.create(
            conversation=chat,
            seq=1,
            visitor_seq=1,
            kind="message",
            author_kind="agent",
            agent=agent,
            created_at=timezone.now(),
        )
    page = _signed_in(elif_, client).get("/console/?part=list").content.decode()
    assert page.count("You: On its way") == 1
    assert page.count("Ayşe Demir: On its way") == 1


def test_my_chats_of_other_brands_are_counted_and_said_whichever_brand_is_looked_at(
    client: Client,
) -> None:
    elif_ = factories.make_agent(name="Elif Kaya", language="tr")
    here, there = factories.make_brand(), factories.make_brand()
    _chat(elif_, brand=here)
    others = [_chat(elif_, brand=there) for _ in range(2)]
    page = _signed_in(elif_, client).get(f"/console/?brand={here.pk}&part=list").content.decode()
    assert "Diğer markalarda 2 sohbet daha" in page
    assert 'Benim <span class="count">3</span>' in " ".join(page.split())
    assert all(f'id="row-{chat.public_id}"' in page for chat in others)
    assert "others-rows" not in client.get("/console/?part=list").content.decode()


def test_a_rating_is_shown_in_panel_history_and_archive(client: Client) -> None:
    elif_ = factories.make_agent(online=True, language="en")
    factories.make_team(elif_)
    hostile = "<script>alert(1)</script>"
    visitor = factories.make_visitor(factories.make_brand())
    shared = {"assignee": elif_, "status": "resolved", "resolved_at": timezone.now()}
    earlier = factories.make_conversation(visitor, rating=4, **shared)
    Entry.objects.create(
        conversation=earlier,
        seq=1,
        visitor_seq=1,
        kind="rated",
        author_kind="visitor",
        data={"score": 4, "comment": hostile},
        created_at=timezone.now(),
    )
    _signed_in(elif_, client)
    of_itself = client.get(f"/console/archive/{earlier.public_id}/").content.decode()
    # In its row and in its panel.
    assert of_itself.count("4 of 5") == 2
    assert "&lt;script&gt;alert(1)" in of_itself
    assert hostile not in of_itself
    now = factories.make_conversation(visitor, assignee=elif_, status="active")
    assert "4 of 5" in client.get(f"/console/chats/{now.public_id}/").content.decode()


def test_the_panel_tells_how_often_and_from_where_the_visitor_came(client: Client) -> None:
    elif_ = factories.make_agent(online=True, language="en")
    brand = factories.make_brand()
    factories.make_team(elif_)
    _signed_in(elif_, client)

    def panel(**known: object) -> str:
        visitor = factories.make_visitor(brand, **known)
        chat = factories.make_conversation(visitor, assignee=elif_, status="active")
        return client.get(f"/console/chats/{chat.public_id}/").content.decode()

    page = panel(ip="203.0.113.7")
    assert "<dt>Visits</dt><dd>1</dd>" in page
    assert "<dt>IP address</dt><dd>203.0.113.7</dd>" in page
    page = panel(ip="203.0.113.8", visits=3, ip_changed_at=timezone.now())
    assert "<dt>Visits</dt><dd>3 · the first on " in page
    assert "<dt>IP address</dt><dd>203.0.113.8 · changed on " in page
    assert "IP address" not in panel()


def test_a_row_of_the_archive_says_what_became_of_the_chat_and_not_my_own_name(
    client: Client,
) -> None:
    elif_ = factories.make_agent(online=True, language="en", name="Elif Kaya")
    shared = {"status": "resolved", "resolved_at": timezone.now(), "resolved_by": elif_}
    chat = _chat(elif_, outcome="timed_out", **shared)
    add_tag(conversation=chat, name="beden", by=None, now=timezone.now())
    mert = factories.make_agent(name="Mert Yılmaz")
    _chat(elif_, outcome="answered", **shared | {"resolved_by": mert})
    page = _signed_in(elif_, client).get("/console/archive/").content.decode()
    rows = page[page.index('class="rows"') :]
    assert "<span>Timed out</span><span>beden</span>" in rows
    assert "<span>Answered</span>" not in rows
    assert rows.count("Mert Yılmaz") == 1
    assert "Elif Kaya" not in rows


def test_a_chat_that_rings_shows_its_customers_words_and_how_long_it_waits(client: Client) -> None:
    elif_ = factories.make_agent(online=True, language="en")
    waiting = _chat(elif_, status="queued", assignee=None, holds_slot=False)
    now = timezone.now()
    said = NewLine(kind="message", author_kind="visitor", body="My parcel?")
    append(waiting, said, NewLine(kind="bot", author_kind="bot", body="One moment."), now=now)
    until = now + timedelta(seconds=30)
    Offer.objects.create(conversation=waiting, agent=elif_, offered_at=now, rings_until=until)
    page = _signed_in(elif_, client).get("/console/offers/").content.decode()
    assert "My parcel?" in page
    assert "One moment" not in page
    assert "data-since=" in page


def test_a_long_chat_is_marked_while_others_stand_in_line(client: Client, settings) -> None:
    settings.IMECE = settings.IMECE | {"LONG_CHAT_SECONDS": 20 * 60}
    now = timezone.now()
    brand, elif_ = factories.make_brand(), factories.make_agent(language="en")
    team = factories.make_team(elif_)
    shared = {"brand": brand, "team": team}
    long = _chat(elif_, created_at=now - timedelta(minutes=21), **shared)
    short = _chat(elif_, created_at=now - timedelta(minutes=19), **shared)
    done = _chat(elif_, created_at=now - timedelta(minutes=50), status="wrap_up", **shared)
    desk = _signed_in(elif_, client)

    def marked(tab: str) -> dict[str, bool]:
        text = desk.get(f"/console/?part=list&tab={tab}").content.decode()
        rows = text.split('<li class="row-item"')[1:]
        words = "Open for more than 20 min while others stand in line"
        return {row.split('data-id="')[1].split('"')[0]: words in row for row in rows}

    assert not any(marked("mine").values())
    waits = {"status": "queued", "assignee": None, "holds_slot": False, "queued_at": now}
    line = _chat(elif_, created_at=now - timedelta(minutes=50), **shared | waits)
    assert marked("mine") == {long.public_id: True, short.public_id: False, done.public_id: False}
    assert marked("queue") == {line.public_id: False}


def test_an_empty_desk_says_why_chats_may_never_come(client: Client) -> None:
    brand, elif_ = factories.make_brand(name="Pazar <b>"), factories.make_agent(language="en")
    team = factories.make_team(elif_)
    factories.make_topic(brand, team)
    desk = _signed_in(elif_, client)

    def said(query: str = "") -> list[str]:
        steps = ("no default team: chats without a topic reach nobody", "no topics, so its chats")
        text = desk.get(f"/console/{query}").content.decode()
        return [step for step in steps if f"Pazar &lt;b&gt; has {step}" in text]

    assert said() == said("?tab=queue") == ["no default team: chats without a topic reach nobody"]
    Brand.objects.update(default_team=team)
    assert said() == []
    Topic.objects.all().delete()
    assert said() == ["no topics, so its chats"]
    Brand.objects.update(requires_topic=False)
    assert said() == []
    Brand.objects.update(default_team=None)
    _chat(elif_, brand=brand, team=team)
    assert said() == []
