"""To apps, by Google's FCM through pyfcm, whose traps end here.

As it comes it sleeps on Retry-After and asks again for ever, takes every 404 for a lost token, and
has each thread fetch a token of its own. Here: one call, one answer, its error by class.
"""

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from typing import Any

import requests
from django.utils import timezone
from google.auth import exceptions as google_errors
from google.auth.transport import requests as google_requests
from google.oauth2 import service_account
from pyfcm import FCMNotification
from pyfcm.errors import FCMError
from requests.adapters import HTTPAdapter

from agents.models import Device
from automation.models import PushSetup
from automation.notifications.in_flight import IN_FLIGHT, TOGETHER
from automation.notifications.push import (
    VIBRATIONS,
    DeviceGone,
    Push,
    Refused,
    TooLarge,
    TryLater,
    seconds_of,
)
from config.wire import wire_time

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
# Google asks for at least this after "too many".
QUOTA_SECONDS = 60.0
# Made by the app; sound and vibration belong to them and never change, so their names do.
CHANNELS = {"new_chat": "live_chat_v1", "message": "message_v1"}
SILENT_CHANNEL = "tickets_silent_v1"
SOUNDS = {"new_chat": "chat", "message": "message"}
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class _Session(requests.Session):
    """Never waits longer than we say, and never asks twice."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=IN_FLIGHT * TOGETHER))

    def request(self, *args: Any, **options: Any) -> requests.Response:
        """Ask once."""
        options["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        options["allow_redirects"] = False
        return super().request(*args, **options)


class Gateway(FCMNotification):  # type: ignore[misc]  # pyfcm has no types
    """One service account; its access token is shared by all threads."""

    def __init__(self, account: Mapping[str, Any]) -> None:
        credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            account, scopes=[SCOPE]
        )
        super().__init__(credentials=credentials)
        self._session = _Session()
        self._refreshing = Lock()

    def send_request(self, payload: Any = None, timeout: Any = None) -> requests.Response:
        """Post once; once more when the access token has just ended."""
        answer = self._post(payload)
        if self._is_access_token_expired(answer):
            self.credentials.token = None
            answer = self._post(payload)
        return answer

    def _post(self, payload: Any) -> requests.Response:
        with self._refreshing:
            if not self.credentials.valid:
                self.credentials.refresh(google_requests.Request(session=self._session))
            bearer = self.credentials.token
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
        return self._session.post(self.fcm_end_point, data=payload, headers=headers)

    def parse_response(self, response: requests.Response) -> Any:
        """Return Google's answer, or raise what became of the push."""
        if response.status_code == 200:
            return response.json()
        raise _error_of(response)


def _error_of(answer: requests.Response) -> Exception:
    try:
        told = answer.json()["error"]
        message = str(told.get("message", ""))
        details = {each.get("@type"): each for each in told.get("details", [])}
        code = details.get(_FCM_ERROR, {}).get("errorCode", told.get("status", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        message, code = "", ""
    status = answer.status_code
    # A wrong project is a 404 too, and must not cost a single token.
    if code == "UNREGISTERED" or (status == 400 and "registration token" in message):
        return DeviceGone()
    if status == 429 or status >= 500:
        wait = seconds_of(answer.headers.get("Retry-After", ""), now=timezone.now())
        return TryLater(max(wait or 0.0, QUOTA_SECONDS) if status == 429 else wait)
    if status == 413 or (status == 400 and "too big" in message.lower()):
        return TooLarge()
    if status in {401, 403, 404}:
        return Refused("account")
    return Refused("refused")


@lru_cache(maxsize=2)
def _gateway(account: str) -> Gateway:
    return Gateway(json.loads(account))


# As many as are handed to one service at a time: its calls wait in their threads.
_threads = ThreadPoolExecutor(IN_FLIGHT * TOGETHER, thread_name_prefix="fcm")


def begin(device: Device, push: Push, setup: PushSetup) -> "Future[None]":
    """Begin to hand a push to Google for one app; raises `Refused` or `WrongKey`."""
    account = setup.account.reveal()
    if not account:
        raise Refused("setup")
    message = message_of(push, platform=device.platform)
    return _threads.submit(_send, account, device.address["token"], message)


def end(asked: "Future[None]") -> None:
    """Return once Google has taken it; raises `NotSent`."""
    asked.result()


def _send(account: str, token: str, message: dict[str, Any]) -> None:
    try:
        _gateway(account).notify(fcm_token=token, **message)
    except (google_errors.TransportError, requests.ConnectTimeout) as error:
        raise TryLater from error
    except google_errors.RefreshError as error:
        raise TryLater if error.retryable else Refused("account") from error
    except requests.ConnectionError as error:
        raise TryLater from error
    except requests.RequestException as error:
        raise TryLater(may_have_come=True) from error
    except (FCMError, ValueError) as error:
        raise Refused("refused") from error


def message_of(push: Push, *, platform: str) -> dict[str, Any]:
    """Return what pyfcm is told: what the system shows, and `data` for the app, in words only."""
    data = {
        "v": "1",
        "push": push.id,
        "device": str(push.device),
        "class": push.notice,
        "at": wire_time(push.at),
        "url": push.url,
    }
    if push.conversation:
        data["conversation"] = push.conversation
    if push.ticket:
        data["ticket"] = push.ticket
    if push.withdrawn:
        data["withdrawn"] = ",".join(push.withdrawn)
    config = (
        {"apns_config": _apns(push)}
        if platform == "ios"
        else {"android_config": _android(push, CHANNELS.get(push.notice, "live_chat_v1"))}
    )
    return {
        "notification_title": push.title,
        "notification_body": push.body,
        "data_payload": data,
        **config,
    }


def _android(push: Push, channel: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "channel_id": channel if push.rings else SILENT_CHANNEL,
        "tag": push.tag,
        "visibility": "PRIVATE",
        "notification_priority": "PRIORITY_HIGH" if push.rings else "PRIORITY_LOW",
    }
    if push.rings:
        pattern = [0, *VIBRATIONS[push.notice]]
        shown |= {
            "sound": SOUNDS.get(push.notice, "chat"),
            "default_vibrate_timings": False,
            "vibrate_timings": [f"{part / 1000:g}s" for part in pattern],
        }
    return {
        "priority": "HIGH" if push.sounds else "NORMAL",
        "ttl": f"{push.seconds}s",
        "notification": shown,
    }


def _apns(push: Push) -> dict[str, Any]:
    headers = {
        "apns-push-type": "alert",
        "apns-priority": "10" if push.sounds else "5",
        "apns-expiration": str(int(timezone.now().timestamp()) + push.seconds),
        "apns-collapse-id": push.tag,
    }
    aps: dict[str, Any] = {
        "thread-id": push.tag,
        "interruption-level": "time-sensitive" if push.rings else "passive",
    }
    # Without the word it neither sounds nor vibrates.
    if push.rings:
        aps["sound"] = f"{SOUNDS.get(push.notice, 'chat')}.caf"
    return {"headers": headers, "payload": {"aps": aps}}
