"""A widget and a desk that speak HTTP, and a brand with somebody at work."""

import io
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image

from agents.models import Agent, Brand, Team, Topic
from agents.operations import create_token
from agents.presence import heartbeat
from chat.models import Conversation, Visitor
from chat.operations.assignment import accept
from tests.support.factories import make_agent, make_brand, make_team, make_topic

WIDGET = "/api/widget/v1"
DESK = "/api/v1"


def cid() -> str:
    """A new client id."""
    return str(uuid.uuid4())


def picture(
    image_format: str = "PNG", size: tuple[int, int] = (6, 4), mode: str = "RGB", **options: Any
) -> bytes:
    """A small red picture; a large one is made fast in the mode "1"."""
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, image_format, **options)
    return out.getvalue()


@dataclass
class Shop:
    """A brand, its topic and team, and Elif, who is Online and here."""

    brand: Brand
    topic: Topic
    team: Team
    elif_: Agent


def make_shop(*, online: bool = True, **brand: Any) -> Shop:
    """A brand where a chat can be started (unless nobody is Online)."""
    elif_ = make_agent(online=online)
    team = make_team(elif_)
    shop = make_brand(default_team=team, default_language="en", **brand)
    if online:
        heartbeat(agent=elif_, now=timezone.now())
    return Shop(shop, make_topic(shop, team), team, elif_)


class Widget:
    """A visitor's browser."""

    def __init__(self, brand: Brand, *, origin: str | None = None, language: str = "en") -> None:
        self.client = Client()
        self.brand = brand
        self.language = language
        self.headers = {"Origin": origin} if origin else {}
        self.secret: str | None = None
        self.token = ""

    def open(self, **changes: Any) -> HttpResponse:
        """Open or renew the session."""
        body = {
            "site": self.brand.site_key,
            "page": {"url": "https://shop.example/cart", "title": "Cart", "referrer": ""},
            "language": self.language,
        } | ({"visitor": self.secret} if self.secret else {})
        answer = self.client.post(
            f"{WIDGET}/sessions",
            body | changes,
            content_type="application/json",
            headers=self.headers,
        )
        if answer.status_code == 201:
            self.token = answer.json()["token"]
            self.secret = answer.json().get("visitor", self.secret)
        return answer

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> HttpResponse:
        """Make any call with the token."""
        headers = self.headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        headers |= options.pop("headers", {})
        if body is not None:
            options |= {"data": body, "content_type": "application/json"}
        return self.client.generic(method, f"{WIDGET}/{path}", headers=headers, **_encoded(options))

    def get(self, path: str, **options: Any) -> HttpResponse:
        """GET with the token."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        """POST JSON with the token."""
        return self.call("POST", path, {} if body is None else body, **options)

    def start(self, text: str = "Hello", **changes: Any) -> HttpResponse:
        """Start a chat."""
        message = {"cid": cid(), "text": text} | changes.pop("message", {})
        return self.post("conversations", {"fields": {}, "message": message} | changes)

    def upload(self, content: bytes, name: str = "photo.png", **headers: str) -> HttpResponse:
        """Upload a file."""
        return self.client.post(
            f"{WIDGET}/attachments",
            {"file": SimpleUploadedFile(name, content)},
            headers=self.headers | {"Authorization": f"Bearer {self.token}"} | headers,
        )

    @property
    def visitor(self) -> Visitor:
        """The newest visitor of the brand."""
        return Visitor.objects.filter(brand=self.brand).latest("pk")


def _encoded(options: dict[str, Any]) -> dict[str, Any]:
    if "data" in options and not isinstance(options["data"], bytes | str):
        options["data"] = Client()._encode_json(options["data"], "application/json")
    return options


def open_widget(brand: Brand, **options: Any) -> Widget:
    """A widget with a session."""
    widget = Widget(brand, **options)
    answer = widget.open()
    assert answer.status_code == 201, answer.content
    return widget


def started(widget: Widget, text: str = "Hello") -> Conversation:
    """A chat that the widget has just started."""
    answer = widget.start(text)
    assert answer.status_code == 201, answer.content
    return Conversation.objects.get(public_id=answer.json()["id"])


def taken(conversation: Conversation, agent: Agent, now: datetime | None = None) -> Conversation:
    """The chat, accepted by the agent."""
    accept(conversation=conversation, agent=agent, now=now or timezone.now())
    conversation.refresh_from_db()
    return conversation


class Desk:
    """An agent's program, by token."""

    def __init__(self, agent: Agent | None = None) -> None:
        self.client = Client()
        self.agent = agent
        self.headers: dict[str, str] = {}
        if agent is not None:
            _row, raw = create_token(agent=agent, name="test", by=agent)
            self.headers = {"Authorization": f"Bearer {raw}"}

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> HttpResponse:
        """Make any call."""
        if body is not None:
            options |= {"data": body, "content_type": "application/json"}
        return self.client.generic(
            method, f"{DESK}/{path}", headers=self.headers, **_encoded(options)
        )

    def get(self, path: str, **options: Any) -> HttpResponse:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None) -> HttpResponse:
        """POST JSON."""
        return self.call("POST", path, {} if body is None else body)

    def upload(
        self, content: bytes, name: str = "photo.png", path: str = "attachments"
    ) -> HttpResponse:
        """Upload a file."""
        return self.client.post(
            f"{DESK}/{path}",
            {"file": SimpleUploadedFile(name, content)},
            headers=self.headers,
        )
