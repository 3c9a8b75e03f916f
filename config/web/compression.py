"""Pages are small on their way, also without a proxy in front."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompression(GZipMiddleware):
    """Compresses HTML alone: files are stored compressed, and other answers are short or gone by.

    Secrets in pages stay unguessable beside what strangers choose: Django masks the CSRF token in
    each answer, and adds a random length.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress a page for a browser that takes it."""
        is_page = response.get("Content-Type", "").startswith("text/html")
        if not is_page or not isinstance(response, HttpResponse):
            return response
        answer: HttpResponseBase = super().process_response(request, response)
        return answer
