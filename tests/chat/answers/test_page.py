"""The page that a mail with unread answers leads to."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.links import link_to
from chat.models import Attachment, Conversation, Visitor
from chat.operations.attachments import purge_attachments
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.spam import mark_spam
from chat.page import views
from chat.posting.messages import NOTE
from config.web.rate_limits import Limit
from tests.support.answers import later, page_of, place, says
from tests.support.factories import make_topic
from tests.support.files import make_attachment
from tests.support.http import Shop, open_widget, picture, started
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


def test_a_link_followed_again_and_again_opens_it_no_longer_than_its_week(
    clock: Any, shop: Shop, chat: Conversation
) -> None:
    client = Client()
    link = "/c/" + link_to(chat, "vera@example.com").partition("/c/")[2]
    for _ in range(3):
        clock.shift(timedelta(days=2))
        assert client.get(link).status_code == 302
        assert client.get(place(chat)).status_code == 200
    held = client.cookies["imece_c"]
    assert 0 < int(held["max-age"]) <= 24 * 3600
    clock.shift(timedelta(days=1, seconds=1))
    client.cookies["imece_c"] = held.value
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
    own = reverse("ticket-page", args=[ticket.pk])
    assert page.get(own).status_code == 200
    # Which stays open no longer than the chat's own link does.
    held = page.cookies[f"imece_t{ticket.pk}"].value
    later(clock, days=8)
    page.cookies[f"imece_t{ticket.pk}"] = held
    assert page.get(own).status_code == 404


def _files() -> list[SimpleUploadedFile]:
    return [
        SimpleUploadedFile("label.png", picture()),
        SimpleUploadedFile("note.txt", b"hello\n"),
    ]


def test_files_go_into_the_chat_cleaned_and_only_the_page_has_them(
    clock: Any, shop: Shop, chat: Conversation
) -> None:
    page = Client()
    page.get("/c/" + link_to(chat, "vera@example.com").partition("/c/")[2])
    key = str(uuid.uuid4())
    for _ in range(2):
        sent = page.post(place(chat), {"text": "", "key": key, "attached": _files()})
        assert sent.status_code == 302
    said = chat.entries.latest("seq")
    assert (said.author_kind, said.attachments.count()) == ("visitor", 2)
    shown = page.get(place(chat)).content.decode()
    links = set(re.findall(r'href="(/c/[^"]+/files/[^"]+)"', shown))
    assert len(links) == 2
    for link in links:
        assert (page.get(link).status_code, Client().get(link).status_code) == (200, 404)
    # A picture is seen, not only named.
    assert len(re.findall(r'<img src="/c/[^"]+/files/', shown)) == 1
    hostile = SimpleUploadedFile("x.png", b"<svg onload=x>")
    bad = page.post(place(chat), {"text": "Look", "key": str(uuid.uuid4()), "attached": [hostile]})
    assert bad.status_code == 400
    assert "“x.png” was left out" in bad.content.decode()
    assert "Look" in bad.content.decode()
    many = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)]
    bad = page.post(place(chat), {"text": "", "key": str(uuid.uuid4()), "attached": many})
    assert (bad.status_code, "Ten files at once" in bad.content.decode()) == (400, True)
    # What was left over by the press that came twice is swept, what was said stays.
    clock.shift(timedelta(hours=25))
    purge_attachments(now=timezone.now())
    assert Attachment.objects.count() == 2
    assert page.get(links.pop()).status_code == 200


def test_files_after_the_reopen_window_stand_in_the_ticket(
    clock: Any, shop: Shop, chat: Conversation
) -> None:
    now = timezone.now()
    says(chat, shop, "It left yesterday.")
    end_conversation(conversation=chat, by=shop.elif_, now=now)
    resolve_conversation(conversation=chat, by=shop.elif_, topic=make_topic(shop.brand), now=now)
    page = Client()
    page.get("/c/" + link_to(chat, "vera@example.com").partition("/c/")[2])
    later(clock, hours=30)
    body = {"text": " ", "key": str(uuid.uuid4()), "attached": _files()}
    sent = page.post(place(chat), body)
    line = Ticket.objects.get().entries.filter(kind="message").latest("seq")
    assert {each.name for each in line.files.all()} == {"label.png", "note.txt"}
    clock.shift(timedelta(hours=25))
    purge_attachments(now=timezone.now())
    page.get(sent["Location"])
    page_of_ticket = reverse("ticket-page", args=[line.ticket_id])
    [link] = re.findall(r'href="(/t/[^"]+)" download="note.txt"', page.get(page_of_ticket).text)
    assert page.get(link).status_code == 200
