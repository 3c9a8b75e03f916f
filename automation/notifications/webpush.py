"""To browsers, by the push service that each of them names (RFC 8030, 8291)."""

import json
from concurrent.futures import Future
from typing import Any

import httpx
from django.utils import timezone
from pywebpush import WebPusher

from agents.models import Device
from automation.models import PushSetup
from automation.notifications.keys import authorization
from automation.notifications.push import (
    VIBRATIONS,
    DeviceGone,
    Push,
    Refused,
    TooLarge,
    TryLater,
    seconds_of,
)
from config.web.calls import Answer, NoAnswer, begin_call
from config.web.outbound import NotAllowed, Unreachable
from config.wire import wire_time

# What every service takes, encrypted.
BYTES_MAX = 3000


def body_of(push: Push) -> dict[str, Any]:
    """Return what the service worker of the browser reads."""
    return {
        "v": 1,
        "push": push.id,
        "device": str(push.device),
        "class": push.notice,
        "conversation": push.conversation,
        "ticket": push.ticket,
        "at": wire_time(push.at),
        "title": push.title,
        "url": push.url,
        "withdrawn": list(push.withdrawn),
        "options": {
            "body": push.body,
            "tag": push.tag,
            # One that may have come already rings only where it did not: nothing is in its place.
            "renotify": push.rings,
            "silent": not push.sounds,
            # Not both: browsers refuse a silent one that vibrates.
            **({"vibrate": VIBRATIONS[push.notice]} if push.sounds else {}),
            "requireInteraction": push.notice == "new_chat",
            "actions": [{"action": act, "title": label} for act, label in push.actions.items()],
        },
    }


def begin(device: Device, push: Push, setup: PushSetup) -> "Future[Answer]":
    """Begin to hand a push to the browser's service; raises `TooLarge` or `WrongKey`."""
    content = json.dumps(body_of(push), ensure_ascii=False).encode()
    if len(content) > BYTES_MAX:
        raise TooLarge
    endpoint = httpx.URL(device.address["endpoint"])
    encrypted = WebPusher(device.address).encode(content)["body"]
    headers = {
        "Authorization": authorization(setup, f"{endpoint.scheme}://{endpoint.netloc.decode()}"),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(push.seconds),
        "Urgency": "high" if push.sounds else "low",
        # Of several that wait for a device that is off, it gets the last.
        "Topic": push.tag[:32],
    }
    return begin_call("POST", str(endpoint), headers=headers, content=encrypted)


def end(asked: "Future[Answer]") -> None:
    """Return once the service has taken it; raises `NotSent`."""
    try:
        answer = asked.result()
    except NotAllowed as error:
        raise Refused("private") from error
    except Unreachable as error:
        raise TryLater from error
    except NoAnswer as error:
        raise TryLater(may_have_come=True) from error
    _judge(answer.status, answer.headers.get("Retry-After", ""))


def _judge(status: int, retry_after: str) -> None:
    if 200 <= status < 300:
        return
    if status in {404, 410}:
        raise DeviceGone
    if status in {401, 403}:
        raise Refused("keys")
    if status == 413:
        raise TooLarge
    if status == 429 or status >= 500:
        raise TryLater(seconds_of(retry_after, now=timezone.now()))
    raise Refused("refused")
