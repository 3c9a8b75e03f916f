"""Phones and browsers of tests, and the worker that tells them, step by step."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import time_machine
from django.utils import timezone

from agents.models import Agent, Device
from agents.operations.devices import register_device
from automation.models import Delivery
from chat.models import Conversation
from chat.operations.assignment import accept
from chat.posting.messages import Author, Outgoing, post_message
from config.outbox.models import OutboxEntry
from config.outbox.operations import do_now
from tests.support.desk import Desk, fresh, start, work
from tests.support.push_service import Browser


def register(agent: Agent, browser: Browser, **changes: Any) -> Device:
    """The agent's browser, as a page has registered it."""
    subscription = browser.subscription
    wish = {"kind": "webpush", "platform": "web", "name": browser.name} | changes
    device, _is_new = register_device(
        agent=agent,
        address={name: subscription[name] for name in ("endpoint", "keys")},
        now=timezone.now(),
        **wish,
    )
    return device


def register_app(agent: Agent, token: str, platform: str = "android") -> Device:
    """The agent's app."""
    device, _is_new = register_device(
        agent=agent,
        kind="fcm",
        platform=platform,
        address={"token": token},
        name=platform,
        now=timezone.now(),
    )
    return device


def work_pushes() -> None:
    """Let workers do what is due, pushes in this thread."""
    work()
    kinds = ("automation.waiting", "automation.push")
    while True:
        rows = OutboxEntry.objects.live().filter(kind__in=kinds)
        due = rows.filter(available_at__lte=timezone.now()).order_by("available_at", "pk")
        keys = list(due.values_list("key", flat=True))
        if not keys:
            return
        for key in keys:
            do_now(key)
        work()


def say(chat: Conversation, text: str) -> None:
    """A word of the customer."""
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), text, str(uuid4()))
    post_message(draft, now=timezone.now())


def taken(desk: Desk) -> Conversation:
    """A chat that Elif has accepted, about which everybody has been told."""
    chat = start(desk)
    work_pushes()
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    work_pushes()
    return fresh(chat)


def later(seconds: float) -> Any:
    """So many seconds from now."""
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True)


def told(browser: Browser) -> list[tuple[str, str]]:
    """Class and words of what a browser has got."""
    return [(each["class"], each["options"]["body"]) for each in browser.got]


def states() -> list[str]:
    """What became of each push."""
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))
