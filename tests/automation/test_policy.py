"""Who is told what, and with what sound: the tables."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agents.models import Device, Notice
from automation.notifications import fcm, webpush
from automation.notifications.policy import TABLE, is_told_on, sounds
from automation.notifications.push import Push
from config.events import Event

pytestmark = pytest.mark.once

AT = datetime(2026, 11, 29, 9, tzinfo=UTC)


def events(kind: type[Event] = Event) -> Iterator[type[Event]]:
    for each in kind.__subclasses__():
        if "name" in vars(each) and each.__module__.split(".")[0] != "tests":
            yield each
        yield from events(each)


def test_every_event_that_workers_hear_is_in_the_table_and_no_other() -> None:
    """A new event enters it, and says whom it is told, or that nobody is."""
    assert {event for event in events() if event.durable} == set(TABLE)


def test_only_what_customers_do_is_told_aloud() -> None:
    assert {notice for notice in Notice if sounds(notice)} == {Notice.NEW_CHAT, Notice.MESSAGE}
    aloud = {
        event.name: each.notice
        for event, rows in TABLE.items()
        for each in rows
        if sounds(each.notice)
    }
    assert aloud == {
        "conversation.queued": Notice.NEW_CHAT,
        "conversation.assigned": Notice.NEW_CHAT,
        "offer.made": Notice.NEW_CHAT,
        "window.opened": Notice.NEW_CHAT,
        "offer.withdrawn": Notice.NEW_CHAT,
        "messages.posted": Notice.MESSAGE,
    }


def push(notice: str, **changes: object) -> Push:
    known = {
        "id": "p",
        "device": 7,
        "notice": notice,
        "conversation": "abc",
        "at": AT,
        "title": "Yeni",
        "body": "Vera: Merhaba",
        "tag": "c-abc",
        "url": "/console/chats/abc/",
        "sounds": sounds(notice),
        "seconds": 300,
    }
    return Push(**known | changes)  # type: ignore[arg-type]


def of_browser(notice: str, **changes: object) -> dict[str, object]:
    options = webpush.body_of(push(notice, **changes))["options"]
    names = ("silent", "renotify", "vibrate", "requireInteraction")
    return {name: options[name] for name in names if name in options}


def test_what_a_browser_is_told_by_class() -> None:
    silent = {"silent": True, "renotify": False, "requireInteraction": False}
    assert {notice.value: of_browser(notice) for notice in Notice} == {
        "new_chat": {
            "silent": False,
            "renotify": True,
            "vibrate": [250, 150, 250, 150, 250],
            "requireInteraction": True,
        },
        "message": {
            "silent": False,
            "renotify": True,
            "vibrate": [200, 100, 200],
            "requireInteraction": False,
        },
        "ticket": silent,
        "mention": silent,
        "team": silent,
    }
    # It rings where the first did not come, and nowhere twice.
    repeated = {"silent": False, "renotify": False}
    assert of_browser("message", is_repeat=True).items() >= repeated.items()


def test_what_an_android_app_is_told_by_class() -> None:
    found = {
        notice.value: fcm.message_of(push(notice), platform="android")["android_config"]
        for notice in Notice
    }
    silent = {
        "priority": "NORMAL",
        "ttl": "300s",
        "notification": {
            "channel_id": "tickets_silent_v1",
            "tag": "c-abc",
            "visibility": "PRIVATE",
            "notification_priority": "PRIORITY_LOW",
        },
    }

    def loud(channel: str, sound: str, vibrations: list[str]) -> dict[str, object]:
        return {
            "priority": "HIGH",
            "ttl": "300s",
            "notification": {
                "channel_id": channel,
                "tag": "c-abc",
                "visibility": "PRIVATE",
                "notification_priority": "PRIORITY_HIGH",
                "sound": sound,
                "default_vibrate_timings": False,
                "vibrate_timings": vibrations,
            },
        }

    assert found == {
        "new_chat": loud(
            "live_chat_v1", "chat", ["0s", "0.25s", "0.15s", "0.25s", "0.15s", "0.25s"]
        ),
        "message": loud("message_v1", "message", ["0s", "0.2s", "0.1s", "0.2s"]),
        "ticket": silent,
        "mention": silent,
        "team": silent,
    }


def test_what_an_iphones_app_is_told_by_class() -> None:
    found = {}
    for notice in Notice:
        config = fcm.message_of(push(notice), platform="ios")["apns_config"]
        priority = config["headers"]["apns-priority"]
        found[notice.value] = (priority, config["payload"]["aps"])
    silent = ("5", {"thread-id": "c-abc", "interruption-level": "passive"})
    loud = {"thread-id": "c-abc", "interruption-level": "time-sensitive"}
    assert found == {
        "new_chat": ("10", loud | {"sound": "chat.caf"}),
        "message": ("10", loud | {"sound": "message.caf"}),
        "ticket": silent,
        "mention": silent,
        "team": silent,
    }


def test_data_for_apps_is_words_only() -> None:
    message = fcm.message_of(push("new_chat", withdrawn=("c-x", "c-y")), platform="android")
    assert message["data_payload"] == {
        "v": "1",
        "push": "p",
        "device": "7",
        "class": "new_chat",
        "conversation": "abc",
        "at": "2026-11-29T09:00:00.000Z",
        "url": "/console/chats/abc/",
        "withdrawn": "c-x,c-y",
    }


@pytest.mark.parametrize("notice", Notice)
def test_where_everything_sounds_silent_classes_are_not_told(notice: Notice) -> None:
    address = {"endpoint": "https://web.push.apple.com/QBx"}
    iphone = Device(kind="webpush", platform="ios", address=address)
    other = Device(kind="webpush", platform="web", address={"endpoint": "https://push.example/x"})
    assert is_told_on(iphone, notice) is sounds(notice)
    assert is_told_on(other, notice)
