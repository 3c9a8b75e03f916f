"""What tests of the sockets share: a client that speaks the protocol to the ASGI application."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from agents.credentials.tokens import PREFIX, hash_secret, new_secret
from agents.models import Agent, ApiToken, Brand
from chat.models import Conversation, Visitor
from chat.posting.messages import Author, Outgoing, post_messages
from chat.widget.sessions import VisitorSession, make_token
from config.asgi import application

OWN = settings.OWN_ORIGINS[0]
PATIENCE = 30.0
# Events that come at any time and are not about what a test does.
NOISE = {
    "availability.changed",
    "conversation.delivered",
    "conversation.read",
    "counters",
    "list.changed",
    "presence",
    "queue.position",
}


def new_cid() -> str:
    """A client id."""
    return str(uuid4())


async def db[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call something that reads or writes rows; its connection is given back."""

    def call() -> R:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await sync_to_async(call)()


class Closed(Exception):
    """The server closed the socket with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Client(WebsocketCommunicator):
    """One socket."""

    def __init__(
        self, path: str, *, origin: str | None = OWN, cookie: str = "", address: str = "10.0.0.1"
    ) -> None:
        headers = [(b"origin", origin.encode())] if origin is not None else []
        if cookie:
            headers.append((b"cookie", cookie.encode()))
        super().__init__(application, path, headers=headers)
        self.scope["client"] = [address, 1234]
        self.welcome: dict[str, Any] = {}
        self.sent: set[str] = set()
        # Heard while waiting for something else.
        self.unheard: list[dict[str, Any]] = []

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """Return the next frame, or the next of a kind; raises `Closed`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = self.unheard.pop(0) if self.unheard else await self.next_frame()
                if kind is None or frame["type"] == kind:
                    return frame

    async def next_frame(self) -> dict[str, Any]:
        """Return what comes over the wire next."""
        message = await self.receive_output(PATIENCE)
        if message["type"] == "websocket.close":
            raise Closed(message.get("code", 1000))
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def event(self, name: str) -> dict[str, Any]:
        """Return the data of the next event of that name."""
        while True:
            frame = await self.hear("event")
            if frame["name"] == name:
                data: dict[str, Any] = frame["data"]
                return data

    async def is_silent(self) -> bool:
        """Return whether nothing was said but echoes of our own and noise; asks for a pong."""
        await self.say(type="ping")
        while (frame := await self.hear())["type"] != "pong":
            if frame["type"] == "entries":
                if {entry["cid"] for entry in frame["entries"]} <= self.sent:
                    continue
            elif frame.get("name") in NOISE:
                continue
            return False
        return True

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        await self.send_to(text_data=json.dumps(frame))

    async def close_code(self) -> int:
        """Return the code with which the server closes, whatever it says before."""
        try:
            while True:
                await self.hear()
        except Closed as closed:
            return closed.code

    async def hello(self, **fields: Any) -> dict[str, Any]:
        """Introduce oneself and return `welcome`."""
        await self.say(type="hello", **fields)
        return await self.hear("welcome")

    async def answer_to(self, cid: str) -> dict[str, Any]:
        """Return the ack or nack of a send."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.next_frame()
                if frame["type"] in {"ack", "nack"} and frame["cid"] == cid:
                    return frame
                self.unheard.append(frame)

    async def send_message(
        self,
        conversation: str,
        text: str,
        *,
        cid: str | None = None,
        kind: str = "message.send",
        **more: Any,
    ) -> dict[str, Any]:
        """Send a message or note and return the ack or nack."""
        cid = cid or new_cid()
        self.sent.add(cid)
        await self.say(type=kind, cid=cid, conversation=conversation, text=text, **more)
        return await self.answer_to(cid)

    async def numbers_until(self, head: int) -> list[int]:
        """Return the numbers of all entries heard, up to and with `head`."""
        numbers: list[int] = []
        while not numbers or numbers[-1] < head:
            frame = await self.hear("entries")
            numbers += [entry["seq"] for entry in frame["entries"]]
        return numbers


def token_for(visitor: Visitor) -> str:
    """A visitor's token."""
    return make_token(
        VisitorSession(
            brand=visitor.brand,
            secret_hash=visitor.secret_hash,
            language=visitor.language,
            visitor=visitor,
        )
    )


def token_for_stranger(brand: Brand, secret_hash: str = "a" * 64) -> str:
    """The token of a browser that has no visitor row yet."""
    return make_token(VisitorSession(brand=brand, secret_hash=secret_hash, language="tr"))


def api_token(agent: Agent) -> str:
    """An agent's API token."""
    raw = PREFIX + new_secret()
    ApiToken.objects.create(agent=agent, name="test", token_hash=hash_secret(raw), scopes=["desk"])
    return raw


def session_cookie(agent: Agent) -> str:
    """The cookie header of a browser that is signed in."""
    browser = Browser()
    browser.force_login(agent)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


@asynccontextmanager
async def connected(path: str, **options: Any) -> AsyncIterator[Client]:
    """A socket that was accepted; closed at the end."""
    client = Client(path, **options)
    accepted, _ = await client.connect(timeout=PATIENCE)
    assert accepted, "403"
    try:
        yield client
    finally:
        await client.disconnect(timeout=PATIENCE)


async def is_refused(path: str, **options: Any) -> bool:
    """Return whether the door stays closed: 403 before the socket opens."""
    client = Client(path, **options)
    accepted, _ = await client.connect(timeout=PATIENCE)
    await client.disconnect(timeout=PATIENCE)
    return not accepted


@asynccontextmanager
async def visitor_socket(visitor: Visitor, **hello: Any) -> AsyncIterator[Client]:
    """A widget's socket after `welcome`, which stands in `client.welcome`."""
    async with connected("/ws/visitor/") as client:
        client.welcome = await client.hello(token=token_for(visitor), **hello)
        yield client


@asynccontextmanager
async def console_socket(agent: Agent, **hello: Any) -> AsyncIterator[Client]:
    """An agent's socket, let in by an API token."""
    token = await db(api_token, agent)
    async with connected("/ws/console/", origin=None) as client:
        client.welcome = await client.hello(token=token, **hello)
        yield client


def fill(conversation: Conversation, count: int) -> None:
    """Let the visitor have said `count` things."""
    author = Author.of_visitor(conversation.visitor)
    for said in range(0, count, 100):
        post_messages(
            [
                Outgoing(conversation.public_id, author, f"{number}", str(uuid4()))
                for number in range(said + 1, min(said + 100, count) + 1)
            ],
            now=timezone.now(),
        )
