"""Reports over a year on PostgreSQL: what a supervisor waits for, and what a long file holds.

Rows come by COPY (`benchmarks/year.py`): chats with their lines and facts, and statuses.
"""

import json
import statistics
import time
from datetime import UTC, datetime, timedelta

import httpx

from benchmarks import servers

YEAR = 365
LINES = 10
PAGES = (
    "agents",
    "agent-status",
    "general",
    "queue",
    "answers",
    "resolution",
    "topics",
    "tags",
    "ratings",
    "tickets",
)
BUDGETS = {30: 1500, YEAR: 5000}


def measure(env: dict[str, str], rounds: int, chats: int) -> list[str]:
    """Return the report: every page over a month and over the year, and a file of everything."""
    data = json.loads(
        servers.run("benchmarks.inside", "benchmarks.year", "seed", str(chats), env=env)
    )
    lines = [
        f"### Reports, {chats:,} chats and {chats * LINES:,} lines over a year, PostgreSQL",
        "",
        "| report | 30 days, p50 / p95 (≤ 1,500 ms) | a year (≤ 5,000 ms) |",
        "|---|---|---|",
    ]
    with (
        servers.product(env) as web,
        httpx.Client(
            base_url=web.url, headers={"Cookie": data["cookie"]}, timeout=120, trust_env=False
        ) as client,
    ):
        for name in PAGES:
            took = {
                days: [_asked(client, name, days) for _ in range(rounds if days == 30 else 3)]
                for days in BUDGETS
            }
            month, year = sorted(took[30]), took[YEAR]
            lines.append(
                f"| {name} | {statistics.median(month):,.0f} / "
                f"{month[int(len(month) * 0.95)]:,.0f} | {max(year):,.0f} |"
            )
    made = [
        json.loads(servers.run("benchmarks.inside", "benchmarks.year", "file", form, env=env))
        for form in ("csv", "xlsx")
    ]
    again = json.loads(servers.run("benchmarks.inside", "benchmarks.year", "rebuild", env=env))
    lines += [
        "",
        *(
            f"- a file of {one['rows']:,} rows, {one['form']}: {one['seconds']:.0f} s, "
            f"at most {one['peak']:.0f} MB in all (≤ 200), {one['grown']:.0f} more than before it"
            for one in made
        ),
        f"- facts made anew: {again['rate']:,.0f} chats a second, in parts that can be resumed",
        "",
    ]
    return lines


def _asked(client: httpx.Client, name: str, days: int) -> float:
    last = datetime.now(UTC).date()
    first = last - timedelta(days=days - 1)
    began = time.perf_counter()
    answer = client.get(f"/reports/{name}/?from={first}&to={last}&zone=Europe/Istanbul")
    if answer.status_code != 200 or "<tfoot>" not in answer.text:
        raise RuntimeError(f"{name}: {answer.status_code}")
    return (time.perf_counter() - began) * 1000
