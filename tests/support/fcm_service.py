"""Google's FCM and its OAuth, as strict as the real ones; errors by how a token begins."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.serving import serving

PROJECT = "imece-test"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
# Status, Google's status, FCM's own code, by how a token begins.
REFUSALS = {
    "unreg": (404, "NOT_FOUND", "UNREGISTERED"),
    "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    "unavail": (503, "UNAVAILABLE", "UNAVAILABLE"),
    "internal": (500, "INTERNAL", "INTERNAL"),
    "apns": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    "sender": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
}
# What FCM knows of a message; another name is a 400.
_SHAPE: dict[str, Any] = {
    "token": str,
    "notification": {"title": str, "body": str},
    "data": "strings",
    "android": {
        "priority": str,
        "ttl": str,
        "collapse_key": str,
        "notification": {
            "channel_id": str,
            "sound": str,
            "tag": str,
            "visibility": str,
            "notification_priority": str,
            "default_vibrate_timings": bool,
            "vibrate_timings": list,
        },
    },
    "apns": {"headers": "strings", "payload": dict},
}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _is_shaped(value: Any, shape: Any) -> bool:
    if shape == "strings":
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            name in shape and _is_shaped(each, shape[name]) for name, each in value.items()
        )
    return isinstance(value, shape)


class FcmService:
    """Listens on 127.0.0.1."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.asked_for_tokens = 0
        # "garbage", or a status, for the next call to OAuth.
        self.oauth_answer: Any = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/token":
                    status, answer = service.grant(parse_qs(body.decode()))
                else:
                    status, answer = service.send(self.path, dict(self.headers), body)
                told = json.dumps(answer).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "70")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def account(self, **changes: Any) -> str:
        """What Firebase hands out, with OAuth at our own address."""
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "k1",
            "private_key": pem.decode(),
            "client_email": f"desk@{PROJECT}.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/token",
        }
        return json.dumps(account | changes)

    def grant(self, form: dict[str, list[str]]) -> tuple[int, Any]:
        """Check the assertion as Google does, and hand out an access token."""
        self.asked_for_tokens += 1
        if self.oauth_answer is not None:
            return int(self.oauth_answer), {"error": "invalid_grant"}
        key = RSAKey.import_key(_key().public_key())
        claims = jwt.decode(form["assertion"][0], key, algorithms=["RS256"]).claims
        is_ours = claims["iss"] == f"desk@{PROJECT}.iam.gserviceaccount.com"
        is_now = claims["iat"] <= time.time() + 60 and claims["exp"] <= claims["iat"] + 3600
        if form["grant_type"] != [GRANT] or not is_ours or not is_now or claims["scope"] != SCOPE:
            return 400, {"error": "invalid_grant"}
        # Google's library names Google whatever the account says.
        if claims["aud"] != "https://oauth2.googleapis.com/token":
            return 400, {"error": "invalid_grant"}
        self.tokens.append(secrets.token_hex(8))
        return 200, {"access_token": self.tokens[-1], "expires_in": 3599, "token_type": "Bearer"}

    def send(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        """Answer one message."""
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            expired = {"@type": "type.googleapis.com/google.rpc.ErrorInfo"}
            return self._refuse(
                401, "UNAUTHENTICATED", details=[expired | {"reason": "ACCESS_TOKEN_EXPIRED"}]
            )
        if path != f"/v1/projects/{PROJECT}/messages:send":
            return self._refuse(404, "NOT_FOUND")
        sent = json.loads(body)
        message = sent.get("message", {})
        if (
            not set(sent) <= {"message", "validate_only"}
            or not _is_shaped(message, _SHAPE)
            or len(body) > 4096
        ):
            return self._refuse(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        if message["token"].startswith("bogus"):
            words = "The registration token is not a valid FCM registration token"
            return self._refuse(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", words)
        for start, refusal in REFUSALS.items():
            if message["token"].startswith(start):
                return self._refuse(*refusal)
        self.messages.append(message)
        return 200, {"name": f"projects/{PROJECT}/messages/{len(self.messages)}"}

    @staticmethod
    def _refuse(
        status: int,
        name: str,
        code: str = "",
        words: str = "No.",
        details: list[dict[str, str]] | None = None,
    ) -> tuple[int, Any]:
        told = details or ([{"@type": _ERROR, "errorCode": code}] if code else [])
        return status, {
            "error": {"code": status, "message": words, "status": name, "details": told}
        }


@contextmanager
def fcm_service() -> Iterator[FcmService]:
    """A running FCM."""
    service = FcmService()
    with serving(service.server):
        yield service
