"""The page that a mail with unread answers leads to."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.links import link_to
from chat.models import Conversation, Visitor
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.spam import mark_spam
from chat.page import views
from chat.posting.messages import NOTE
from config.web.limits import Limit
from tests.support.answers import later, page_of, place, says
from tests.support.factories import make_topic
from tests.support.files import make_attachment
from tests.support.http import Shop, open_widget, started
from tests.support.mail import Smtp
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_the_link_becomes_a_cookie_and_the_chat_goes_on(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "It left yesterday.")
    says(chat, shop, "Between us: a difficult one.", NOTE)
    later(clock, minutes=3)
    page = page_of(smtp)
    shown = page.get(place(chat))
    text = shown.content.decode()
    assert "Where is my order?" in text
    assert "It left yesterday." in text
    assert "Between us" not in text
    assert "no-store" in shown["Cache-Control"]
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    # The page is the chat and no transcript of it, in the chat's language.
    assert "<h1>Your chat with Nimbus</h1>" in text
    Conversation.objects.filter(pk=chat.pk).update(language="tr")
    assert "<h1>Nimbus ile sohbetiniz</h1>" in page.get(place(chat)).content.decode()
    assert Client().get(place(chat)).status_code == 404
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = page.post(place(chat), {"text": "Thank <you>", "key": key})
        assert answer.status_code == 302
    said = chat.entries.get(body="Thank <you>")
    assert (said.author_kind, said.kind) == ("visitor", "message")
    assert "Thank &lt;you&gt;" in page.get(place(chat)).content.decode()
    says(chat, shop, "You're welcome.")
    seen = page.post(place(chat) + "lines/")
    assert "You&#x27;re welcome." in seen.content.decode()
    # Read by whoever looks at the page: no mail follows.
    later(clock, hours=1)
    assert len(smtp.taken) == 1
    chat.refresh_from_db()
    assert chat.visitor_read_seq == chat.last_visitor_seq


def test_nothing_else_opens_it(clock: Any, shop: Shop, chat: Conversation) -> None:
    client = Client()
    link = link_to(chat, "vera@example.com").partition("/c/")[2]
    for wrong in (link[:-3] + "/", link_to(chat, "mallory@example.com").partition("/c/")[2]):
        assert client.get(f"/c/{wrong}").status_code == 404
    assert client.get(f"/c/{link}").status_code == 302
    # What the cookie holds is no link.
    held = client.cookies["imece_c"].value
    assert Client().get(f"{place(chat)}{held}/").status_code == 404
    assert client.get(place(chat)).status_code == 200
    other = started(open_widget(shop.brand))
    assert client.get(place(other)).status_code == 404
    # Nor their files, and those of notes.
    says(chat, shop, "Between us.", NOTE)
    for line in (other.entries.get(kind="message"), chat.entries.get(kind="note")):
        file = make_attachment(shop.elif_, entry=line).file
        answer = client.get(reverse("chat-file", args=[chat.public_id, file.public_id]))
        assert answer.status_code == 404
    Visitor.objects.update(email="new@example.com")
    assert client.get(place(chat)).status_code == 404
    Visitor.objects.update(email="vera@example.com")
    clock.shift(timedelta(days=8))
    assert Client().get(f"/c/{link}").status_code == 404
    assert client.get(place(chat)).status_code == 404


def test_spam_is_opened_no_more_and_whoever_floods_the_page_is_stopped(
    clock: Any, shop: Shop, chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CHAT_ANSWERS", Limit(views.CHAT_ANSWERS.name, 1, 3600))
    client = Client()
    client.get("/c/" + link_to(chat, "vera@example.com").partition("/c/")[2])
    bodies = [{"text": "x", "key": str(uuid.uuid4())} for _ in range(2)]
    assert [client.post(place(chat), body).status_code for body in bodies] == [302, 429]
    mark_spam(conversation=chat, by=shop.elif_, now=timezone.now())
    assert client.get(place(chat)).status_code == 404


def test_a_press_from_elsewhere_says_nothing(clock: Any, shop: Shop, chat: Conversation) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/c/" + link_to(chat, "vera@example.com").partition("/c/")[2])
    body = {"text": "x", "key": str(uuid.uuid4())}
    assert strict.post(place(chat), body).status_code == 403
    assert strict.post(place(chat) + "lines/").status_code == 403


def test_words_after_the_reopen_window_become_a_ticket(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    says(chat, shop, "It left yesterday.")
    now = timezone.now()
    end_conversation(conversation=chat, by=shop.elif_, now=now)
    topic = make_topic(shop.brand)
    resolve_conversation(conversation=chat, by=shop.elif_, topic=topic, now=now)
    later(clock, minutes=3)
    page = page_of(smtp)
    assert "This chat is over." in page.get(place(chat)).content.decode()
    later(clock, hours=30)
    key = str(uuid.uuid4())
    for _ in range(2):
        sent = page.post(place(chat), {"text": "It is not here yet.", "key": key})
    ticket = Ticket.objects.get()
    bodies = list(ticket.entries.filter(kind="message").values_list("body", flat=True))
    assert bodies == ["Where is my order?", "It left yesterday.", "It is not here yet."]
    # On to the ticket's own page, in the same browser.
    assert page.get(sent["Location"]).status_code == 302
    assert page.get(reverse("ticket-page", args=[ticket.pk])).status_code == 200
