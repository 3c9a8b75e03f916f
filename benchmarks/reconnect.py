"""A herd of widgets comes back after the server was killed, while agents go on working.

Each widget does what `static/live/socket.js` does: full-jitter back-off, a session with its secret,
a socket, hello, resume. Resumed means welcomed, and holding every entry of its chat.
"""

import asyncio
import contextlib
import json
import random
import re
import resource
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from picows import WSError, WSFrame, WSMsgType, WSTransport, ws_connect

from benchmarks import servers
from benchmarks.client import Side, Socket, connect
from tests.support.servers import Web

# As in static/live/socket.js.
BACK_OFF = 0.5
BACK_OFF_TOP = 30.0
WELCOME_WITHIN = 10.0
SEEN = 2
CALM_SECONDS = 10.0
GIVE_UP_SECONDS = 180.0


class FullLine(ConnectionError):
    """The server says when to come again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Tab(Socket):
    """A widget's socket; `complete` once it has all of its chat."""

    def __init__(self, hello: str, conversation: str, sent: int) -> None:
        super().__init__(hello)
        self.complete = asyncio.get_running_loop().create_future()
        self.conversation, self.sent, self.head = conversation, sent, -1

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT or self.complete.done():
            return
        said = json.loads(frame.get_payload_as_bytes())
        if said["type"] == "welcome":
            self.welcomed.set_result(None)
            self.head = said["heads"].get(self.conversation, 0)
        elif said["type"] == "entries":
            numbers = [entry["seq"] for entry in said["entries"]]
            if numbers != list(range(self.sent + 1, self.sent + 1 + len(numbers))):
                raise RuntimeError(f"after {self.sent} came {numbers}")
            self.sent += len(numbers)
        if self.head >= 0 and self.sent >= self.head:
            self.complete.set_result(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        super().on_ws_disconnected(transport)
        # Only the last of the waits asks.
        with contextlib.suppress(ConnectionError):
            if self.welcomed.done():
                self.welcomed.result()
        if not self.complete.done():
            self.complete.set_exception(ConnectionError("closed before everything had come"))


@dataclass
class Widget:
    """One browser with the widget on a page."""

    web: Web
    site: str
    secret: str
    conversation: str = ""
    resumed: list[float] = field(default_factory=list)
    attempts: int = 0
    tab: Tab | None = None

    async def live(self) -> None:
        """Connect, and come back each time the socket is lost."""
        failures = 0
        while True:
            self.attempts += 1
            try:
                async with asyncio.timeout(WELCOME_WITHIN):
                    token = await self.session()
                async with asyncio.timeout(WELCOME_WITHIN):
                    self.tab = await self.enter(token)
                failures = 0
                self.resumed.append(time.perf_counter())
                await self.tab.closed
            except FullLine as full:
                failures += 1
                await asyncio.sleep(full.seconds)
                continue
            except (OSError, EOFError, WSError, TimeoutError, ConnectionError):
                pass
            failures += 1
            await asyncio.sleep(random.random() * min(BACK_OFF_TOP, BACK_OFF * 2**failures))

    async def session(self) -> str:
        """Renew the session; a browser has to connect for it."""
        body = json.dumps({"site": self.site, "visitor": self.secret, "language": "tr"}).encode()
        head = (
            "POST /api/widget/v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(*_address(self.web))
        try:
            writer.write(head.encode() + body)
            answer = await reader.read()
        finally:
            writer.close()
        status, _, content = answer.partition(b"\r\n\r\n")
        if later := re.search(rb"\r\nretry-after: (\d+)", status):
            raise FullLine(int(later[1]))
        if b" 201 " not in status[:20]:
            raise ConnectionError(status[:60])
        token: str = json.loads(content)["token"]
        return token

    async def enter(self, token: str) -> Tab:
        """Open the socket and wait until nothing is missing."""
        resume = {self.conversation: SEEN} if self.conversation else {}
        hello = json.dumps({"type": "hello", "token": token, "resume": resume})
        transport, tab = await ws_connect(
            lambda: Tab(hello, self.conversation, SEEN if resume else 0),
            f"{self.web.ws_url}/ws/visitor/",
            enable_auto_ping=False,
        )
        try:
            await tab.complete
        except BaseException:
            transport.disconnect()
            raise
        return tab


def _address(web: Web) -> tuple[str, int]:
    host, port = web.url.removeprefix("http://").split(":")
    return host, int(port)


@dataclass
class Desk:
    """An agent who opens the list of chats again and again."""

    web: Web
    cookie: str
    took: list[float] = field(default_factory=list)

    async def work(self) -> None:
        """Note how long each page takes."""
        headers = {"Cookie": self.cookie}
        async with httpx.AsyncClient(trust_env=False, headers=headers, timeout=60) as client:
            while True:
                began = time.perf_counter()
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.get(f"{self.web.url}/console/")
                    if answer.status_code != 200:
                        raise RuntimeError(f"/console/ answered {answer.status_code}")
                    self.took.append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(0.2)


async def all_resumed(widgets: list[Widget], times: int) -> None:
    """Wait until every widget has been resumed so often."""
    for _ in range(int(GIVE_UP_SECONDS * 20)):
        if all(len(widget.resumed) >= times for widget in widgets):
            return
        await asyncio.sleep(0.05)
    late = sum(len(widget.resumed) < times for widget in widgets)
    raise TimeoutError(f"{late} widgets are not back after {GIVE_UP_SECONDS:.0f} s")


async def attend(web: Web, agents: list[dict[str, str]]) -> list[Socket]:
    """Open the agents' sockets: their browsers come back first, they are few."""
    return [await connect(Side(f"{web.ws_url}/ws/console/", each["token"])) for each in agents]


async def herd(env: dict[str, str], count: int) -> list[str]:
    """Kill and restart a server that has `count` widgets; report how all came back."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    data: dict[str, Any] = json.loads(
        servers.run("tests.support.world", "herd", str(count), env=env)
    )
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []
        with servers.product(env) as web:
            widgets = [Widget(web, data["site"], **each) for each in data["widgets"]]
            desk = Desk(web, data["agents"][0]["cookie"])
            sockets = await attend(web, data["agents"])
            for start in range(0, count, 25):
                tasks += [group.create_task(each.live()) for each in widgets[start : start + 25]]
                await asyncio.sleep(0.25)
            await all_resumed(widgets, 1)
            tasks.append(group.create_task(desk.work()))
            await asyncio.sleep(CALM_SECONDS)
            calm, desk.took = desk.took, []
            attempts = sum(widget.attempts for widget in widgets)
            cut = time.perf_counter()
            web.kill()
            with servers.core(0):
                web.spawn()
            await asyncio.to_thread(web.wait_ready)
            ready = time.perf_counter()
            desk.took = []
            sockets += await attend(web, data["agents"])
            await all_resumed(widgets, 2)
            storm, attempts = desk.took, sum(widget.attempts for widget in widgets) - attempts
            for task in tasks:
                task.cancel()
    back = sorted(widget.resumed[1] for widget in widgets)
    return [
        f"- {count:,} widgets, killed and ready again after {ready - cut:.1f} s",
        f"- all resumed (< 60 s): {back[-1] - cut:.1f} s after the kill, {back[-1] - ready:.1f} s "
        f"after it was ready; half of them {back[count // 2] - ready:.1f} s; "
        f"{attempts / count:.1f} attempts each; nothing missing in {len(data['chats'])} chats",
        f"- an agent's list of chats before: {pages(calm)}; meanwhile: {pages(storm)}; "
        f"ratio of medians (< 2): {statistics.median(storm) / statistics.median(calm):.2f}"
        if storm
        else "- everybody was back before an agent could open a page",
        "",
    ]


def pages(took: list[float]) -> str:
    """Return median and 95th percentile of page times."""
    late = sorted(took)[min(len(took) - 1, int(len(took) * 0.95))]
    return f"{statistics.median(took):.0f} ms, p95 {late:.0f} ms ({len(took)} pages)"
