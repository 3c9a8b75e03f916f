"""The stock set-up: a Channels consumer, one ORM insert a message, `group_send`.

What a good developer writes from the documentation, with the connection kept between messages and
SQLite at `synchronous=FULL`. It speaks the frames of the wire contract. A floor: not tuned.
"""

import json
import os
from typing import Any

import django
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import path
from django.utils import timezone
from environ import Env

database = Env.db_url_config(os.environ["STOCK_DATABASE_URL"])
database["CONN_MAX_AGE"] = None
if "sqlite" in database["ENGINE"]:
    database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
settings.configure(
    SECRET_KEY="stock",  # noqa: S106 - a benchmark's own server
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": database},
    INSTALLED_APPS=["django.contrib.contenttypes", "channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()

from django.db import connection, models  # noqa: E402 - models need settings


class Conversation(models.Model):
    class Meta:
        app_label = "contenttypes"
        db_table = "stock_conversation"


class Entry(models.Model):
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    kind = models.CharField(max_length=11)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "contenttypes"
        db_table = "stock_entry"


def create_tables() -> None:
    """Make the two tables once."""
    if "stock_entry" in connection.introspection.table_names():
        return
    with connection.schema_editor() as editor:
        editor.create_model(Conversation)
        editor.create_model(Entry)
    Conversation.objects.bulk_create([Conversation(pk=pk) for pk in range(1024)])


create_tables()
connection.close()


class StockConsumer(AsyncWebsocketConsumer):
    """One consumer for both sides; `hello` carries `v:<room>` or `a:<room>` as token."""

    room = ""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        frame = json.loads(text_data or "")
        if frame["type"] == "hello":
            role, _, self.room = frame["token"].partition(":")
            if role == "a":
                await self.channel_layer.group_add(f"room-{self.room}", self.channel_name)
            elif role == "i":
                await self.channel_layer.group_add("site", self.channel_name)
            await self.send('{"type":"welcome"}')
        elif frame["type"] == "message.send":
            entry = await database_sync_to_async(Entry.objects.create)(
                conversation_id=int(self.room), kind="message", body=frame["text"]
            )
            at = entry.created_at.isoformat()
            content = {
                "id": str(entry.pk),
                "seq": entry.pk,
                "kind": "message",
                "author": {"kind": "visitor", "id": self.room, "name": "Vera"},
                "text": frame["text"],
                "attachments": [],
                "data": {},
                "cid": frame["cid"],
                "at": at,
            }
            await self.channel_layer.group_send(
                f"room-{self.room}", {"type": "entry", "entry": content}
            )
            ack = {
                "type": "ack",
                "cid": frame["cid"],
                "id": str(entry.pk),
                "seq": entry.pk,
                "at": at,
                "dup": False,
            }
            await self.send(json.dumps(ack))

    async def entry(self, event: dict[str, Any]) -> None:
        entry = event["entry"]
        frame = {
            "type": "entries",
            "conversation": self.room,
            "entries": [entry],
            "head": entry["seq"],
            "more": False,
        }
        await self.send(json.dumps(frame))

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(f"room-{self.room}", self.channel_name)
        await self.channel_layer.group_discard("site", self.channel_name)


urlpatterns: list[Any] = []
app = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/", StockConsumer.as_asgi())]),
    }
)
