"""How credentials and refusals stand in the schema."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


class ProblemAnswer(serializers.Serializer[Any]):
    """A problem document, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


def problems_of(*codes: int) -> dict[Any, Any]:
    """Return schema entries for refusals."""
    problem = OpenApiResponse(ProblemAnswer)
    return {(code, "application/problem+json"): problem for code in codes}


class AgentToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The desk's bearer token."""

    target_class = "agents.signin.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
