"""Every answer carries the headers that keep a page to itself."""

import pytest
from django.conf import settings
from django.test import AsyncClient, Client

from tests.support.factories import make_agent
from tests.support.servers import environment, manage

pytestmark = pytest.mark.django_db

PAGES = ["/accounts/login/", "/no/such/page/", "/api/v1/no-such-call/"]


def policy(value: str) -> dict[str, set[str]]:
    """Return a Content-Security-Policy by directive."""
    directives = (part.split() for part in value.split(";") if part.strip())
    return {name: set(sources) for name, *sources in directives}


@pytest.mark.parametrize("page", PAGES)
def test_the_content_policy_allows_only_our_own(client: Client, page: str) -> None:
    found = policy(client.get(page)["Content-Security-Policy"])
    assert found["default-src"] == {"'self'"}
    assert found["script-src"] == {"'self'"}
    assert found["style-src"] == {"'self'"}
    assert found["object-src"] == found["base-uri"] == {"'none'"}
    assert found["frame-ancestors"] == {"'none'"}
    everything = set().union(*found.values())
    assert not everything & {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}


@pytest.mark.parametrize("page", PAGES)
def test_the_other_headers_are_there(client: Client, page: str) -> None:
    response = client.get(page)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    for feature in ("camera", "microphone", "geolocation"):
        assert f"{feature}=()" in response["Permissions-Policy"]


async def test_the_same_headers_leave_through_asgi() -> None:
    response = await AsyncClient().get("/no/such/page/")
    assert "camera=()" in response["Permissions-Policy"]
    assert "default-src" in response["Content-Security-Policy"]


@pytest.mark.parametrize("page", [*PAGES, "/profile/", "/accounts/2fa/"])
def test_answers_are_kept_by_no_cache_unless_they_say_so(client: Client, page: str) -> None:
    client.force_login(make_agent())
    assert "no-store" in client.get(page)["Cache-Control"]


def test_behind_https_cookies_are_locked_to_our_host_and_the_browser_remembers_it() -> None:
    shown = manage(
        "shell",
        "-v0",
        "-c",
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0,"
        " s.SECURE_SSL_REDIRECT, s.LANGUAGE_COOKIE_SAMESITE == 'Lax')",
        env=environment(
            {
                "PUBLIC_URL": "https://desk.example",
                "SECRET_KEY": "x" * 50,
                "DATA_DIR": str(settings.DATA_DIR),
            }
        ),
    )
    assert shown.split() == ["__Host-session", "__Host-csrf", *["True"] * 6]


@pytest.mark.parametrize(
    "env",
    [
        {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"},
        {"PUBLIC_URL": "desk.example", "SECRET_KEY": "x" * 50},
    ],
    ids=["no secret key beside a shared database", "no scheme in the public address"],
)
def test_unsafe_settings_refuse_to_start(env: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match="ImproperlyConfigured"):
        manage("check", env=environment(env | {"DATA_DIR": str(settings.DATA_DIR)}))
