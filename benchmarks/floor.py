"""The limit: raw ASGI, one row per message in a psycopg group commit, in-process fan-out.

No framework. It speaks the frames of the wire contract, so that one client measures it, the stock
set-up and the product alike. `/echo/` sends every frame back and stores nothing.

This file is a floor: its hash stands in docs/performance.md and it is not tuned after the fact.
"""

import asyncio
import json
import os
from datetime import UTC, datetime
from typing import Any

import psycopg

DSN = os.environ.get("FLOOR_DSN", "")
INSERT = """
    INSERT INTO floor_entry (conversation_id, kind, body, created_at)
    SELECT room, 'message', body, %s FROM unnest(%s::bigint[], %s::text[]) AS new (room, body)
    RETURNING id
"""
SCHEMA = """
    CREATE TABLE IF NOT EXISTS floor_conversation (id bigint PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS floor_entry (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        conversation_id bigint NOT NULL REFERENCES floor_conversation,
        kind text NOT NULL,
        body text NOT NULL,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX IF NOT EXISTS floor_thread ON floor_entry (conversation_id, id);
    INSERT INTO floor_conversation SELECT generate_series(0, 1023) ON CONFLICT DO NOTHING;
"""


class Writer:
    """Commits what arrived while the last commit ran, then tells the agents and the senders."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, dict[str, Any], Any]] = []
        self.wake = asyncio.Event()

    def add(self, room: str, frame: dict[str, Any], send: Any) -> None:
        self.waiting.append((room, frame, send))
        self.wake.set()

    async def run(self) -> None:
        # One statement is one transaction.
        async with await psycopg.AsyncConnection.connect(DSN, autocommit=True) as connection:
            await connection.execute(SCHEMA)
            while True:
                await self.wake.wait()
                self.wake.clear()
                while batch := self.waiting:
                    self.waiting = []
                    at = datetime.now(UTC)
                    rooms = [int(item[0]) for item in batch]
                    bodies = [item[1]["text"] for item in batch]
                    cursor = await connection.execute(INSERT, (at, rooms, bodies))
                    rows = await cursor.fetchall()
                    stamp = at.isoformat()
                    for (room, frame, send), (pk,) in zip(batch, rows, strict=True):
                        await deliver(room, frame, send, pk, stamp)


writer = Writer()
agents: dict[str, Any] = {}
tasks: set[asyncio.Task[None]] = set()


async def lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if DSN:
                tasks.add(asyncio.create_task(writer.run()))
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def deliver(room: str, frame: dict[str, Any], send: Any, pk: int, stamp: str) -> None:
    """Tell the agent, then ack the sender."""
    if tell := agents.get(room):
        entry = {
            "id": str(pk),
            "seq": pk,
            "kind": "message",
            "author": {"kind": "visitor", "id": room, "name": "Vera"},
            "text": frame["text"],
            "attachments": [],
            "data": {},
            "cid": frame["cid"],
            "at": stamp,
        }
        text = json.dumps(
            {"type": "entries", "conversation": room, "entries": [entry], "head": pk, "more": False}
        )
        await tell({"type": "websocket.send", "text": text})
    ack = {"type": "ack", "cid": frame["cid"], "id": str(pk), "seq": pk, "at": stamp, "dup": False}
    await send({"type": "websocket.send", "text": json.dumps(ack)})


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve lifespan and sockets; `hello` carries `v:<room>` or `a:<room>` as token."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    echo = scope["path"] == "/echo/"
    room = ""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if echo:
            await send({"type": "websocket.send", "text": message["text"]})
            continue
        frame = json.loads(message["text"])
        if frame["type"] == "hello":
            role, _, room = frame["token"].partition(":")
            if role == "a":
                agents[room] = send
            await send({"type": "websocket.send", "text": '{"type":"welcome"}'})
        elif frame["type"] == "message.send":
            if not isinstance(frame["text"], str) or len(frame["text"]) > 10_000:
                raise ValueError("text")
            writer.add(room, frame, send)
