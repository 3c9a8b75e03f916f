"""Answers that leave before Django has seen the request; they carry what every answer carries."""

import json
from typing import Any

from django.conf import settings

from config.web.middleware import PERMISSIONS_POLICY
from config.web.problems import CONTENT_TYPE, problem


def common_headers() -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer, for answers that no cache may keep and no page is."""
    headers = [
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"cross-origin-opener-policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY.encode()),
        (b"permissions-policy", PERMISSIONS_POLICY.encode()),
        (b"referrer-policy", settings.SECURE_REFERRER_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", settings.X_FRAME_OPTIONS.encode()),
    ]
    if settings.SECURE_HSTS_SECONDS:
        value = f"max-age={settings.SECURE_HSTS_SECONDS}"
        headers.append((b"strict-transport-security", value.encode()))
    return headers


async def send_answer(
    send: Any, status: int, body: bytes, content_type: str, *headers: tuple[bytes, bytes]
) -> None:
    """Answer an ASGI request with these bytes."""
    said = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        *common_headers(),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})


async def send_problem(send: Any, status: int, *headers: tuple[bytes, bytes]) -> None:
    """Answer an ASGI request, of which nothing more is read, with a problem document."""
    body = json.dumps(problem(status)).encode()
    await send_answer(send, status, body, CONTENT_TYPE, (b"connection", b"close"), *headers)
