"""Bursts are answered 429 with `Retry-After`, whatever the caller claims to be."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from chat.models import Attachment, Conversation
from tests.support.http import Widget, cid, make_shop, open_widget, picture, started

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("early_in_the_hour")]


def lowered(settings: Any, **limits: int) -> None:
    """Set limits of the wire contract."""
    settings.IMECE = settings.IMECE | limits


def check_limited(answer: Any) -> None:
    """A refusal that says when to come back."""
    assert (answer.status_code, answer.json()["code"]) == (429, "rate")
    assert 1 <= int(answer.headers["Retry-After"]) <= 3601


def test_sessions_are_limited_by_address(settings: Any) -> None:
    lowered(settings, SESSIONS_PER_MINUTE=2)
    widget = Widget(make_shop().brand)
    assert [widget.open().status_code for _ in range(2)] == [201, 201]
    check_limited(widget.open())


def test_a_made_up_forwarding_header_does_not_help(settings: Any) -> None:
    lowered(settings, SESSIONS_PER_MINUTE=2)
    widget = Widget(make_shop().brand)
    answers = []
    for number in range(3):
        widget.headers = {"X-Forwarded-For": f"9.9.9.{number}", "X-Real-IP": f"9.9.9.{number}"}
        answers.append(widget.open())
    check_limited(answers[-1])


def test_behind_a_proxy_one_client_does_not_starve_another(settings: Any) -> None:
    lowered(settings, SESSIONS_PER_MINUTE=1)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    widget = Widget(make_shop().brand)
    widget.headers = {"X-Forwarded-For": "1.1.1.1"}
    widget.open()
    check_limited(widget.open())
    widget.headers = {"X-Forwarded-For": "6.6.6.6, 1.1.1.1"}
    check_limited(widget.open())
    widget.headers = {"X-Forwarded-For": "2.2.2.2"}
    assert widget.open().status_code == 201


def test_messages_are_limited_by_visitor(settings: Any) -> None:
    shop = make_shop()
    widget, other = open_widget(shop.brand), open_widget(shop.brand)
    chat, others = started(widget), started(other)
    lowered(settings, MESSAGES_PER_MINUTE=3)

    def send(by: Widget, to: Any) -> Any:
        return by.post(f"conversations/{to.public_id}/messages", {"cid": cid(), "text": "x"})

    assert [send(widget, chat).status_code for _ in range(2)] == [201, 201]
    check_limited(send(widget, chat))
    assert send(other, others).status_code == 201


def test_after_a_clock_that_was_a_day_ahead_messages_are_taken_as_ever(settings: Any) -> None:
    widget = open_widget(make_shop().brand)
    chat = started(widget)
    lowered(settings, MESSAGES_PER_MINUTE=5)
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        # A session and a full window of tomorrow.
        assert widget.open().status_code == 201
        send_until_limited(widget, chat, taken=5)
    send_until_limited(widget, chat, taken=4)
    seqs = list(chat.entries.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def send_until_limited(widget: Widget, chat: Conversation, *, taken: int) -> None:
    """So many messages are taken, and the next one is told when to come back."""
    path = f"conversations/{chat.public_id}/messages"
    for _ in range(taken):
        answer = widget.post(path, {"cid": cid(), "text": "x"})
        assert answer.status_code == 201, answer.content
    check_limited(widget.post(path, {"cid": cid(), "text": "x"}))


def test_starts_are_limited_by_address_so_that_new_sessions_do_not_help(settings: Any) -> None:
    shop = make_shop()
    widgets = [open_widget(shop.brand) for _ in range(3)]
    lowered(settings, STARTS_PER_ADDRESS_PER_MINUTE=2)
    answers = [widget.start() for widget in widgets]
    assert [answer.status_code for answer in answers[:2]] == [201, 201]
    check_limited(answers[2])


def test_uploads_are_limited_by_visitor_and_by_address(settings: Any) -> None:
    shop = make_shop()
    widget, other = open_widget(shop.brand), open_widget(shop.brand)
    lowered(settings, UPLOADS_PER_MINUTE=1)
    assert widget.upload(picture()).status_code == 201
    check_limited(widget.upload(picture()))
    lowered(settings, UPLOADS_PER_ADDRESS_PER_HOUR=1)
    check_limited(other.upload(picture()))


def test_an_address_uploads_only_so_much(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    shop = make_shop()
    lowered(settings, UPLOADED_MB_PER_ADDRESS_PER_HOUR=4)
    file = b"a,b\n" * 500_000
    for widget in (open_widget(shop.brand), open_widget(shop.brand)):
        assert widget.upload(file, "a.csv").status_code == 201
    check_limited(open_widget(shop.brand).upload(b"a", "a.txt"))
    assert Attachment.objects.count() == 2
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_offline_messages_are_limited_by_visitor_and_by_address(settings: Any) -> None:
    shop = make_shop(online=False)
    widget, other = open_widget(shop.brand), open_widget(shop.brand)
    lowered(settings, OFFLINE_MESSAGES_PER_HOUR=1)

    def leave(by: Widget) -> Any:
        body = {"cid": cid(), "fields": {"email": "victim@example.com"}, "text": "x"}
        return by.post("offline-messages", body)

    assert leave(widget).status_code == 201
    check_limited(leave(widget))
    lowered(settings, OFFLINE_MESSAGES_PER_ADDRESS_PER_HOUR=1)
    check_limited(leave(other))


def test_ratings_and_reads_are_limited(settings: Any) -> None:
    widget = open_widget(make_shop().brand)
    chat = started(widget)
    lowered(settings, RATINGS_PER_MINUTE=1, READS_PER_MINUTE=1)
    widget.post(f"conversations/{chat.public_id}/rating", {"score": 5})
    check_limited(widget.post(f"conversations/{chat.public_id}/rating", {"score": 5}))
    widget.get("conversations")
    check_limited(widget.get("conversations"))
