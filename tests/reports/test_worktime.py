"""Agents' time: statuses and chats at once, as computed by hand and as plainly as can be."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from agents.access import access_of
from agents.models import Agent, BreakReason, Permission, Role, StatusInterval
from agents.operations import disable_agent
from chat.models import Conversation
from reports.figures.adding import compute
from reports.figures.building import build
from reports.filters import Filters
from reports.models import ChatFact, StintFact
from reports.sweep import Parts, Sessions, Turn, joined, micros, sweep
from tests.support.factories import (
    make_agent,
    make_brand,
    make_role,
    make_team,
    make_visitor,
)

ISTANBUL = ZoneInfo("Europe/Istanbul")
DAY = date(2026, 11, 3)


def at(hour: float, day: date = DAY, zone: ZoneInfo = ISTANBUL) -> datetime:
    midnight = datetime.combine(day, datetime.min.time(), zone)
    return midnight + timedelta(hours=hour)


def days(first: date = DAY, last: date = DAY, **more: Any) -> Filters:
    return Filters(first=first, last=last, zone=more.pop("zone", ISTANBUL), **more)


def shift(
    agent: Agent, *turns: tuple[datetime, str], actor: Agent | None = None, **more: Any
) -> None:
    """Replace the agent's history by these statuses, each up to the next; the last goes on."""
    StatusInterval.objects.filter(agent=agent).delete()
    ends = [since for since, _status in turns[1:]] + [None]
    for (since, status), end in zip(turns, ends, strict=True):
        StatusInterval.objects.create(
            agent=agent, status=status, started_at=since, ended_at=end, capacity=4, actor=actor,
            reason=more.get("reason") if status == "break" else None,
        )  # fmt: skip


def had(
    agent: Agent, since: datetime, until: datetime | None, *, acw: float | None = None
) -> StintFact:
    """A chat that the agent had from then to then."""
    brand = make_brand()
    visitor = make_visitor(brand)
    chat = Conversation.objects.create(
        brand=brand, visitor=visitor, channel="web", language="tr", status="resolved"
    )
    stay = ChatFact.objects.create(
        conversation=chat, number=0, upto_seq=1, brand=brand, channel="web", started_by="visitor",
        started_at=since, ended_at=until, resolved_at=until, messages=1,
    )  # fmt: skip
    talk = (until - since).total_seconds() if until else None
    over = micros(until) if until else None
    return StintFact.objects.create(
        stay=stay, conversation=chat, agent=agent, started_at=since, ended_at=until,
        answered=True, talk=talk, acw=acw,
        begun=micros(since), over=over,
        freed=over + round((acw or 0) * 1_000_000) if over is not None else None,
        brand=brand, channel="web", started_by="visitor", stay_ended_at=until,
    )  # fmt: skip


@pytest.fixture
def boss(db: None) -> Agent:
    return make_agent(
        role=make_role(Permission.REPORTS, Permission.EXPORT, scope=Role.Scope.ALL), language="en"
    )


def figures(keys: list[str], filters: Filters, boss: Agent, now: datetime, by: str = "") -> Any:
    return compute(keys, filters, access_of(boss), by=by, now=now)


def test_statuses_are_cut_at_the_ends_of_the_range_and_what_goes_on_counts_up_to_now(
    boss: Agent,
) -> None:
    elif_ = make_agent()
    food = BreakReason.objects.create(name_tr="Yemek", name_en="Food")
    shift(
        elif_,
        (at(-2), "online"),
        (at(9), "break"),
        (at(9.5), "online"),
        (at(12), "offline"),
        (at(13), "online"),
        reason=food,
    )
    keys = ["online", "break", f"break_{food.pk}", "first_online", "last_offline", "changes"]
    row = figures(keys, days(), boss, at(15), by="agent")[elif_.pk]
    assert row == {
        "online": (9 + 2.5 + 2) * 3600,
        "break": 1800,
        f"break_{food.pk}": 1800,
        "first_online": at(0),
        "last_offline": None,
        "changes": 4,
    }
    assert figures(["last_offline"], days(), boss, at(12.5), by="agent")[elif_.pk][
        "last_offline"
    ] == at(12)


def test_time_is_counted_to_the_microsecond_in_both_databases(boss: Agent) -> None:
    elif_ = make_agent()
    begin = at(9) + timedelta(microseconds=7)
    shift(
        elif_,
        (begin, "online"),
        (at(10), "break"),
        (at(11) + timedelta(microseconds=120), "offline"),
    )
    row = figures(["online", "break", "first_online"], days(), boss, at(15), by="agent")[elif_.pk]
    assert row == {"online": 3599.999993, "break": 3600.00012, "first_online": begin}


def test_a_night_shift_is_split_at_midnight_also_where_the_clock_is_put_back(boss: Agent) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    sunday = date(2026, 10, 25)
    elif_ = make_agent()
    begin = datetime(2026, 10, 24, 22, tzinfo=berlin)
    end = datetime(2026, 10, 25, 22, tzinfo=berlin)
    shift(elif_, (begin - timedelta(days=2), "offline"), (begin, "online"), (end, "offline"))
    filters = days(date(2026, 10, 24), sunday, zone=berlin)
    rows = figures(["online", "first_online", "last_offline"], filters, boss, at(0), by="day")
    assert rows[date(2026, 10, 24)] == {"online": 7200, "first_online": begin, "last_offline": None}
    # That Sunday has 25 hours.
    assert rows[sunday]["online"] == 23 * 3600
    assert rows[sunday]["last_offline"] == end
    assert figures(["online"], filters, boss, at(0))[None] == {"online": 25 * 3600}


def test_chats_at_once_are_weighted_by_time_and_a_wrap_up_keeps_an_agent_occupied(
    boss: Agent,
) -> None:
    elif_ = make_agent()
    shift(elif_, (at(-9), "offline"), (at(9), "online"), (at(10), "break"), (at(11), "online"))
    had(elif_, at(9), at(9.5), acw=180)
    had(elif_, at(9.25), at(9.75), acw=0)
    had(elif_, at(9.75), at(10.5))
    had(elif_, at(11.5), None)
    keys = ["busy", "concurrency", "concurrency_max", "occupancy", "utilisation", "busy_away"]
    row = figures(keys, days(), boss, at(12), by="agent")[elif_.pk]
    busy = 1.5 + 0.5
    assert row["busy"] == busy * 3600
    assert row["concurrency"] == pytest.approx((0.5 + 0.5 + 0.75 + 0.5) / busy)
    assert row["concurrency_max"] == 2
    # The whole hour before the break, and half of that after it.
    assert row["occupancy"] == pytest.approx(1.5 / 2)
    used = 0.5 + 0.05 + 0.5 + 0.25 + 0.5
    assert row["utilisation"] == pytest.approx(used / (4 * 2))
    assert row["busy_away"] == 1800
    # The wrap-up reaches into a range that begins after the chat.
    later = figures(["occupancy"], days(), boss, at(12), by="agent")
    assert later[elif_.pk]["occupancy"] <= 1


def test_what_turns_online_tell_is_the_same_whether_others_are_read_or_not(boss: Agent) -> None:
    elif_ = make_agent()
    turns = [(9, "online"), (10, "break"), (11, "online"), (12, "offline"), (13, "online")]
    shift(elif_, (at(-9), "offline"), *((at(hour), status) for hour, status in turns))
    had(elif_, at(9.5), at(11.5), acw=180)
    had(elif_, at(9.75), at(10.5))
    keys = ["online", "first_online", "busy", "concurrency", "concurrency_max", "occupancy"]
    keys.append("utilisation")
    for by in ("agent", "day", ""):
        with CaptureQueriesContext(connection) as asked:
            alone = figures(keys, days(), boss, at(14), by=by)
        [read] = [one["sql"] for one in asked.captured_queries if "statusinterval" in one["sql"]]
        assert "\"status\" = 'online'" in read
        # "changes" is told by all of them.
        beside = figures([*keys, "changes"], days(), boss, at(14), by=by)
        assert {row: {key: values[key] for key in keys} for row, values in beside.items()} == alone
        assert {values["changes"] for values in beside.values()} >= {5}


@given(
    st.lists(
        st.tuples(st.sampled_from(["online", "break", "invisible", "offline"]), st.integers(1, 9)),
        max_size=12,
    ),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30), st.integers(0, 9)), max_size=8),
    st.integers(0, 30),
    st.lists(st.integers(1, 25), min_size=1, max_size=4),
)
def test_one_sweep_says_the_same_as_looking_at_every_moment(
    statuses: list[tuple[str, int]],
    chats: list[tuple[int, int, int]],
    first: int,
    lengths: list[int],
) -> None:
    turns, clock = [], 0
    for status, length in statuses:
        turns.append(
            Turn(
                status=status, reason=None, since=clock, until=clock + length, capacity=3,
                is_change=bool(turns) and turns[-1].status != status,
            )
        )  # fmt: skip
        clock += length
    had = [(a, a + b, a + b + c) for a, b, c in chats]
    cuts = [first]
    for length in lengths:
        cuts.append(cuts[-1] + length)
    found = sweep(turns, Sessions(*zip(*had, strict=True)) if had else Sessions((), (), ()), cuts)
    for number, parts in enumerate(found):
        assert _plain(parts) == _looked_at(turns, had, cuts[number], cuts[number + 1])
    whole = joined(found)
    assert whole["online"] == sum(parts["online"] for parts in found)
    assert whole["occupied"] <= whole["online"]


PARTS = ("online", "break", "invisible", "open", "busy", "occupied", "used", "offered", "away")


def _plain(parts: Parts) -> dict[str, float]:
    found = {name: parts.get(name, 0) for name in (*PARTS, "most", "changes")}
    return found | {name: parts.get(name) for name in ("first_online", "last_offline")}


def _looked_at(
    turns: list[Turn], had: list[tuple[int, int, int]], since: int, until: int
) -> dict[str, Any]:
    """Ask every second who did what."""
    found: dict[str, Any] = defaultdict(float)
    for second in range(since, until):
        turn = next((one for one in turns if one.since <= second < one.until), None)
        chats = sum(begun <= second < over for begun, over, _freed in had)
        slots = sum(begun <= second < freed for begun, _over, freed in had)
        status = turn.status if turn else "offline"
        found[status] += 1
        found["open"] += chats
        found["busy"] += chats > 0
        found["most"] = max(found["most"], chats)
        if status == "online" and turn is not None:
            found["offered"] += turn.capacity
            found["used"] += slots
            found["occupied"] += slots > 0
        found["away"] += status in {"break", "invisible"} and chats > 0
    begun = [one for one in turns if since <= one.since < until]
    online = [
        max(one.since, since)
        for one in turns
        if one.status == "online" and one.until > since and one.since < until
    ]
    out = [one for one in begun if one.status == "offline" and one.is_change]
    back = [one for one in begun if one.status != "offline"]
    last_offline = out[-1].since if out else None
    if back and last_offline is not None and back[-1].since > last_offline:
        last_offline = None
    result = {name: found[name] for name in (*PARTS, "most")}
    result["changes"] = sum(one.is_change for one in begun)
    return result | {"first_online": min(online, default=None), "last_offline": last_offline}


def test_nobody_sees_the_time_of_colleagues_whom_the_right_does_not_reach(db: None) -> None:
    shop, other = make_brand(), make_brand()
    mine, theirs = make_agent(name="Mine"), make_agent(name="Theirs")
    own = make_agent(name="Own", role=make_role(Permission.REPORTS, scope=Role.Scope.OWN))
    lead = make_agent(name="Lead", role=make_role(Permission.REPORTS, scope=Role.Scope.TEAM))
    make_team(mine, lead)
    make_team(theirs)
    for agent, brand in ((mine, shop), (theirs, other)):
        agent.role_grants.all().delete()
        make_role(Permission.CHAT, brands=(brand,)).grants.create(agent=agent)
    of_shop = make_agent(
        name="Shop", role=make_role(Permission.REPORTS, scope=Role.Scope.ALL, brands=(shop,))
    )
    both = make_agent(name="Both", role=make_role(Permission.REPORTS, scope=Role.Scope.OWN))
    make_role(Permission.REPORTS, scope=Role.Scope.ALL).grants.create(agent=both)
    for agent in (mine, theirs, own, lead, of_shop, both):
        shift(agent, (at(9), "online"))
    seen = {
        own: {"Own"},
        lead: {"Lead", "Mine"},
        # Who works for all brands works for this one, too.
        of_shop: {"Mine", "Shop", "Own", "Lead", "Both"},
        # The wider of two roles counts, whichever was given first.
        both: {"Mine", "Theirs", "Shop", "Own", "Lead", "Both"},
    }
    wish = "from=2026-11-03&to=2026-11-03"
    for who, names in seen.items():
        client = Client()
        client.force_login(who)
        built = build("agent-status", days(), access_of(who), now=at(12))
        assert {line.name for line in built.lines} == names
        assert built.totals["online"] == len(names) * 3 * 3600
        answer = client.get(f"/api/v1/reports/statuses?{wish}").json()
        assert {row["agent"] for row in answer["rows"]} == names
        page = client.get(f"/reports/agent-status/?{wish}").content.decode()
        for stranger in {"Mine", "Theirs", "Shop", "Lead", "Own"} - names - {who.name}:
            assert f"<span>{stranger}</span><svg" not in page
        behind = client.get(
            f"/api/v1/reports/agent-status/rows?{wish}&figure=online&by=agent&row={theirs.public_id}"
        )
        assert {row["agent"] for row in behind.json()["rows"]} == names & {"Theirs"}


def test_the_past_of_who_was_deactivated_is_shown_to_whom_it_was(db: None) -> None:
    shop = make_brand()
    gone = make_agent(name="Gone", role=make_role(Permission.CHAT, brands=(shop,)))
    lead = make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.TEAM))
    team = make_team(gone, lead)
    of_shop = make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL, brands=(shop,)))
    of_other = make_agent(
        role=make_role(Permission.REPORTS, scope=Role.Scope.ALL, brands=(make_brand(),))
    )
    boss = make_agent(role=make_role(Permission.REPORTS, scope=Role.Scope.ALL))
    shift(gone, (at(9), "online"), (at(12), "offline"))
    disable_agent(agent=gone, by=None, now=at(36))
    for who, filters, seconds in (
        (lead, days(), 3 * 3600),
        (of_shop, days(), 3 * 3600),
        (of_other, days(), 0),
        (boss, days(brand=shop.pk, team=team.pk), 3 * 3600),
    ):
        found = compute(["online"], filters, access_of(who), now=at(40))
        assert found[None] == {"online": seconds}
    assert not access_of(gone).by_permission


def test_a_status_row_says_who_changed_it_and_the_day_is_drawn(boss: Agent) -> None:
    elif_ = make_agent(name="Elif Kaya")
    shift(elif_, (at(-9), "offline"), (at(9), "online"), (at(18), "offline"), actor=boss)
    client = Client()
    client.force_login(boss)
    wish = "from=2026-11-03&to=2026-11-03"
    page = client.get(f"/reports/agent-status/?{wish}")
    assert "Online 09:00–18:00" in page.content.decode()
    line = next(line for line in page.context["lines"] if line["name"] == "Elif Kaya")
    cells = dict(zip((each.key for each in page.context["columns"]), line["cells"], strict=True))
    assert (cells["online"]["text"], cells["first_online"]["text"]) == ("9:00:00", "09:00")
    assert cells["offline_time"]["text"] == "15:00:00"
    away = client.get(cells["offline_time"]["url"]).context["history"]
    assert [row["cells"][3][0] for row in away] == ["Offline", "Offline"]
    changes = client.get(cells["changes"]["url"]).context["history"]
    assert [row["cells"][-1][0] for row in changes] == [boss.name, boss.name]
    assert cells["changes"]["text"] == "2"


def test_behind_changes_stands_each_time_that_status_or_reason_became_another(boss: Agent) -> None:
    elif_ = make_agent(name="Elif Kaya")
    food = BreakReason.objects.create(name_tr="Yemek", name_en="Food")
    turns = [(9, "online"), (10, "break"), (11, "break"), (12, "break"), (13, "break")]
    shift(elif_, (at(-9), "offline"), *((at(hour), status) for hour, status in turns))
    own = StatusInterval.objects.filter(agent=elif_)
    # Of no reason, twice with one (a new limit), and of none again.
    own.filter(started_at__in=[at(11), at(12)]).update(reason=food)
    client = Client()
    client.force_login(boss)
    page = client.get("/reports/agent-status/?from=2026-11-03&to=2026-11-03").context
    line = next(line for line in page["lines"] if line["name"] == "Elif Kaya")
    cells = dict(zip((each.key for each in page["columns"]), line["cells"], strict=True))
    assert cells["changes"]["text"] == "4"
    rows = client.get(cells["changes"]["url"]).context["history"]
    assert [row["cells"][4][0] for row in rows] == ["–", "Food", "–", "–"]
