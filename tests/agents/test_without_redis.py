"""Every door opens, and keeps its limits, while Redis is away or does not answer."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.apps import apps
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from agents.models import Agent, Permission
from chat.models import Conversation
from config.cache import SharedCache
from tests.support.factories import make_agent, make_role
from tests.support.forms import fields_of
from tests.support.http import Shop, make_shop, open_widget, started, taken

pytestmark = pytest.mark.django_db
PASSWORD = "imece-demo-9"
FORMS = re.compile(r'<form[^>]* id="(\w+_form)"')
# Who asks there is somebody else afterwards.
LEAVES = ("logout", "login", "sessions", "accounts/password/change")


@pytest.fixture(autouse=True, params=["away", "frozen"])
def _no_redis(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        if request.param == "frozen":
            # Whoever connects waits for an answer that never comes.
            port.listen(128)
        nowhere = f"redis://127.0.0.1:{port.getsockname()[1]}/0"
        options = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
        settings.CACHES = {
            "default": {
                "BACKEND": "config.cache.SharedCache",
                "LOCATION": nowhere,
                "OPTIONS": options,
            }
        }
        SharedCache.away_until = 0.0
        yield
        caches["default"].clear()
        SharedCache.away_until = 0.0


@pytest.fixture
def agent() -> Any:
    return make_agent(email="elif@example.com", password=PASSWORD, language="en")


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": "elif@example.com", "password": password})


def test_signing_in_and_out(agent: Any, client: Client) -> None:
    assert sign_in(client).status_code == 302
    assert client.get("/profile/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/profile/").status_code == 302


def test_wrong_passwords_are_counted(agent: Any, client: Client) -> None:
    for _ in range(5):
        assert sign_in(client, "wrong").status_code == 200
    assert b"Too many" in sign_in(client).content
    assert client.get("/profile/").status_code == 302


def test_a_token_for_a_password(agent: Any) -> None:
    body = {"email": "elif@example.com", "password": PASSWORD, "name": "phone"}
    answer = APIClient().post("/api/v1/tokens", body, format="json")
    assert answer.status_code == 201
    token = {"authorization": f"Bearer {answer.json()['token']}"}
    assert APIClient().get("/api/v1/agents", headers=token).status_code == 200


def test_a_reset_link(agent: Any, client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "elif@example.com"})
    assert answer.status_code == 302
    assert mail.outbox == []  # it leaves by the outbox


def test_changing_the_password_and_proving_who_one_is(agent: Any, client: Client) -> None:
    client.force_login(agent)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "a-new-one-77", "password2": "a-new-one-77"},
    )
    assert answer.status_code == 302


def test_the_second_step(agent: Any, client: Client) -> None:
    totp.TOTP.activate(agent, totp.generate_totp_secret())
    assert sign_in(client).status_code == 302
    answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert answer.status_code == 200


def addresses(chat: Conversation, shop: Shop) -> Iterator[str]:
    """Every address of the product, with something that is there in its places."""
    ones = {"public_id": chat.public_id, "site_key": shop.brand.site_key, "name": "agents"}

    def below(resolver: URLResolver, before: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            route = before + re.sub(r"^\^|\$$|\\Z$", "", str(pattern.pattern))
            if isinstance(pattern, URLResolver):
                yield from below(pattern, route)
            elif isinstance(pattern, URLPattern):
                number = _first_of(route)
                yield re.sub(
                    r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)",
                    lambda place, number=number: ones.get(place[1] or place[2], number),
                    route,
                )

    for route in below(get_resolver(), "/"):
        if not any(word in route for word in LEAVES):
            yield route.replace("\\", "")


def _first_of(route: str) -> str:
    """The key of a row that a page of the administration is about."""
    named = re.match(r"/admin/(\w+)/(\w+)/<", route)
    first = apps.get_model(named[1], named[2]).objects.values_list("pk").first() if named else None
    return str(first[0]) if first else "1"


@pytest.mark.once
@pytest.mark.parametrize("_no_redis", ["frozen"], indirect=True)
def test_no_door_fails(client: Client) -> None:
    """Alone in walking through all addresses; a door that asks Redis by itself is found here."""
    shop = make_shop()
    boss = make_agent(role=make_role(Permission.ADMIN, Permission.REPORTS), language="en")
    Agent.objects.filter(pk=boss.pk).update(is_staff=True)
    widget = open_widget(shop.brand)
    chat = taken(started(widget), shop.elif_)
    client.force_login(boss)
    doors = sorted(set(addresses(chat, shop)))
    assert len(doors) > 150
    failed: list[tuple[str, int]] = []
    saved: list[bool] = []
    for door in doors:
        page = client.get(door)
        answers = [page, client.post(door)]
        if door.startswith("/admin/") and not page.streaming:
            html = page.content.decode(errors="replace")
            # As it stands: what is on the page is saved once more, what is empty is refused.
            forms = [fields_of(html, name) for name in FORMS.findall(html)]
            saved += [client.post(door, form).status_code == 302 for form in forms]
            answers += [client.post(door, form) for form in forms]
        failed += [(door, answer.status_code) for answer in answers if answer.status_code >= 500]
    assert failed == []
    assert saved.count(True) > 5
