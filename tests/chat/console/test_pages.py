"""The console's pages and fragments, through the test client."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from agents.models import BreakReason, Permission, Role, Team
from chat.models import Conversation, Entry, Participation
from tests.chat.console.desk import Desk, make_desk
from tests.support import factories
from tickets.models import Contact, Ticket

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def test_a_stranger_is_sent_to_the_door() -> None:
    for path in ("", "chats/x/", "archive/", "offers/", "status/", "chats/x/canned/"):
        answer = Client().get(f"/console/{path}")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
    for path in ("next/", "chats/x/end/", "chats/x/draft/", "status/"):
        assert Client().post(f"/console/{path}").status_code == 302


def test_writes_need_a_csrf_token(desk: Desk) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(desk.elif_)
    assert strict.post("/console/next/").status_code == 403


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "x"])
def test_what_is_no_number_is_no_key(desk: Desk, number: str) -> None:
    assert desk.client.post(f"/console/next/?brand={number}").status_code == 204
    answer = desk.client.post("/console/status/", {"status": f"break:{number}"})
    assert answer.status_code == 200
    resolve = f"/console/chats/{desk.chat().public_id}/resolve/"
    assert desk.client.post(resolve, {"topic": number}).status_code == 200


def test_a_team_that_takes_no_chats_leaves_its_agents_no_slots(desk: Desk) -> None:
    assert desk.client.get("/console/").context["frame"].parts["chat"].limit == 4
    Team.objects.update(capacity=0)
    assert desk.client.get("/console/").context["frame"].parts["chat"].limit == 0


def test_rows_stand_in_sections_by_who_waits_for_whom(desk: Desk) -> None:
    now = timezone.now()
    late = desk.chat(unanswered_since=now - timedelta(minutes=2))
    later = desk.chat()
    answered = desk.chat(unanswered_since=None, preview="On its way", preview_author="agent")
    ended = desk.chat(status="wrap_up")
    page = desk.get()
    order = [page.index(chat.public_id) for chat in (late, later, answered, ended)]
    assert order == sorted(order)
    titles = ["Waiting for your reply", "Waiting for the customer", "Wrap-up"]
    assert [title in page for title in titles] == [True] * 3
    assert "You:" in page


@pytest.mark.parametrize(
    ("staff", "words"),
    [(True, "Set up the first brand"), (False, "There is no brand for you yet.")],
)
def test_an_empty_console_says_what_is_missing_before_there_is_a_brand(
    client: Client, staff: bool, words: str
) -> None:
    client.force_login(factories.make_agent(language="en", is_staff=staff, is_superuser=staff))
    assert words in client.get("/console/").content.decode()
    assert words in client.get("/console/?part=list").content.decode()


def test_the_queue_is_listed_in_its_order(desk: Desk) -> None:
    now = timezone.now()
    second = desk.chat(status="queued", assignee=None, queued_at=now)
    first = desk.chat(status="queued", assignee=None, queued_at=now - timedelta(minutes=1))
    urgent = desk.chat(status="queued", assignee=None, queued_at=now, priority=5)
    page = desk.get("?tab=queue")
    order = [page.index(f"row-{chat.public_id}") for chat in (urgent, first, second)]
    assert order == sorted(order)
    assert "Take the next one" in page
    assert "Queue <strong>3</strong>" in page


def test_only_what_the_roles_allow_is_shown(desk: Desk) -> None:
    other = factories.make_agent()
    foreign = desk.chat(assignee=other, team=factories.make_team(other))
    foreign_queued = desk.chat(assignee=None, status="queued", team=foreign.team, holds_slot=False)
    for tab in ("mine", "queue", "team", "all"):
        page = desk.get(f"?tab={tab}")
        assert foreign.public_id not in page
        assert foreign_queued.public_id not in page
    for chat in (foreign, foreign_queued):
        base = f"/console/chats/{chat.public_id}/"
        for path in ("", "canned/", "resolve/", "topic/"):
            assert desk.client.get(base + path).status_code == 404, path
        for part in ("chat", "head"):
            assert not desk.client.get(f"{base}?part={part}").content
        for path in ("accept/", "end/", "resolve/", "topic/", "reopen/", "draft/"):
            assert desk.client.post(base + path).status_code == 404, path
    assert "Team <span" not in desk.get()
    assert desk.get().count('class="count"') == 2


def test_a_supervisor_sees_team_and_all() -> None:
    role = factories.make_role(Permission.CHAT, Permission.SUPERVISE, scope=Role.Scope.ALL)
    desk = make_desk(role=role)
    other = factories.make_agent(name="Mert Ak")
    chat = desk.chat(assignee=other, team=factories.make_team(other))
    assert chat.public_id not in desk.get()
    assert chat.public_id not in desk.get("?tab=team")
    page = desk.get("?tab=all")
    assert chat.public_id in page
    assert "Mert Ak" in page


def test_the_brand_selector_narrows_list_and_counters(desk: Desk) -> None:
    other = factories.make_brand(name="Larkspur")
    mine = desk.chat()
    theirs = desk.chat(visitor=factories.make_visitor(other))
    page = desk.get(f"?brand={other.pk}")
    shown, _, folded = page.partition("1 more in other brands")
    assert theirs.public_id in shown
    assert mine.public_id in folded
    assert mine.public_id not in shown
    # My own are counted wherever they are: what is hidden would wait for an answer.
    assert 'Mine <span class="count">2</span>' in page
    assert f"chats/{theirs.public_id}/?brand={other.pk}" in page
    assert desk.client.get("/console/?brand=987654").status_code == 404
    assert desk.client.get("/console/?brand=x%00").status_code == 400


def test_unread_messages_are_counted_from_my_mark(desk: Desk) -> None:
    chat = desk.chat(last_seq=4)
    for seq, (kind, author) in enumerate(
        [("message", "visitor"), ("accepted", "agent"), ("message", "visitor"), ("note", "agent")],
        start=1,
    ):
        Entry.objects.create(
            conversation=chat, seq=seq, kind=kind, author_kind=author, created_at=chat.created_at
        )
    assert 'data-unread="2"' in desk.get()
    Participation.objects.create(conversation=chat, agent=desk.elif_, read_seq=2)
    assert 'data-unread="1"' in desk.get()


def test_the_list_fragment_says_unchanged_until_something_changes(desk: Desk) -> None:
    chat = desk.chat()
    first = desk.client.get("/console/?tab=mine&part=list")
    assert first.status_code == 200
    assert "<html" not in first.content.decode()
    assert "no-cache" in first["Cache-Control"]
    again = desk.client.get(
        "/console/?tab=mine&part=list", headers={"If-None-Match": first["ETag"]}
    )
    assert again.status_code == 304
    Conversation.objects.filter(pk=chat.pk).update(preview="Something new")
    changed = desk.client.get(
        "/console/?tab=mine&part=list", headers={"If-None-Match": first["ETag"]}
    )
    assert changed.status_code == 200
    assert "Something new" in changed.content.decode()


def test_hostile_words_are_escaped_everywhere(desk: Desk) -> None:
    visitor = factories.make_visitor(desk.brand, name=HOSTILE, device=HOSTILE)
    chat = desk.chat(
        visitor=visitor,
        preview=HOSTILE,
        topic_text=HOSTILE,
        page={"url": "javascript:alert(3)", "title": HOSTILE},
        fields={"name": HOSTILE, "email": HOSTILE, HOSTILE: HOSTILE},
    )
    resolved = desk.chat(
        visitor=visitor, status="resolved", resolved_at=timezone.now(), preview=HOSTILE
    )
    Participation.objects.create(conversation=chat, agent=desk.elif_, draft=f"</textarea>{HOSTILE}")
    for path in ("", f"chats/{chat.public_id}/", "archive/", f"archive/{resolved.public_id}/"):
        page = desk.get(path)
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "javascript:alert" not in page


def test_the_customer_panel_tells_what_is_known(desk: Desk) -> None:
    contact = Contact.objects.create(name="Zeynep", email="z@example.com", phone="+90 555")
    visitor = factories.make_visitor(desk.brand, contact=contact, device="Chrome · Android")
    earlier = desk.chat(
        visitor=visitor, contact=contact, status="resolved", resolved_at=timezone.now()
    )
    Ticket.objects.create(
        brand=desk.brand,
        contact=contact,
        subject="Late parcel",
        source="chat",
        language="en",
        team=desk.team,
        assignee=desk.elif_,
    )
    chat = desk.chat(
        visitor=visitor,
        contact=contact,
        topic=desk.topic,
        fields={"email": "new@example.com", "Order": "88190"},
        page={"url": "https://shop.example/cart?x=1", "title": "Cart"},
        last_seq=1,
    )
    Entry.objects.create(
        conversation=chat,
        seq=1,
        kind="accepted",
        author_kind="agent",
        agent=desk.elif_,
        data={
            "automatic": True,
            "routing": {
                "open": 2,
                "left_out": {"capacity": 2},
                "names": {"capacity": ["Deniz Aksoy"]},
            },
        },
        created_at=chat.created_at,
    )
    page = desk.get(f"chats/{chat.public_id}/")
    for known in (
        "new@<wbr>example.com",
        "+90 555",
        "Chrome · Android",
        "88190",
        "Late parcel",
        "shop.example/cart",
        "Returns",
        "You had the fewest open chats: 2.",
        "At their limit: Deniz Aksoy, +1",
        f"/console/archive/{earlier.public_id}/" if earlier else "",
    ):
        assert known in page


def test_the_pages_speak_both_languages(desk: Desk) -> None:
    assert "Active chats" in desk.get()
    desk.elif_.language = "tr"
    desk.elif_.save(update_fields=["language"])
    page = desk.get()
    assert '<html lang="tr"' in page
    assert "Aktif Sohbetler" in page


def test_the_archive_is_paged_newest_first_and_narrowed_by_brand(desk: Desk) -> None:
    now = timezone.now()
    chats = [
        desk.chat(status="resolved", resolved_at=now - timedelta(minutes=at), holds_slot=False)
        for at in range(45)
    ]
    page = desk.get("archive/")
    order = [page.index(f"row-{chat.public_id}") for chat in chats[:40]]
    assert order == sorted(order)
    assert chats[40].public_id not in page
    more = page.split('hx-get="/console/archive/', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    rest = desk.get(f"archive/{more}")
    assert "<html" not in rest
    assert [chat.public_id in rest for chat in chats] == [False] * 40 + [True] * 5
    assert "hx-get" not in rest
    assert desk.client.get("/console/archive/?after=rubbish").status_code == 404
    assert "Reopen" in desk.get(f"archive/{chats[0].public_id}/")


def test_the_archive_names_the_hour_today_and_the_day_before(desk: Desk) -> None:
    now = timezone.now()
    for at in (now, now - timedelta(days=3)):
        desk.chat(status="resolved", resolved_at=at, holds_slot=False)
    page = desk.get("archive/")
    with timezone.override(desk.elif_.time_zone):
        assert f">{date_format(timezone.localtime(now), 'H:i')}</time>" in page
        day = date_format(timezone.localtime(now - timedelta(days=3)), "j M")
        assert f">{day}</time>" in page


def test_the_archive_is_closed_without_the_permission() -> None:
    desk = make_desk(role=factories.make_role(Permission.CHAT))
    chat = desk.chat(status="resolved", resolved_at=timezone.now())
    assert desk.client.get("/console/archive/").status_code == 404
    assert desk.client.get(f"/console/archive/{chat.public_id}/").status_code == 404
    assert "/console/archive/" not in desk.get()


def _queries(desk: Desk, path: str) -> int:
    cache.clear()
    desk.get(path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        desk.get(path)
    return len(queries)


def test_the_list_costs_the_same_whatever_the_number_of_chats(desk: Desk) -> None:
    BreakReason.objects.create(name_tr="Yemek", name_en="Lunch")
    desk.chat()
    few = _queries(desk, "")
    assert few <= 15
    for _ in range(50):
        desk.chat()
    now = timezone.now()
    visitor = factories.make_visitor(desk.brand)
    Conversation.objects.bulk_create(
        Conversation(
            brand=desk.brand,
            visitor=visitor,
            channel="web",
            language="en",
            status="resolved",
            resolved_at=now,
        )
        for _ in range(500)
    )
    assert _queries(desk, "") == few
    # Neither what rings nor what may be undone: both come by themselves.
    assert _queries(desk, "?tab=mine&part=list") <= few - 2
    assert _queries(desk, "?part=counters") <= few - 2


def test_an_open_chat_costs_a_fixed_number_of_queries(desk: Desk) -> None:
    visitor = factories.make_visitor(desk.brand)
    chat = desk.chat(visitor=visitor)
    part = f"chats/{chat.public_id}/?part=chat"
    few = _queries(desk, part)
    assert few <= 15
    for _ in range(5):
        desk.chat(visitor=visitor, status="resolved", resolved_at=timezone.now(), topic=desk.topic)
    assert _queries(desk, part) == few + 1  # Which of what came before the agent may see.
    assert _queries(desk, "archive/") <= 15
