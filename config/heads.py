"""A limit on what surrounds a request's body: httptools keeps a head of any length in memory."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Cookies and addresses take a few kilobytes; chunks of a slow upload a few bytes each.
HEAD_MAX = 256 * 1024


class ShortHeads(HttpToolsProtocol):
    """HTTP of uvicorn that answers 400 to a head, or trailers, without end."""

    _beside_bodies = 0

    def data_received(self, data: bytes) -> None:
        """Count what comes, then let it be parsed."""
        self._beside_bodies += len(data)
        super().data_received(data)
        if self._beside_bodies > HEAD_MAX and not self.transport.is_closing():
            self.send_400_response("The head of this request is too large.")

    def on_body(self, body: bytes) -> None:
        """Bodies have a limit of their own."""
        self._beside_bodies -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count anew."""
        self._beside_bodies = 0
        super().on_message_complete()
