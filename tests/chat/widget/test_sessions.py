"""Opening a session: who gets in, what is kept, what is told."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.credentials.tokens import hash_secret
from chat.models import Visitor
from chat.routing.shown import SHARED_FOR
from chat.widget.sessions import BadToken, make_token, read_token
from tests.support.factories import make_brand, make_visitor
from tests.support.http import Widget, make_shop, open_widget, started

pytestmark = pytest.mark.django_db

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


def test_a_new_browser_gets_a_secret_once_and_a_token_but_no_row() -> None:
    widget = Widget(make_shop().brand)
    answer = widget.open()
    assert answer.status_code == 201
    assert set(answer.json()) == {
        "visitor",
        "token",
        "expires_in",
        "config",
        "availability",
        "conversation",
        "fields",
    }
    assert len(answer.json()["visitor"]) == 43
    assert answer.json()["expires_in"] == 900
    assert answer.json()["conversation"] is None
    assert answer.json()["availability"]["state"] == "online"
    assert Visitor.objects.count() == 0


def test_a_known_secret_is_not_given_again_and_finds_the_open_chat() -> None:
    widget = open_widget(make_shop().brand)
    chat = started(widget)
    again = widget.open()
    assert "visitor" not in again.json()
    assert again.json()["conversation"]["id"] == chat.public_id


def test_the_secret_is_stored_hashed() -> None:
    widget = open_widget(make_shop().brand)
    started(widget)
    assert widget.visitor.secret_hash == hash_secret(str(widget.secret))


def test_consent_makes_the_row_and_is_kept_with_its_version_and_time() -> None:
    widget = Widget(make_shop().brand)
    widget.open(consent={"version": "2026-11"})
    assert widget.visitor.consent["version"] == "2026-11"
    assert widget.visitor.consent["at"].startswith("20")


def test_page_language_and_device_reach_the_row_at_the_first_message() -> None:
    shop = make_shop()
    widget = Widget(shop.brand, language="tr-TR")
    widget.headers = {"User-Agent": IPHONE}
    widget.open()
    chat = started(widget)
    assert (widget.visitor.language, chat.language) == ("tr", "tr")
    assert widget.visitor.page == chat.page == {"url": "https://shop.example/cart", "title": "Cart"}
    assert "iOS" in widget.visitor.device
    assert widget.visitor.ip == "127.0.0.1"


def test_another_language_than_ours_becomes_the_brands() -> None:
    widget = Widget(make_shop().brand, language="de")
    assert widget.open().json()["config"]["language"] == "en"


def test_a_script_address_is_not_kept_as_a_page() -> None:
    widget = Widget(make_shop().brand)
    widget.open(page={"url": "javascript:alert(1)", "title": "x", "referrer": "data:text/html,x"})
    assert started(widget).page == {"title": "x"}


@pytest.mark.parametrize("url", ["http:/admin/", "https:", "https:///x", "http://", "https:evil"])
def test_an_address_that_leads_nowhere_but_to_us_is_not_kept_as_a_page(url: str) -> None:
    widget = Widget(make_shop().brand)
    widget.open(page={"url": url, "title": "x", "referrer": url})
    assert started(widget).page == {"title": "x"}


def test_what_is_said_of_a_page_turns_nothing_around() -> None:
    widget = Widget(make_shop().brand)
    page = {"url": "https://shop.example/\u202etxt.exe", "title": "\u2067Cart\x1b[31m\n\u200f"}
    widget.open(page=page)
    assert started(widget).page == {"url": "https://shop.example/txt.exe", "title": "Cart [31m"}


def test_a_very_long_foreign_address_does_not_break_the_token() -> None:
    widget = Widget(make_shop().brand)
    page = {"url": "https://x/" + "ğ" * 5000, "title": "ş" * 2000, "referrer": "https://é" * 300}
    assert widget.open(page=page).status_code == 201
    assert len(widget.token) <= 4096
    assert started(widget).pk


@pytest.mark.parametrize("key", ["unknown", "closed"])
def test_an_unknown_or_closed_site_is_not_found(key: str) -> None:
    make_brand(site_key="closed", is_active=False)
    answer = Widget(make_shop().brand).open(site=key)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 201),
        ("https://shop.example:443", 201),
        ("http://127.0.0.1:8000", 201),
        (None, 201),
        ("http://shop.example", 403),
        ("https://shop.example:444", 403),
        ("https://shop.example.evil.com", 403),
        ("https://evil.com", 403),
        ("https://sub.shop.example", 403),
        ("https://a@shop.example", 403),
        ("https://shop.example/", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_exact_origins_of_ours_and_the_brands_may_open(
    origin: str | None, status: int
) -> None:
    widget = Widget(make_shop().brand)
    widget.headers = {} if origin is None else {"Origin": origin}
    answer = widget.open()
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "origin"


def test_a_secret_of_another_brand_starts_somebody_new() -> None:
    widget = open_widget(make_shop().brand)
    started(widget)
    other = Widget(make_brand())
    other.secret = widget.secret
    answer = other.open()
    assert answer.json()["visitor"] != widget.secret
    assert answer.json()["conversation"] is None


@pytest.mark.parametrize("secret", ["short", "x" * 44, "ş" * 43, "", "../../../etc/passwd"])
def test_a_secret_that_is_none_of_ours_is_replaced(secret: str) -> None:
    answer = Widget(make_shop().brand).open(visitor=secret)
    assert answer.status_code == 201
    assert answer.json()["visitor"] != secret


def test_coming_back_after_a_while_counts_as_a_visit_and_renewing_does_not() -> None:
    widget = open_widget(make_shop().brand)
    started(widget)
    widget.open()
    assert widget.visitor.visits == 1
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        widget.open()
    assert widget.visitor.visits == 2


def test_an_address_that_changes_is_noted_with_its_time_and_the_session_goes_on() -> None:
    widget = open_widget(make_shop().brand)
    started(widget)
    first = widget.visitor
    assert (first.ip, first.ip_changed_at) == ("127.0.0.1", None)
    widget.client.defaults["REMOTE_ADDR"] = "203.0.113.7"
    # Also within one visit: a session is renewed every few minutes.
    assert "visitor" not in widget.open().json()
    moved = widget.visitor
    assert (moved.pk, moved.ip, moved.visits) == (first.pk, "203.0.113.7", 1)
    assert moved.ip_changed_at is not None
    widget.open()
    assert widget.visitor.ip_changed_at == moved.ip_changed_at


def test_renewing_writes_nothing_while_nothing_is_new() -> None:
    widget = open_widget(make_shop().brand)
    started(widget)
    with CaptureQueriesContext(connection) as queries:
        widget.open()
    assert [query for query in queries if not query["sql"].lstrip("(").startswith("SELECT")] == []


def test_a_token_lives_fifteen_minutes() -> None:
    widget = open_widget(make_shop().brand)
    with time_machine.travel(time.time() + 14 * 60):
        assert widget.get("availability").status_code == 200
    with time_machine.travel(time.time() + 16 * 60):
        answer = widget.get("availability")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_dies_half_a_second_after_its_brand() -> None:
    shop = make_shop()
    widget = open_widget(shop.brand)
    shop.brand.is_active = False
    shop.brand.save()
    with time_machine.travel(time.time() + SHARED_FOR.total_seconds()):
        assert widget.open().status_code == 404
        assert widget.get("availability").status_code == 401


def test_a_token_dies_half_a_second_after_its_site_key_and_the_new_key_knows_the_visitor() -> None:
    shop = make_shop()
    widget = open_widget(shop.brand)
    chat = started(widget)
    old, shop.brand.site_key = shop.brand.site_key, "another"
    shop.brand.save()
    with time_machine.travel(time.time() + SHARED_FOR.total_seconds()):
        assert widget.get("availability").status_code == 401
        assert widget.open(site=old).status_code == 404
        answer = widget.open()
        assert answer.json()["conversation"]["id"] == chat.public_id
        assert widget.get("availability").status_code == 200


def test_a_token_of_a_secret_that_belongs_to_another_brand_is_bad() -> None:
    widget = open_widget(make_shop().brand)
    session = read_token(widget.token)
    make_visitor(make_brand(), secret=widget.secret)
    with pytest.raises(BadToken):
        read_token(make_token(session))


@pytest.mark.parametrize("raw", ["", "x", "a:b:c", "é", "\ud800", "." * 5000])
def test_a_forged_token_is_bad(raw: str) -> None:
    with pytest.raises(BadToken):
        read_token(raw)


def test_refusals_speak_the_visitors_language() -> None:
    with override_settings(LANGUAGE_CODE="en"):
        english = Widget(make_shop().brand).open(identity="x").json()
        turkish = Widget(make_shop().brand, language="tr").open(identity="x").json()
    assert english["title"] == "You may not do this"
    assert turkish["title"] == "Bunu yapamazsınız"


def test_the_answer_names_nobody_by_e_mail() -> None:
    shop = make_shop()
    assert shop.elif_.email not in Widget(shop.brand).open().content.decode()
