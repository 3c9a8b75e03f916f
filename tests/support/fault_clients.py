"""A screen that speaks the wire contract and keeps a ledger of all it sent, was told and showed.

It does what the browser's modules do: one un-acked send at a time, resend after a reconnect,
resume from the last entry, fetch a gap over HTTP, drop everything on `resync`.
"""

import asyncio
import contextlib
import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets

from tests.support.process import NO_AUTHORITIES

# A server that is slow is not one that is gone.
PATIENCE = 60


@dataclass
class Ledger:
    """What one screen saw."""

    sent: list[str] = field(default_factory=list)
    acks: dict[str, int] = field(default_factory=dict)
    # The screen: (seq, kind, cid) in the order drawn.
    shown: list[tuple[int, str, str | None]] = field(default_factory=list)
    reconnects: int = 0

    @property
    def last(self) -> int:
        """The newest entry on the screen."""
        return self.shown[-1][0] if self.shown else 0


class Screen:
    """One side of one conversation, connected until stopped whatever happens to the server."""

    def __init__(
        self, *, http: str, socket: str, entries: str, token: str, conversation: str
    ) -> None:
        self.url, self.token, self.conversation = socket, token, conversation
        self.entries_path = entries.format(conversation)
        self.ledger = Ledger()
        self.outbox: list[dict[str, Any]] = []
        self.head = 0
        self._wake = asyncio.Event()
        self._changed = asyncio.Condition()
        self._http = httpx.AsyncClient(
            base_url=http,
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
            trust_env=False,
            verify=NO_AUTHORITIES,
        )
        self._task = asyncio.create_task(self._run())

    def say(self, text: str) -> None:
        """Put a message into the outbox."""
        cid = str(uuid.uuid4())
        self.ledger.sent.append(cid)
        self.outbox.append(
            {
                "type": "message.send",
                "cid": cid,
                "conversation": self.conversation,
                "text": text,
            }
        )
        self._wake.set()

    async def settled(self, seconds: float) -> None:
        """Wait until everything said is acked and the screen stands at the head."""

        def is_settled() -> bool:
            return not self.outbox and self.ledger.last >= max(
                [self.head, *self.ledger.acks.values()]
            )

        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(is_settled)

    async def acked_from_now(self, seconds: float) -> None:
        """Wait until something is acked that is said from now on."""
        said = len(self.ledger.sent)
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.ledger.acks) > said)

    async def learn_head(self) -> None:
        """Ask the database how far the conversation is, without reading its entries."""
        answer = await self._http.get(self.entries_path, params={"after": 0, "limit": 1})
        self.head = answer.raise_for_status().json()["head"]

    async def stop(self) -> None:
        """Close for good."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._http.aclose()

    async def _run(self) -> None:
        while True:
            # Whatever the server's death looks like from here, a browser would try again.
            with contextlib.suppress(OSError, websockets.WebSocketException, TimeoutError):
                await self._connected()
            self.ledger.reconnects += 1
            await asyncio.sleep(random.uniform(0.05, 0.4))

    async def _connected(self) -> None:
        async with websockets.connect(self.url, proxy=None, open_timeout=PATIENCE) as socket:
            hello = {
                "type": "hello",
                "token": self.token,
                "resume": {self.conversation: self.ledger.last},
            }
            await socket.send(json.dumps(hello))
            async with asyncio.TaskGroup() as group:
                sender: asyncio.Task[None] | None = None
                try:
                    async for text in socket:
                        frame = json.loads(text)
                        if frame["type"] == "welcome":
                            sender = group.create_task(self._send(socket))
                        await self._hear(frame)
                finally:
                    if sender is not None:
                        sender.cancel()

    async def _send(self, socket: websockets.ClientConnection) -> None:
        in_flight = None
        while True:
            if self.outbox and self.outbox[0]["cid"] != in_flight:
                in_flight = self.outbox[0]["cid"]
                try:
                    await socket.send(json.dumps(self.outbox[0]))
                except websockets.ConnectionClosed:
                    return
            self._wake.clear()
            await self._wake.wait()
            if self._retry:
                self._retry, in_flight = False, None
                await asyncio.sleep(0.1)

    _retry = False

    async def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "welcome":
            self.head = frame["heads"].get(self.conversation, self.head)
        elif frame["type"] == "ack":
            self._acked(frame["cid"], frame["seq"])
        elif frame["type"] == "nack":
            assert frame["retry"], f"refused for good: {frame}"
            self._retry = True
            self._wake.set()
        elif frame["type"] == "resync" and frame["conversation"] == self.conversation:
            self.ledger.shown.clear()
            await self._fetch()
        elif frame["type"] == "entries" and frame["conversation"] == self.conversation:
            self.head = max(self.head, frame["head"])
            if frame["entries"] and frame["entries"][0]["seq"] > self.ledger.last + 1:
                await self._fetch()
            self._apply(frame["entries"])
        async with self._changed:
            self._changed.notify_all()

    def _acked(self, cid: str, seq: int) -> None:
        known = self.ledger.acks.setdefault(cid, seq)
        assert known == seq, f"{cid} was acked as {known} and as {seq}"
        if self.outbox and self.outbox[0]["cid"] == cid:
            self.outbox.pop(0)
        self._wake.set()

    def _apply(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["seq"] == self.ledger.last + 1:
                self.ledger.shown.append((entry["seq"], entry["kind"], entry.get("cid")))

    async def _fetch(self) -> None:
        """Read what is missing; a server that is away is asked again after the reconnect."""
        more = True
        while more:
            try:
                answer = await self._http.get(
                    self.entries_path, params={"after": self.ledger.last, "limit": 100}
                )
            except httpx.TransportError:
                return
            if answer.status_code != 200:
                return
            page = answer.json()
            self.head = max(self.head, page["head"])
            self._apply(page["entries"])
            more = page["more"]


def visitor_screen(http: str, pair: dict[str, str]) -> Screen:
    """The widget's side."""
    return Screen(
        http=http,
        socket=http.replace("http", "ws", 1) + "/ws/visitor/",
        entries="/api/widget/v1/conversations/{}/entries",
        token=pair["visitor"],
        conversation=pair["conversation"],
    )


def agent_screen(http: str, pair: dict[str, str]) -> Screen:
    """The console's side."""
    return Screen(
        http=http,
        socket=http.replace("http", "ws", 1) + "/ws/console/",
        entries="/api/v1/conversations/{}/entries",
        token=pair["agent"],
        conversation=pair["conversation"],
    )
