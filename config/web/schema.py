"""The description of the API, which anybody may ask for as often as they like."""

from functools import cache
from typing import Any

from django.utils import translation
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class OnceGenerator(SchemaGenerator):
    """Works out the description once a process and language: that takes long."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> Any:
        """Return the description, the same for everybody."""
        return _described(get_language() or "")


@cache
def _described(language: str) -> Any:
    with translation.override(language or None):
        return SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]


class SchemaView(SpectacularJSONAPIView):
    """GET /api/schema/, in the language of the request.

    Takes no parameters: what the stock view does with `lang` is kept for each word in it.
    """

    api_version = "1"
    generator_class = OnceGenerator

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return it."""
        answer: Response = self._get_schema_response(request)  # type: ignore[no-untyped-call]
        return answer
