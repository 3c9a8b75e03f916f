"""When a page can't be shown, people see a calm page and programs a problem document."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views.generic import View

from config import urls
from config.web import errors

pytestmark = pytest.mark.django_db


class Fails(View):
    """Breaks in every way a page can."""

    def get(self, request: HttpRequest, how: str) -> None:
        """Raise."""
        raise {"500": ZeroDivisionError("hunter2"), "413": RequestDataTooBig("hunter2")}[how]


urlpatterns = [
    *urls.urlpatterns,
    path("break/<how>/", Fails.as_view()),
    path("api/break/<how>/", Fails.as_view()),
]
handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler500 = urls.handler500


@pytest.fixture
def visitor() -> Client:
    """A browser that gets answers instead of exceptions."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("how", "status"), [("500", 500), ("413", 413)])
@override_settings(ROOT_URLCONF=__name__)
def test_a_broken_page_is_answered_without_saying_why(
    visitor: Client, how: str, status: int
) -> None:
    response = visitor.get(f"/break/{how}/")
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert b"hunter2" not in response.content
    assert b"<h1>" in response.content


@pytest.mark.parametrize(("how", "code"), [("500", "error"), ("413", "too_large")])
@override_settings(ROOT_URLCONF=__name__)
def test_a_program_gets_a_problem_document(visitor: Client, how: str, code: str) -> None:
    response = visitor.get(f"/api/break/{how}/")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert b"hunter2" not in response.content


def test_an_unknown_address(visitor: Client) -> None:
    page = visitor.get("/no/such/page/")
    assert page.status_code == 404
    assert b"<h1>" in page.content
    document = visitor.get("/api/v1/no-such-call/")
    assert document.status_code == 404
    assert document.json()["code"] == "not_found"


@pytest.mark.parametrize("language", ["tr", "en"])
def test_the_page_speaks_the_readers_language(visitor: Client, language: str) -> None:
    response = visitor.get("/no/such/page/", headers={"accept-language": language})
    assert f'<html lang="{language}">' in response.content.decode()


def test_a_form_without_its_token_gets_a_page_without_the_reason() -> None:
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/accounts/login/", {"login": "a", "password": "b"})
    assert response.status_code == 403
    assert b"<h1>" in response.content
    assert b"CSRF" not in response.content


def test_an_unknown_host_is_refused_with_a_page(visitor: Client) -> None:
    response = visitor.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content


def test_too_many_attempts_say_when_to_come_back() -> None:
    response = errors.too_many_requests(RequestFactory().get("/accounts/login/"))
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("name", errors.TEXTS)
def test_every_page_stands_alone_and_obeys_the_policy(name: str) -> None:
    text = errors.TEXTS[name]
    html = render_to_string(
        "errors/page.html",
        {"language": "en", "status": 1, "title": text.title, "advice": text.advice, "styles": []},
    )
    assert str(text.title) in html
    assert "<script" not in html
    assert not re.search(r"\s(style|on\w+)=", html)


def test_every_style_of_the_page_exists() -> None:
    root = Path(settings.BASE_DIR) / "static"
    assert [name for name in errors.STYLES if not (root / name).exists()] == []


@override_settings(
    STORAGES=settings.STORAGES
    | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
)
def test_a_page_is_shown_even_without_collected_files(visitor: Client) -> None:
    response = visitor.get("/no/such/page/")
    assert response.status_code == 404
    assert b"/static/css/errors.css" in response.content
