"""What a brand says by itself in each state, for those who administer."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import agent_of
from agents.api.schema import problems_of
from agents.models import Brand, Language
from automation.api.rules import Administering, invalid
from automation.models import AutoReply
from automation.rules.replies import InvalidReplies, replies_of, set_replies
from config.web.api import StrictSerializer, TextField, valid

# A text may be this long before it is read at all; the operation says what is too long.
_TYPED_MAX = 10_000


class AutoTextsBody(StrictSerializer):
    """One text in both languages; what is left out stays."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field a language."""
        return {
            code: TextField(max_length=_TYPED_MAX, allow_blank=True, required=False)
            for code in Language.values
        }


class AutoReplyBody(StrictSerializer):
    """Whether something is said, and what."""

    on = serializers.BooleanField(required=False)
    texts = AutoTextsBody(required=False)


class AutoRepliesBody(StrictSerializer):
    """The states; one that is left out stays as it is."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field a state."""
        return {state: AutoReplyBody(required=False) for state in AutoReply.State.values}


class Replies(Administering):
    """`rules/replies/{id}`, by the brand's id."""

    @extend_schema(
        operation_id="rule_replies", responses={200: AutoRepliesBody, **problems_of(404)}
    )
    def get(self, request: Request, pk: int) -> Response:
        """Return what the brand says in each state, stored or standard."""
        return Response(_shown(_brand_or_404(pk)))

    @extend_schema(
        operation_id="rule_replies_set",
        request=AutoRepliesBody,
        responses={200: AutoRepliesBody, **problems_of(400, 403, 404)},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Set what the brand says in some states or all."""
        brand = _brand_or_404(pk)
        now = _shown(brand)
        told = {
            state: (
                wish.get("on", now[state]["on"]),
                now[state]["texts"] | dict(wish.get("texts", {})),
            )
            for state, wish in valid(AutoRepliesBody, request).items()
        }
        try:
            set_replies(brand=brand, told=told, by=agent_of(request), now=timezone.now())
        except InvalidReplies as error:
            places = {f"{state}.texts.{code}": text for (state, code), text in error.errors.items()}
            raise invalid(places) from error
        return Response(_shown(brand))


def _shown(brand: Brand) -> dict[str, dict[str, Any]]:
    return {
        state: {"on": reply.is_on, "texts": _both(reply.texts)}
        for state, reply in replies_of(brand).items()
    }


def _both(texts: Mapping[str, str]) -> dict[str, str]:
    return {code: texts[code] for code in Language.values}


def _brand_or_404(pk: int) -> Brand:
    brand: Brand | None = Brand.objects.filter(pk=pk).first()
    if brand is None:
        raise NotFound
    return brand
