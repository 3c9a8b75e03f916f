"""What tests of the sockets share: a client that speaks the protocol to the ASGI application."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from channels.testing import WebsocketCommunicator
from django.conf import settings

from agents.models import Brand
from chat.models import Visitor
from chat.sessions import VisitorSession, make_token
from config.asgi import application

OWN = settings.OWN_ORIGINS[0]


def new_cid() -> str:
    """A client id."""
    return str(uuid4())


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

    async def hear(self, kind: str | None = None, *, timeout: float = 5) -> dict[str, Any]:
        """Return the next frame, or the next of a kind; raises `Closed`."""
        async with asyncio.timeout(timeout):
            while True:
                message = await self.receive_output(timeout)
                if message["type"] == "websocket.close":
                    raise Closed(message.get("code", 1000))
                frame: dict[str, Any] = json.loads(message["text"])
                if kind is None or frame["type"] == kind:
                    return frame

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        await self.send_to(text_data=json.dumps(frame))

    async def close_code(self, *, timeout: float = 5) -> int:
        """Return the code with which the server closes, whatever it says before."""
        try:
            while True:
                await self.hear(timeout=timeout)
        except Closed as closed:
            return closed.code

    async def hello(self, **fields: Any) -> dict[str, Any]:
        """Introduce oneself and return `welcome`."""
        await self.say(type="hello", **fields)
        return await self.hear("welcome")

    async def send_message(
        self, conversation: str, text: str, cid: str | None = None
    ) -> dict[str, Any]:
        """Send a message and return the ack or nack."""
        cid = cid or new_cid()
        await self.say(type="message.send", cid=cid, conversation=conversation, text=text)
        while True:
            frame = await self.hear()
            if frame["type"] in {"ack", "nack"} and frame["cid"] == cid:
                return frame


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


@asynccontextmanager
async def connected(path: str, **options: Any) -> AsyncIterator[Client]:
    """A socket that was accepted; closed at the end."""
    client = Client(path, **options)
    accepted, _ = await client.connect(timeout=5)
    assert accepted, "403"
    try:
        yield client
    finally:
        await client.disconnect()


@asynccontextmanager
async def visitor_socket(visitor: Visitor, **hello: Any) -> AsyncIterator[Client]:
    """A widget's socket after `welcome`, which stands in `client.welcome`."""
    async with connected("/ws/visitor/") as client:
        client.welcome = await client.hello(token=token_for(visitor), **hello)
        yield client


@asynccontextmanager
async def console_socket(token: str, **hello: Any) -> AsyncIterator[Client]:
    """An agent's socket, let in by an API token."""
    async with connected("/ws/console/", origin=None) as client:
        client.welcome = await client.hello(token=token, **hello)
        yield client
