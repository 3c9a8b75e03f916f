"""What agents wait for: the list of chats, a chat that opens, and who gets a chat."""

import contextlib
import json
import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import httpx
from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import connect

from benchmarks import servers
from benchmarks.measure import ratio
from tests.support.servers import Web

ARCHIVED = 100_000
CHATS, LINES = 50, 500
_CLICK = """(id) => {
  const from = performance.now();
  document.querySelector(`#row-${CSS.escape(id)} a`).click();
  return new Promise((resolve) => {
    const look = () => {
      const pane = document.querySelector("#thread-pane");
      const drawn = pane?.dataset.conversation === id
        && pane.querySelectorAll("#thread .message").length >= %d;
      if (drawn) requestAnimationFrame(() => resolve(performance.now() - from));
      else requestAnimationFrame(look);
    };
    look();
  });
}"""

# When the largest part of the page was drawn, and how far what stood there was moved.
_DRAWN = """() => new Promise((resolve) => {
  let drawn = 0, moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => {
    if (!each.hadRecentInput) moved += each.value;
  })).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => (drawn = list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => resolve([drawn, moved]), 500);
})"""


@contextlib.contextmanager
def desk(env: dict[str, str], archived: int) -> Iterator[tuple[Web, dict[str, Any]]]:
    """Serve a desk with 50 open chats, two of them long; its agent is there to keep them."""
    output = servers.run("tests.support.world", "desk", str(archived), str(LINES), env=env)
    data: dict[str, Any] = json.loads(output)
    with (
        servers.product(env) as web,
        # Nobody reads it: without a limit the library does.
        connect(f"{web.ws_url}/ws/console/", max_queue=None) as socket,
    ):
        socket.send(json.dumps({"type": "hello", "token": data["token"]}))
        yield web, data


def chat_list(empty_env: dict[str, str], full_env: dict[str, str], rounds: int) -> list[str]:
    """Ask for the list of chats of an agent beside an empty and a full archive, in turn."""
    with desk(empty_env, 0) as (empty, its), desk(full_env, ARCHIVED) as (full, theirs):
        took: dict[int, list[float]] = {}
        with contextlib.ExitStack() as stack:
            clients = [
                stack.enter_context(
                    httpx.Client(base_url=web.url, headers={"Cookie": data["cookie"]}, timeout=60)
                )
                for web, data in ((empty, its), (full, theirs))
            ]
            for number in range(3 + rounds * 4):
                for which in (0, 1) if number % 2 else (1, 0):
                    began = time.perf_counter()
                    answer = clients[which].get("/console/")
                    spent = (time.perf_counter() - began) * 1000
                    if answer.status_code != 200:
                        raise RuntimeError(f"/console/ answered {answer.status_code}")
                    if answer.text.count('id="row-') != CHATS:
                        raise RuntimeError("the chats went elsewhere")
                    if number >= 3:
                        took.setdefault(which, []).append(spent)
        return [
            f"- list of chats, 50 open: {statistics.median(took[0]):.0f} ms with an empty archive, "
            f"{statistics.median(took[1]):.0f} ms beside {ARCHIVED:,} archived chats; "
            f"ratio (≤ 1.3): {ratio(took[1], took[0])}",
            *opening(full, theirs, rounds),
        ]


def opening(web: Web, data: dict[str, Any], rounds: int) -> list[str]:
    """Load the console anew, and click on two long chats in turn, in Chromium."""
    from tests.support.chromium import FLAGS, find_chromium  # noqa: PLC0415 - needs Django's apps

    name, value = data["cookie"].split("=", 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": web.url}])
        loads = []
        for _ in range(2 + rounds):
            # Nothing is known from before.
            first = browser.new_context(viewport={"width": 1440, "height": 900})
            first.add_cookies([{"name": name, "value": value, "url": web.url}])
            shown = first.new_page()
            shown.goto(f"{web.url}/console/")
            loads.append(shown.evaluate(_DRAWN))
            first.close()
        page: Page = context.new_page()
        page.goto(f"{web.url}/console/")
        took = [
            page.evaluate(_CLICK % LINES, data["long"][number % 2])
            for number in range(4 + rounds * 4)
        ]
        browser.close()
    ranked = sorted(took[4:])
    drawn, moved = zip(*loads[2:], strict=True)
    return [
        f"- the console, 50 open chats, nothing cached: largest paint (≤ 1200 ms) median "
        f"{statistics.median(drawn):.0f} ms, highest {max(drawn):.0f} ms; shift (≤ 0.02) "
        f"{max(moved):.3f} at most ({len(drawn)} loads)",
        f"- a chat of {LINES} messages opens (click → drawn, p95 ≤ 200 ms): "
        f"median {statistics.median(ranked):.0f} ms, p95 {ranked[int(len(ranked) * 0.95)]:.0f} ms "
        f"({len(ranked)} clicks)",
    ]


def decision(rounds: int) -> list[str]:
    """Decide for 500 who wait and 200 agents."""
    from agents.access import Access, Reach  # noqa: PLC0415 - needs Django's apps
    from agents.models import Permission, Role, Status  # noqa: PLC0415
    from chat.routing.decision import Candidate, Policy, Waiting, decide  # noqa: PLC0415

    now = datetime(2026, 11, 21, 10, tzinfo=UTC)

    def candidate(number: int) -> Candidate:
        teams = frozenset({number % 5, (number + 1) % 5})
        reach = Reach(scope=Role.Scope.OWN, brand_ids=None, channels=None, team_ids=teams)
        access = Access(
            agent_id=number,
            everything=False,
            team_ids=teams,
            by_permission={Permission.CHAT: (reach,)},
        )
        return Candidate(
            id=number,
            status=Status.ONLINE,
            is_present=True,
            capacity=None,
            held=number % 4,
            idle_since=now - timedelta(minutes=number),
            access=access,
        )

    people = [candidate(number) for number in range(200)]
    queue = [
        Waiting(
            id=number,
            brand_id=number % 3,
            channel="web",
            team_ids=frozenset({number % 5}),
            priority=0,
            queued_at=now + timedelta(seconds=number),
        )
        for number in range(500)
    ]
    policy = Policy(brand_capacity=dict.fromkeys(range(3), 4))
    took = []
    for _ in range(rounds * 4):
        began = time.perf_counter()
        decide(queue=queue, candidates=people, policy=policy, now=now)
        took.append((time.perf_counter() - began) * 1000)
    return [
        f"- decision, 500 waiting, 200 agents (< 20 ms): median {statistics.median(took):.1f} ms, "
        f"highest {max(took):.1f} ms",
    ]


def measure(empty_env: dict[str, str], full_env: dict[str, str], rounds: int) -> list[str]:
    """Return the report on the desk."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    return ["### The desk", "", *decision(rounds), *chat_list(empty_env, full_env, rounds), ""]
