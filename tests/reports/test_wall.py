"""The wallboard: what stands now, for those who may see it, read once however many look."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.access import access_of
from agents.first_steps import first_steps
from agents.models import Agent, BreakReason, Permission, Role, Status, StatusInterval
from agents.models.audit import AuditEntry
from agents.operations.statuses import set_status
from agents.presence import heartbeat
from chat.operations.assignment import accept
from chat.operations.ratings import rate_conversation
from reports.facts.keeping import rebuild
from reports.models import Screen, Targets
from reports.wall import snapshot as wall
from reports.wall.board import Board, board_of
from reports.wall.operations import set_targets
from reports.wall.screens import COOKIE
from tests.reports.test_reports import answered, left, signed_in
from tests.support.desk import Desk, make_desk, start
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_visitor
from tests.support.races import at_once, outcomes

pytestmark = pytest.mark.django_db
NOON = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def clock() -> Any:
    wall.forget()
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def boss(*permissions: str, scope: str = Role.Scope.ALL, **more: Any) -> Agent:
    names = permissions or (Permission.REPORTS, Permission.SUPERVISE)
    role = make_role(*names, scope=scope, brands=more.pop("brands", ()))
    return make_agent(role=role, language="en", **more)


def seen_by(agent: Agent, *, brand: int | None = None) -> Board:
    return board_of(
        wall.read(now=timezone.now()),
        access_of(agent),
        brand=brand,
        targets=Targets(queue=1, wait_seconds=60, service_level=80),
        language="en",
        now=timezone.now(),
    )


@pytest.fixture
def desk() -> Desk:
    """Two agents, one with a chat that waits for a reply, two chats in line, some history."""
    made = make_desk(agents=2, brand={"capacity": 3})
    elif_, mert = made.agents
    StatusInterval.objects.filter(agent__in=made.agents).update(capacity=3)
    food = BreakReason.objects.create(name_tr="Yemek", name_en="Food")
    at = NOON - timedelta(hours=1)
    first = answered(made, elif_, at, wait=10, talk=60, acw=5)
    answered(made, elif_, at, wait=50, talk=60, acw=5)
    left(made, at, wait=45)
    left(made, at - timedelta(days=1), wait=45)
    rate_conversation(conversation=first, score=5, comment="", now=NOON)
    chat = start(made, now=NOON - timedelta(seconds=70))
    accept(conversation=chat, agent=elif_, now=NOON - timedelta(seconds=60))
    start(made, now=NOON - timedelta(seconds=130))
    start(made, now=NOON - timedelta(seconds=5))
    set_status(agent=mert, status=Status.BREAK, reason=food, by=None, now=NOON)
    rebuild()
    return made


def test_a_board_from_tomorrow_is_not_shown_until_then(clock: Any) -> None:
    clock.shift(timedelta(days=1))
    ahead = wall.snapshot().as_of
    clock.shift(-timedelta(days=1))
    assert wall.snapshot().as_of == NOON < ahead


def test_a_board_says_what_stands_now_and_how_it_is_to_its_targets(desk: Desk) -> None:
    board = seen_by(boss())
    assert (board.queue, board.longest_topic) == (2, "Returns")
    assert board.longest_since == NOON - timedelta(seconds=130)
    assert (board.queue_level, board.wait_level, board.service_level) == (
        "warn",
        "danger",
        "danger",
    )
    # Answered after 20 s and 60 s, and one left after 45 s.
    assert (board.in_time, board.served) == (1, 3)
    assert (board.abandoned, board.abandoned_before) == (1, 1)
    assert (board.good, board.ratings, board.csat) == (1, 1, 1.0)
    elif_, mert = board.rows
    assert (elif_.taken, elif_.person.capacity, elif_.sessions) == (1, 3, 2)
    assert elif_.slots == [True, False, False]
    assert (elif_.unanswered_since, elif_.level) == (NOON - timedelta(seconds=70), "danger")
    assert (mert.person.status, mert.reason, mert.taken) == ("break", "Food", 0)
    assert sum(hour.requests for hour in board.hours) == 6
    assert sum(hour.missed for hour in board.hours) == 1


def test_one_chat_is_no_chats() -> None:
    left(make_desk(), NOON - timedelta(hours=1), wait=45)
    rebuild()
    page = signed_in(boss()).get("/console/wallboard/board/").content.decode()
    assert "0 / 1 chat · target 80%" in page
    agent = make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL), language="tr")
    page = signed_in(agent).get("/console/wallboard/board/").content.decode()
    assert "0 / 1 sohbet · hedef %80" in page


def test_who_is_online_without_a_console_is_told_apart(desk: Desk) -> None:
    elif_ = desk.agents[0]
    heartbeat(agent=make_agent(name="Zeynep", online=True), now=NOON)
    heartbeat(agent=elif_, now=NOON - timedelta(minutes=2))
    first, second = seen_by(boss()).rows[:2]
    assert (first.person.name, first.person.is_here) == ("Zeynep", True)
    assert (second.person.pk, second.person.is_here) == (elif_.pk, False)
    page = signed_in(boss()).get("/console/wallboard/board/")
    assert page.content.decode().count("console closed") == 1


def test_nobody_sees_chats_or_colleagues_beyond_their_right(desk: Desk) -> None:
    other = make_desk(agents=1)
    start(other, now=NOON)
    rebuild()
    assert seen_by(boss()).queue == 3
    assert len(seen_by(boss()).rows) == 3
    of_brand = boss(brands=(other.brand,))
    assert seen_by(of_brand).queue == 1
    assert seen_by(of_brand).served == 0
    lead = boss(scope=Role.Scope.TEAM)
    assert (seen_by(lead).queue, seen_by(lead).rows) == (0, [])
    other.team.agents.add(lead)
    assert seen_by(lead).queue == 1
    assert [row.person.pk for row in seen_by(lead).rows] == [other.agents[0].pk]
    assert seen_by(boss(), brand=other.brand.pk).queue == 1
    for stranger in (boss(Permission.CHAT), boss(Permission.REPORTS, scope=Role.Scope.OWN)):
        client = signed_in(stranger)
        assert client.get("/console/wallboard/").status_code == 404
        assert client.get("/console/wallboard/board/").status_code == 404
        assert client.post("/console/wallboard/screens/", {"name": "TV"}).status_code == 404


def tables(queries: CaptureQueriesContext) -> str:
    return " ".join(query["sql"] for query in queries.captured_queries)


def test_however_many_look_everything_is_read_once_a_second(desk: Desk, clock: Any) -> None:
    clients = [signed_in(boss()) for _ in range(3)]
    with CaptureQueriesContext(connection) as first:
        assert clients[0].get("/console/wallboard/board/").status_code == 200
    assert tables(first).count("reports_chatfact") > 0
    for client in clients:
        with CaptureQueriesContext(connection) as again:
            assert client.get("/console/wallboard/board/").status_code == 200
        for table in ("reports_", "chat_conversation", "statusinterval"):
            assert table not in tables(again).replace("reports_targets", ""), table
    clock.shift(timedelta(seconds=2))
    with CaptureQueriesContext(connection) as later:
        clients[0].get("/console/wallboard/board/")
    assert "reports_chatfact" in tables(later)


def test_a_board_that_nobody_could_make_anew_says_that_it_is_old(desk: Desk, clock: Any) -> None:
    client = signed_in(boss())
    assert "wall-live is-stale" not in client.get("/console/wallboard/board/").content.decode()
    # Somebody else is at it, and takes long.
    wall.cache.set("reports.wall.making", 1, 60)
    clock.shift(timedelta(seconds=11))
    assert "wall-live is-stale" in client.get("/console/wallboard/board/").content.decode()


def test_a_screen_shows_the_board_by_a_link_once_and_then_by_a_cookie(desk: Desk) -> None:
    visitor = make_visitor(desk.brand, name="Canary Customer")
    start(desk, visitor, now=NOON, text="Canary words")
    maker = boss()
    desk_side, tv = signed_in(maker), Client()
    # Whatever name a request has for us.
    named = {"HTTP_HOST": "localhost:9"}
    link = desk_side.post("/console/wallboard/screens/", {"name": "Hall"}, **named).context["link"]
    assert link.startswith(settings.PUBLIC_URL)
    path = link.removeprefix(settings.PUBLIC_URL)
    # A preview of the link takes nothing away.
    assert tv.get(path)["Referrer-Policy"] == "same-origin"
    answer = tv.post(path)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Location"] == reverse("wall-screen") == "/wall/"
    cookie = answer.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert cookie.value not in link
    for where in ("/wall/", "/wall/board/"):
        page = tv.get(where).content.decode()
        assert "Elif Kaya" in page
        assert "Canary" not in page
        assert "/console/wallboard/agents/" not in page
    assert Client().post(path).status_code == 404
    assert Client().get("/wall/").status_code == 404
    stored = Screen.objects.get()
    assert cookie.value not in (stored.token_hash, stored.link_hash)
    grants = list(maker.role_grants.all())
    maker.role_grants.all().delete()
    assert tv.get("/wall/board/").status_code == 404
    for grant in grants:
        grant.save(force_insert=True)
    assert tv.get("/wall/board/").status_code == 200
    others = signed_in(boss())
    assert (
        others.post("/console/wallboard/screens/", {"revoke": stored.public_id}).status_code == 404
    )
    desk_side.post("/console/wallboard/screens/", {"revoke": stored.public_id})
    assert tv.get("/wall/board/").status_code == 404
    actions = AuditEntry.objects.filter(action__startswith="wall.").order_by("pk")
    assert [entry.action for entry in actions] == [
        "wall.screen_made",
        "wall.screen_started",
        "wall.screen_revoked",
    ]


def test_a_link_that_was_not_opened_within_a_day_is_none(desk: Desk, clock: Any) -> None:
    link = signed_in(boss()).post("/console/wallboard/screens/", {"name": "Hall"}).context["link"]
    clock.shift(timedelta(hours=25))
    assert Client().post(link).status_code == 404
    assert Screen.objects.get().token_hash is None


def test_a_supervisor_changes_a_status_and_opens_the_chats_of_their_own_people(desk: Desk) -> None:
    elif_ = desk.agents[0]
    supervisor = boss()
    client = signed_in(supervisor)
    where = f"/console/wallboard/agents/{elif_.public_id}/"
    assert where in client.get("/console/wallboard/").content.decode()
    [chat] = client.get(where).context["chats"]
    assert client.get(chat["url"]).status_code == 200
    asked = client.post(where, {"status": "offline"})
    assert "say what happens" in asked.content.decode()
    assert client.post(where, {"status": "offline", "confirm": "requeue"}).status_code == 302
    elif_.refresh_from_db()
    assert elif_.status == "offline"
    assert StatusInterval.objects.get(agent=elif_, ended_at=None).actor == supervisor
    lead = boss(scope=Role.Scope.TEAM)
    make_team(lead)
    for stranger in (lead, boss(Permission.REPORTS), boss(brands=(make_brand(),))):
        # An agent of one brand only is nobody's of another.
        elif_.role_grants.all().delete()
        make_role(Permission.CHAT, brands=(desk.brand,)).grants.create(agent=elif_)
        there = signed_in(stranger)
        assert there.get(where).status_code == 404
        assert there.post(where, {"status": "online"}).status_code == 404


def test_who_supervises_without_reading_reports_has_the_wallboard_too(desk: Desk) -> None:
    elif_, client = desk.agents[0], signed_in(boss(Permission.SUPERVISE))
    where = f"/console/wallboard/agents/{elif_.public_id}/"
    assert where in client.get("/console/wallboard/").content.decode()
    assert client.post(where, {"status": "invisible"}).status_code == 302
    elif_.refresh_from_db()
    assert elif_.status == "invisible"
    assert client.get("/reports/agents/").status_code == 404


def test_targets_are_set_by_who_supervises_all_and_colour_the_board(desk: Desk) -> None:
    client = signed_in(boss())
    wish = {"queue": "9", "wait_seconds": "100", "service_level": "30"}
    assert client.post("/console/wallboard/targets/", wish).status_code == 302
    page = client.get(f"/console/wallboard/board/?brand={desk.brand.pk}")
    board = page.context["board"]
    assert (board.queue_level, board.wait_level, board.service_level) == ("", "warn", "")
    assert "Somebody waits longer" in page.content.decode()
    for bad in ({"queue": "-1"}, {"queue": "x"}, {"service_level": "101"}, {"wait_seconds": ""}):
        client.post("/console/wallboard/targets/", wish | bad)
        assert Targets.objects.get(brand=desk.brand).queue == 9
    reader = signed_in(boss(Permission.REPORTS))
    assert reader.post("/console/wallboard/targets/", wish).status_code == 404


def test_targets_are_read_and_set_by_the_api_as_on_the_page(desk: Desk) -> None:
    client, where = signed_in(boss()), "/api/v1/wallboard/targets"
    usual = {"queue": 3, "wait_seconds": 60, "service_level": 80}
    assert client.get(where).json() == {"brand": None, "own": False, **usual}
    wish = {"queue": 9, "wait_seconds": 100, "service_level": 30}
    assert client.put(where, wish, "application/json").json()["own"] is True
    of_brand = f"{where}?brand={desk.brand.pk}"
    # It has none of its own: those of all hold.
    assert client.get(of_brand).json() == {"brand": desk.brand.pk, "own": False, **wish}
    assert client.put(of_brand, wish | {"queue": 1}, "application/json").status_code == 200
    assert client.get(where).json()["queue"] == 9
    board = client.get(f"/console/wallboard/board/?brand={desk.brand.pk}").context["board"]
    assert (board.targets.queue, board.queue_level, board.wait_level) == (1, "warn", "warn")
    for bad in ({"queue": -1}, {"service_level": 101}, {"wait_seconds": None}, {"more": 1}):
        assert client.put(where, wish | bad, "application/json").status_code == 400
    assert client.get(f"{where}?brand=99999").status_code == 404
    reader = signed_in(boss(Permission.REPORTS))
    assert reader.get(where).status_code == 200
    assert reader.put(where, wish, "application/json").status_code == 403
    assert signed_in(boss(Permission.CHAT)).get(where).status_code == 403
    elsewhere = signed_in(boss(brands=(make_brand(),)))
    assert elsewhere.get(of_brand).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_the_targets_of_all_brands_at_once_nothing_is_left_twice() -> None:
    supervisor = boss()

    def save(queue: int) -> Callable[[], object]:
        wish = {"queue": queue, "wait_seconds": 60, "service_level": 80}
        return lambda: set_targets(brand=None, by=supervisor, **wish)

    for _ in range(3):
        Targets.objects.all().delete()
        assert set(outcomes(at_once(*map(save, range(4))))) == {"Targets"}
        assert Targets.objects.count() == 1


def test_the_first_look_at_a_report_is_a_first_step(desk: Desk) -> None:
    def is_done() -> bool:
        return next(step.is_done for step in first_steps() if step.url == "/reports/")

    wall.cache.delete("report.opened")
    assert not is_done()
    signed_in(boss()).get("/reports/queue/")
    assert not [step for step in first_steps() if step.url == "/reports/" and not step.is_done]
