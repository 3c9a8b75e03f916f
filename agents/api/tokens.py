"""POST /api/v1/tokens: a password becomes a bearer token."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.credentials.tokens import Scope
from agents.operations import TooManyTokens, create_token
from agents.signin.backends import PASSWORD_MAX
from agents.signin.doors import CodeNeeded, TooManyFailures, WrongCredentials, check_credentials
from config.mail import own_spelling
from config.web.api import valid
from config.web.problems import Problem

_LIMIT_SECONDS = 300


class OwnAddress(serializers.EmailField):
    """The address of an account, as it is typed on any keyboard."""

    def to_internal_value(self, data: Any) -> str:
        return own_spelling(super().to_internal_value(data))


class TokenRequest(serializers.Serializer[None]):
    """Who asks, and for what."""

    email = OwnAddress(max_length=254)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False)
    name = serializers.CharField(max_length=60)
    # Wider scopes are given on the profile page only, where a person is signed in.
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[Scope.DESK.value]), required=False, max_length=1
    )


class TokenAnswer(serializers.Serializer[None]):
    """The secret, shown this once."""

    token = serializers.CharField()


class TokensView(APIView):
    """Make an API token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="create_token", request=TokenRequest, responses={201: TokenAnswer})
    def post(self, request: Request) -> Response:
        """Check the credentials and answer with a token."""
        given = valid(TokenRequest, request)
        try:
            agent = check_credentials(
                request._request,
                email=given["email"],
                password=given["password"],
                otp=given.get("otp"),
            )
            _token, raw = create_token(agent=agent, name=given["name"], by=agent)
        except WrongCredentials as error:
            raise Problem(401, "credentials", _("E-mail, password or code is wrong.")) from error
        except CodeNeeded as error:
            raise Problem(401, "otp_required", _("Send the code of your app as well.")) from error
        except TooManyFailures as error:
            detail = _("Please wait a few minutes and try again.")
            raise Problem(429, "rate", detail, retry_after=_LIMIT_SECONDS) from error
        except TooManyTokens as error:
            detail = _("Revoke a token first; there are too many.")
            raise Problem(409, "too_many_tokens", detail) from error
        response = Response({"token": raw}, status=201)
        response["Cache-Control"] = "no-store"
        return response
