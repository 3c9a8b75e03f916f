"""Limits on what surrounds a request's body: httptools keeps a head of any length in memory, and
uvicorn waits for its end as long as somebody likes."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from config.web.answers import common_headers

# Cookies and addresses take a few kilobytes; chunks of a slow upload a few bytes each.
HEAD_MAX = 256 * 1024
# From the connection, or a later request's first byte, to the end of the head.
HEAD_SECONDS = 20.0


class ShortHeads(HttpToolsProtocol):
    """HTTP of uvicorn that answers 400 to a head, or trailers, without end, and leaves whoever
    takes too long over a head."""

    _beside_bodies = 0
    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, but not for ever."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Another request begins on the same connection."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """The head is here; for the body there is a limit of its own."""
        self._stop_waiting()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        if self._due is None:
            self._due = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def data_received(self, data: bytes) -> None:
        """Count what comes, then let it be parsed."""
        self._beside_bodies += len(data)
        super().data_received(data)
        if self._beside_bodies > HEAD_MAX and not self.transport.is_closing():
            self.send_400_response("The head of this request is too large.")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, with the headers that every answer carries."""
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(msg)),
            (b"connection", b"close"),
            *common_headers(),
        ]
        lines = [b"HTTP/1.1 400 Bad Request", *(b"%s: %s" % header for header in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", msg.encode("ascii")]))
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Bodies have a limit of their own."""
        self._beside_bodies -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count anew."""
        self._beside_bodies = 0
        super().on_message_complete()
