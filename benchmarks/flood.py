"""Customers' words and the pushes that follow, in a process of the product.

`python -m benchmarks.inside benchmarks.flood WORDS PUSHES`; see `benchmarks/pushes.py`. It has its
worker inside, unless workers of their own are at work.
"""

import json
import os
import statistics
import sys
import time
from collections import defaultdict
from uuid import uuid4

import httpx
from django.conf import settings
from django.utils import timezone
from pywebpush import WebPusher

from agents.models import Device
from automation.models import Delivery
from automation.notifications.in_flight import TOGETHER
from benchmarks.pushes import AGENTS, BUDGET, DEVICES, WARM_UP, services
from chat.models import Conversation
from chat.posting.messages import Author, Outgoing, post_message
from config.embedded import EmbeddedWorker
from config.outbox.operations import drain
from config.web.calls import begin_call
from tests.support.desk import make_desk, start
from tests.support.factories import make_conversation, make_visitor
from tests.support.push_service import Browser, PushService

_PAUSE = 0.1


class Floor:
    """Agents with two devices each, a chat for each, and what customers say there."""

    def __init__(self, quick: str, slow: str) -> None:
        self.quick = quick
        self.desk = make_desk(agents=AGENTS, brand={"capacity": 50}, auto_accept=True)
        # Who gets chats meanwhile has no device.
        self.others = make_desk(agents=20, brand={"capacity": 50}, auto_accept=True)
        browser = Browser(PushService(), "any")
        rows = []
        for number in range(DEVICES):
            # The devices of every tenth agent are at the service that hangs.
            service = slow if number % AGENTS % 10 == 0 else quick
            keys = browser.subscription["keys"]
            address = {"endpoint": f"{service}/{number}", "keys": keys}
            agent = self.desk.agents[number % AGENTS]
            what = {"kind": "webpush", "platform": "web", "digest": str(number)}
            rows.append(Device(agent=agent, address=address, **what))
        Device.objects.bulk_create(rows)
        self.chats = [
            make_conversation(
                make_visitor(self.desk.brand),
                topic=self.desk.topic,
                status="active",
                assignee=agent,
            )
            for agent in self.desk.agents
        ]

    def say(self, number: int) -> float:
        """A customer's word; return when it was committed."""
        chat = self.chats[number % AGENTS]
        words = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), "Alo?", str(uuid4()))
        post_message(words, now=timezone.now())
        return time.time()

    def taken(self) -> list[tuple[str, float]]:
        """What has come, and when."""
        found: list[tuple[str, float]] = httpx.get(self.quick, trust_env=False, timeout=60).json()
        return found

    def wait_for(self, count: int, seconds: float) -> list[tuple[str, float]]:
        """Return what has come once it is so much, or time is up."""
        ends = time.monotonic() + seconds
        while len(found := self.taken()) < count and time.monotonic() < ends:
            time.sleep(1)
        return found

    def route(self) -> float:
        """Start a chat; return how many seconds it took until somebody had it."""
        chat, began = start(self.others), time.monotonic()
        mine = Conversation.objects.filter(pk=chat.pk, assignee__isnull=False)
        while not mine.exists():
            time.sleep(0.02)
        return time.monotonic() - began


def warm_up(floor: Floor) -> None:
    """Have all workers load what they load with their first push."""
    for number in range(1, WARM_UP + 1):
        floor.say(number)
    if settings.EMBEDDED_WORKER:
        drain()
        drain("push")
    floor.wait_for(2 * WARM_UP, 120)


def cost_of(floor: Floor) -> str:
    """Hand over pushes before any worker is there; a bare encrypted call each is the floor."""
    quick = [number for number in range(AGENTS) if number % 10]
    for number in quick:
        floor.say(number)
    drain()
    pushes = Delivery.objects.filter(state=Delivery.State.WAITING)
    count, began = pushes.count(), time.process_time()
    while pushes.exists():
        drain("push")
    ours = (time.process_time() - began) / count * 1000
    devices = list(Device.objects.filter(agent__in=[floor.desk.agents[n].pk for n in quick]))
    began = time.process_time()
    for first in range(0, len(devices), TOGETHER):
        asked = [
            begin_call(
                "POST",
                device.address["endpoint"],
                headers={"TTL": "300", "Content-Encoding": "aes128gcm"},
                content=WebPusher(device.address).encode(b"x" * 600)["body"],
            )
            for device in devices[first : first + TOGETHER]
        ]
        for each in asked:
            each.result()
    bare = (time.process_time() - began) / len(devices) * 1000
    return (
        f"- CPU of a push, of {count} at once: {ours:.1f} ms; of an encrypted call alone, the "
        f"floor: {bare:.1f} ms; ratio {ours / bare:.1f}"
    )


def words_of(floor: Floor, words: int) -> str:
    """Have customers speak; every tenth is told to the service that hangs."""
    committed: dict[str, list[float]] = defaultdict(list)
    had = len(floor.wait_for(0, 0))
    for number in range(words):
        at = floor.say(number)
        if number % AGENTS % 10:
            for device in (number % AGENTS, number % AGENTS + AGENTS):
                committed[f"/{device}"].append(at)
        time.sleep(_PAUSE)
    wanted = sum(map(len, committed.values()))
    handed: dict[str, list[float]] = defaultdict(list)
    for path, at in floor.wait_for(had + wanted, 120)[had:]:
        handed[path].append(at)
    took = [
        (after - at) * 1000
        for path, said in committed.items()
        for at, after in zip(said, handed[path], strict=False)
    ]
    return (
        f"- word committed → handed over, {AGENTS} agents, {DEVICES} devices, a service that hangs "
        f"beside it (p95 ≤ {BUDGET} ms): {_figures(took)}; lost (0): {wanted - len(took)}"
    )


def flood_of(floor: Floor, flood: int) -> list[str]:
    """Have so many pushes asked for in a minute; see what routing does meanwhile."""
    before = [floor.route() * 1000 for _ in range(20)]
    had = len(floor.wait_for(10**9, 5))
    quick = [number for number in range(AGENTS) if number % 10]
    began, meanwhile = time.monotonic(), []
    for said in range(flood // 2):
        floor.say(quick[said % len(quick)])
        if said % 200 == 0:
            meanwhile.append(floor.route() * 1000)
        time.sleep(max(0.0, began + said * 60 / (flood // 2) - time.monotonic()))
    asked = time.monotonic() - began
    found = floor.wait_for(had + flood, 280)
    took = time.monotonic() - began
    return [
        f"- {flood:,} pushes asked for in {asked:.0f} s: all handed over after {took:.0f} s; "
        f"lost (0): {max(0, had + flood - len(found))}",
        f"- a chat finds its agent meanwhile: {_figures(meanwhile)}; before: {_figures(before)}",
    ]


def _figures(took: list[float]) -> str:
    p95 = sorted(took)[int(len(took) * 0.95)]
    return f"p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms"


def main(words: int, flood: int) -> None:
    """Measure in this process, which is one of the product."""
    with services() as (quick, slow):
        floor = Floor(quick, slow)
        lines = []
        warm_up(floor)
        if settings.EMBEDDED_WORKER:
            lines = [cost_of(floor)]
            EmbeddedWorker().start()
        lines.append(words_of(floor, words))
        if flood:
            lines += flood_of(floor, flood)
        print(json.dumps(lines, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
    # The worker inside would be waited for.
    os._exit(0)
