"""Answers that nobody reads: said, mailed after a while, and followed to their page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation
from chat.posting.messages import Author, Outgoing, post_message
from config.outbox.operations import drain
from tests.support.http import Shop, cid
from tests.support.mail import Smtp


def says(chat: Conversation, shop: Shop, text: str, *kind: str) -> None:
    said = Outgoing(chat.public_id, Author.of_agent(shop.elif_), text, cid(), *kind)
    post_message(said, now=timezone.now())
    drain()


def later(clock: Any, **much: float) -> None:
    """Let time pass, and do what is due by then."""
    clock.shift(timedelta(**much))
    drain()
    drain("mail")


@contextmanager
def put_back(clock: Any, chat: Conversation) -> Iterator[None]:
    """Begin with the chat as it stands now, and leave rows and clock as they were."""
    began = timezone.now()
    chat.refresh_from_db()
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        clock.move_to(began)


def plain(mail: Any) -> str:
    text: str = mail.get_body(("plain",)).get_content()
    return text


def page_of(smtp: Smtp) -> Client:
    """The customer's mail programme follows the link of the newest mail."""
    link = re.search(r"https?://[^/\s]+(/c/\S+)", plain(smtp.taken[-1]))
    assert link is not None
    client = Client()
    assert client.get(link[1]).status_code == 302
    return client


def place(chat: Conversation) -> str:
    return reverse("chat-page", args=[chat.public_id])
