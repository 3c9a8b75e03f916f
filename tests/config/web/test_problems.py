"""Every error of the API is a problem document, and none tells a secret."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils import translation
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from config.web.problems import Problem, TryAgain, problem


class Bearer(BaseAuthentication):
    """Knows nobody, but says how one would sign in."""

    def authenticate(self, request: Any) -> None:
        """Nobody."""

    def authenticate_header(self, request: Any) -> str:
        """By bearer token."""
        return "Bearer"


def answer(error: Exception | None = None, **request: Any) -> Response:
    """Let a view raise `error` and return what the caller sees."""

    class View(APIView):
        authentication_classes = (Bearer,)
        permission_classes = ()

        def get(self, _: Any) -> Response:
            assert error is not None
            raise error

    response = View.as_view()(APIRequestFactory().get("/api/v1/x", **request))
    response.render()
    return response


def body(response: Response) -> Any:
    """Return the document."""
    return json.loads(response.content)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404("Conversation 7 of brand 2"), 404, "not_found"),
        (PermissionDenied("not in team 3"), 403, "forbidden"),
        (exceptions.NotAuthenticated(), 401, "unauthorized"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/csv"), 415, "unsupported_media_type"),
        (exceptions.ParseError(), 400, "invalid"),
        (exceptions.ValidationError({"text": ["Too long"]}), 400, "invalid"),
        (exceptions.Throttled(wait=3), 429, "rate"),
        (Problem(409, "open", conversation="abc"), 409, "open"),
        (ZeroDivisionError("secret"), 500, "error"),
        (OperationalError("deadlock with secret"), 503, "unavailable"),
        (InterfaceError("secret host is away"), 503, "unavailable"),
        (TryAgain(), 503, "unavailable"),
    ],
)
def test_every_error_has_the_same_shape(error: Exception, status: int, code: str) -> None:
    response = answer(error)
    document = body(response)
    assert response["Content-Type"] == "application/problem+json"
    assert response.status_code == document["status"] == status
    assert document["code"] == code
    assert document["type"] == "about:blank"
    assert document["title"]
    assert isinstance(document["detail"], str)
    assert "secret" not in response.content.decode()
    assert response.has_header("Retry-After") == (status in {429, 503})


def test_an_unexpected_error_says_nothing_to_the_caller_and_all_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = answer(ZeroDivisionError("the password is hunter2"))
    assert b"hunter2" not in response.content
    assert b"ZeroDivision" not in response.content
    assert "api.unexpected" in caplog.text


def test_a_row_that_may_not_be_seen_looks_like_none() -> None:
    hidden = answer(Http404("Conversation matching query does not exist."))
    assert body(hidden)["detail"] == ""
    assert b"query" not in hidden.content


class Failed(Exception):
    """What a driver says."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def full_disk() -> sqlite3.Error:
    """Return what SQLite says when its file can't grow."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA max_page_count = 2")
        try:
            database.execute("CREATE TABLE a AS SELECT randomblob(100000)")
        except sqlite3.Error as error:
            return error
    raise AssertionError("it had room")


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (Failed("40P01"), 503),
        (Failed("55P03"), 503),
        (Failed("57P01"), 503),
        # A query that took too long would take as long again.
        (Failed("57014"), 500),
        # A disk without room, and a server that only reads.
        (Failed("53100"), 503),
        (Failed("25006"), 503),
        (full_disk(), 503),
        (sqlite3.OperationalError("database is locked"), 503),
        (sqlite3.OperationalError("no such table: chat_entry"), 500),
    ],
    ids=str,
)
def test_only_what_may_pass_by_itself_is_to_be_tried_again(cause: Exception, status: int) -> None:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    assert answer(error).status_code == status


def test_a_problem_carries_its_own_members() -> None:
    document = body(answer(Problem(409, "open", "Answer there.", conversation="x1", open=2)))
    assert document["conversation"] == "x1"
    assert document["open"] == 2
    assert document["detail"] == "Answer there."


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (exceptions.Throttled(wait=2.2), "3"),
        (Problem(429, "rate", retry_after=0.1), "1"),
        (Problem(503, "unavailable", retry_after=7), "7"),
    ],
)
def test_limits_say_when_to_come_back(error: Exception, seconds: str) -> None:
    assert answer(error)["Retry-After"] == seconds


def test_a_refused_form_names_fields_and_reasons() -> None:
    class Form(serializers.Serializer[Any]):
        email = serializers.EmailField()
        text = serializers.CharField(max_length=3)

    form = Form(data={"email": "no", "text": "long"})
    form.is_valid()
    document = body(answer(exceptions.ValidationError(form.errors)))
    assert set(document["errors"]) == {"email", "text"}
    assert document["detail"] == document["errors"]["email"]


def test_what_is_wrong_deep_inside_is_named_by_its_place() -> None:
    class Part(serializers.Serializer[Any]):
        days = serializers.ListField(child=serializers.IntegerField())

    class Form(serializers.Serializer[Any]):
        part = Part()
        parts = Part(many=True)

    bad = {"days": [1, "x"]}
    form = Form(data={"part": bad, "parts": [{"days": [1]}, bad, {}]})
    form.is_valid()
    document = body(answer(exceptions.ValidationError(form.errors)))
    assert set(document["errors"]) == {"part.days.1", "parts.1.days.1", "parts.2.days"}
    assert all(isinstance(text, str) and text for text in document["errors"].values())
    plain = body(answer(exceptions.ValidationError("No.")))
    assert (plain["errors"], plain["detail"]) == ({"": "No."}, "No.")


def test_who_must_sign_in_is_told_how() -> None:
    assert answer(exceptions.NotAuthenticated())["WWW-Authenticate"] == "Bearer"


def test_titles_follow_the_language() -> None:
    with translation.override("en"):
        assert problem(404)["title"] == "Not found"
