"""The load: pairs of sockets (a visitor and the agent who hears it), closed loop or fixed rate."""

import asyncio
import json
import random
import time
import uuid
from dataclasses import dataclass, field

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

# About 100 characters, Turkish letters among them.
TEXT = (
    "Merhaba, dün aldığım ceketin bedeni küçük geldi. "
    "Bir büyüğü ile değiştirebilir miyiz? Teşekkürler"
)


@dataclass(frozen=True)
class Side:
    """How one socket introduces itself."""

    url: str
    token: str
    origin: str = ""
    conversation: str = ""


@dataclass
class Result:
    """What one phase saw. Latency is the visitor's send to the agent's receive, in seconds."""

    seconds: float = 0.0
    messages: int = 0
    lost: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return messages a second."""
        return self.messages / self.seconds

    def quantile(self, share: float) -> float:
        """Return the latency below which `share` of the messages stayed, in milliseconds."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1000 if ranked else 0.0


class Socket(WSListener):
    """One connection; hands each text frame to `on_text` once welcomed."""

    def __init__(self, hello: str) -> None:
        self.hello = hello
        self.welcomed = asyncio.get_running_loop().create_future()
        self.closed = asyncio.get_running_loop().create_future()
        self.pair: Pair | None = None
        self.is_agent = False
        self.echo = not hello

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.echo:
            self.welcomed.set_result(None)
        else:
            transport.send(WSMsgType.TEXT, self.hello.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        text = frame.get_payload_as_bytes()
        if not self.welcomed.done():
            if b'"welcome"' in text:
                self.welcomed.set_result(None)
            return
        if self.pair is not None:
            self.pair.hear(text, self.is_agent)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError("closed before welcome"))


async def connect(side: Side) -> Socket:
    """Open a socket and wait for its welcome."""
    frame = {"type": "hello", "token": side.token}
    if side.conversation:
        frame["resume"] = {side.conversation: 0}
    hello = json.dumps(frame) if side.token else ""
    headers = {"Origin": side.origin} if side.origin else None
    _, listener = await ws_connect(
        lambda: Socket(hello), side.url, extra_headers=headers, enable_auto_ping=False
    )
    await asyncio.wait_for(listener.welcomed, 30)
    return listener


class Pair:
    """One conversation: sends, and counts a message when the agent has it and the ack is back."""

    def __init__(self, visitor: Socket, agent: Socket, conversation: str) -> None:
        self.visitor, self.agent, self.conversation = visitor, agent, conversation
        visitor.pair = self
        agent.pair, agent.is_agent = self, agent is not visitor
        self.sent: dict[bytes, float] = {}
        self.acked: set[bytes] = set()
        self.heard: set[bytes] = set()
        self.result = Result()
        self.open_loop = False
        self.stopped = True

    def send(self, due: float | None = None) -> None:
        """Send the next message; `due` is when an open loop meant to send it."""
        cid = str(uuid.UUID(int=random.getrandbits(128), version=4))
        frame = {
            "type": "message.send",
            "cid": cid,
            "conversation": self.conversation,
            "text": TEXT,
        }
        self.sent[cid.encode()] = due or time.perf_counter()
        self.visitor.transport.send(WSMsgType.TEXT, json.dumps(frame).encode())

    def hear(self, text: bytes, by_agent: bool) -> None:
        """Note one frame of either side."""
        at = text.find(b'"cid"')
        if at < 0 or b'"nack"' in text[:20]:
            return
        while at >= 0:
            start = text.index(b'"', at + 5) + 1
            cid = text[start : start + 36]
            if cid in self.sent:
                if by_agent or self.agent is self.visitor:
                    self.result.latencies.append(time.perf_counter() - self.sent[cid])
                    self.heard.add(cid)
                if not by_agent:
                    self.acked.add(cid)
                if cid in self.heard and cid in self.acked:
                    del self.sent[cid]
                    self.heard.discard(cid)
                    self.acked.discard(cid)
                    self.result.messages += 1
                    if not self.open_loop and not self.stopped:
                        self.send()
            at = text.find(b'"cid"', start)


class Load:
    """A set of connected pairs against one server."""

    def __init__(self, pairs: list[Pair]) -> None:
        self.pairs = pairs

    @classmethod
    async def open(cls, sides: list[tuple[Side, Side]]) -> "Load":
        """Connect every pair."""
        pairs = []
        for visitor_side, agent_side in sides:
            visitor = await connect(visitor_side)
            agent = visitor if agent_side is visitor_side else await connect(agent_side)
            pairs.append(Pair(visitor, agent, visitor_side.conversation))
        return cls(pairs)

    def _reset(self, open_loop: bool) -> None:
        for pair in self.pairs:
            pair.result, pair.open_loop, pair.stopped = Result(), open_loop, False
            pair.sent.clear()

    async def _collect(self, seconds: float) -> Result:
        total = Result(seconds=seconds)
        for pair in self.pairs:
            total.messages += pair.result.messages
            total.latencies += pair.result.latencies
        for _ in range(1000):
            if not any(pair.sent for pair in self.pairs):
                break
            await asyncio.sleep(0.01)
        total.lost = sum(len(pair.sent) for pair in self.pairs)
        return total

    async def closed_loop(self, seconds: float, pairs: int | None = None) -> Result:
        """Keep one message in flight in each of `pairs` conversations for `seconds`."""
        self._reset(open_loop=False)
        began = time.perf_counter()
        for pair in self.pairs[:pairs]:
            pair.send()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - began
        for pair in self.pairs:
            pair.stopped = True
        return await self._collect(took)

    async def fixed_rate(self, rate: float, seconds: float) -> Result:
        """Send `rate` messages a second in Poisson arrivals over all conversations."""
        self._reset(open_loop=True)
        began = due = time.perf_counter()
        while due < began + seconds:
            due += random.expovariate(rate)
            if (ahead := due - time.perf_counter()) > 0.0005:
                await asyncio.sleep(ahead)
            random.choice(self.pairs).send(due)
        took = time.perf_counter() - began
        total = await self._collect(took)
        total.latencies = [value for pair in self.pairs for value in pair.result.latencies]
        return total

    async def close(self) -> None:
        """Close every socket."""
        for pair in self.pairs:
            for socket in {pair.visitor, pair.agent}:
                socket.transport.send_close()
                socket.transport.disconnect()
