"""A push service of browsers, as strict as the real ones: it checks who calls, and decrypts."""

import json
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.support.serving import serving


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One subscription: its keys, what it has got, and how the service answers for it."""

    service: "PushService"
    name: str
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Statuses to answer with before 201; "hang" and "garbage" too.
    answers: list[Any] = field(default_factory=list)
    retry_after: str = ""
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"0123456789abcdef"

    @property
    def subscription(self) -> dict[str, Any]:
        """What the browser's page hands to us."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"{self.service.url}/push/{self.name}",
            "expirationTime": None,
            "keys": {"p256dh": _text(point), "auth": _text(self.auth)},
        }

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        """Decrypt and keep what came."""
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth)
        self.got.append(json.loads(plain))
        self.headers.append(headers)
        self.times.append(time.monotonic())


class PushService:
    """Listens on 127.0.0.1; `let_go` ends what hangs."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.let_go = threading.Event()
        self.complaints: list[str] = []
        # The key that subscriptions were made with.
        self.key = ""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                browser = service.browsers.get(self.path.rpartition("/")[2])
                if browser is None:
                    self.answer(404)
                    return
                answer = browser.answers.pop(0) if browser.answers else 201
                if answer == "hang":
                    service.let_go.wait(30)
                    return
                if answer == "garbage":
                    self.wfile.write(b"\x00\xff nonsense\r\n\r\n")
                    return
                if answer == 201:
                    answer = service.judge(dict(self.headers), len(body))
                if answer == 201:
                    browser.take(body, dict(self.headers))
                self.answer(answer, browser.retry_after if answer >= 429 else "")

            def answer(self, status: int, retry_after: str = "") -> None:
                self.send_response(status)
                if retry_after:
                    self.send_header("Retry-After", retry_after)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def judge(self, headers: dict[str, str], size: int) -> int:
        """Answer as a real service does; say what is wrong."""
        scheme, _, rest = headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        token, key = parts.get("t", ""), parts.get("k", "")
        if scheme != "vapid" or not token or not Vapid02.verify(headers["Authorization"]):
            return self._complain(401, "no signature of the key")
        claims = json.loads(_raw(token.split(".")[1]))
        if key != self.key:
            return self._complain(403, "another key than that of the subscription")
        if claims["aud"] != self.url or not time.time() < claims["exp"] <= time.time() + 86400:
            return self._complain(403, f"claims: {claims}")
        if not claims["sub"].startswith(("mailto:", "https:")):
            return self._complain(403, "nobody to ask")
        if headers.get("Content-Encoding") != "aes128gcm" or not headers["TTL"].isdigit():
            return self._complain(400, "encoding or TTL")
        if headers.get("Urgency") not in {"very-low", "low", "normal", "high"}:
            return self._complain(400, "urgency")
        if len(headers.get("Topic", "")) > 32:
            return self._complain(400, "topic")
        return 413 if size > 4096 else 201

    def _complain(self, status: int, why: str) -> int:
        self.complaints.append(why)
        return status

    def browser(self, name: str = "elif") -> Browser:
        """Subscribe another browser."""
        return self.browsers.setdefault(name, Browser(self, name))


@contextmanager
def push_service() -> Iterator[PushService]:
    """A running push service."""
    service = PushService()
    with serving(service.server):
        try:
            yield service
        finally:
            service.let_go.set()
