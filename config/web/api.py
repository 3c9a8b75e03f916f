"""What every JSON call shares: bodies read strictly, answers always JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.db import models
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.mail import readable_address
from config.text.cleaning import is_blank, mended, one_line
from config.wire import wire_time

# The longest text (10,000 characters) fits even when each stands as two \\uXXXX escapes.
MAX_BODY = 256 * 1024


class BodyTooLarge(APIException):
    """More bytes than any call of ours needs."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The request is too large."))


class StrictJSONParser(JSONParser):
    """JSON up to a size, nested sanely, and made of characters that a database can hold."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise BodyTooLarge
        try:
            parsed = self.mend(json.loads(body.decode(), parse_constant=_refuse_constant))
            # Half of a surrogate pair can be written in JSON but not stored.
            json.dumps(parsed, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The request is not valid JSON.")) from error
        return parsed

    def mend(self, parsed: Any) -> Any:
        """Return what was said, with what need not be exact made whole."""
        return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class JSONOnly(BaseContentNegotiation):
    """Answer JSON whatever `Accept` says: an image's download must not end in 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        content_type = request.content_type.partition(";")[0].strip().lower()
        return next((each for each in parsers if each.media_type == content_type), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it doesn't know, so that nothing is ever assigned by accident."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := sorted(str(name) for name in data if name not in known):
                raise serializers.ValidationError(
                    {name[:60]: [_("This field is not known.")] for name in unknown[:10]}
                )
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A string; numbers are not taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def valid(
    body: type[serializers.BaseSerializer[Any]], request: Request, **options: Any
) -> dict[str, Any]:
    """Return what a call says, in the form that `body` describes; raises 400."""
    given = request.query_params if request.method == "GET" else request.data
    read = body(data=given, **options)
    read.is_valid(raise_exception=True)
    found: dict[str, Any] = read.validated_data
    return found


class LineField(TextField):
    """One line that somebody out there wrote, as it may stand among others on any screen."""

    def to_internal_value(self, data: Any) -> str:
        line = one_line(super().to_internal_value(data))
        if is_blank(line):
            if not self.allow_blank:
                self.fail("blank")
            return ""
        return line


def decoration(given: Any, longest: int) -> str:
    """Return a line that is only shown, cut and mended: it never costs anybody a chat."""
    return one_line(mended(given))[:longest] if isinstance(given, str) else ""


class Email(serializers.EmailField):
    """The address of a mailbox out there, in one spelling: mails are counted by it."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return readable_address(super().to_internal_value(data))
        except ValueError:
            self.fail("invalid")


class Moment(serializers.DateTimeField):
    """A moment in the one spelling of the wire, wherever the reader lives."""

    def to_representation(self, value: Any) -> str:
        return wire_time(value)


class WireTimes:
    """Has a model's moments written as `Moment`."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: Moment,
    }
