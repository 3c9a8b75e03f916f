"""Brands in the administration: their form, their logo, what is missing."""

import io
import re

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from agents.models import (
    Agent,
    AuditEntry,
    Brand,
    BrandText,
    Permission,
)
from agents.origins import clean_origin, clean_origins
from tests.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)

pytestmark = pytest.mark.django_db
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.fixture
def boss():
    agent = make_agent(role=make_role(Permission.ADMIN), language="en", name="Ayşe")
    Agent.objects.filter(pk=agent.pk).update(is_staff=True)
    agent.refresh_from_db()
    return agent


@pytest.fixture
def page(client, boss):
    client.force_login(boss)
    return client


def brand_form(**changes):
    texts = {"texts-TOTAL_FORMS": "2", "texts-INITIAL_FORMS": "0"}
    for number, language in enumerate(("tr", "en")):
        texts[f"texts-{number}-language"] = language
    return {
        "name": "Pazar",
        "is_active": "on",
        "default_language": "tr",
        "time_zone": "UTC",
        "site_key": "pazar-1",
        "allowed_origins": "https://pazar.example\n",
        "primary_color": "#0B6E6E",
        "accent_color": "#0b6e6e",
        "launcher_side": "right",
        "ask_name": "optional",
        "ask_email": "required",
        "capacity": "4",
        "at_capacity": "queue",
        "max_queue_length": "50",
        "transcripts": "request",
        **texts,
    } | changes


def add_brand(page, **changes):
    return page.post(reverse("admin:agents_brand_add"), brand_form(**changes))


def test_a_brand_is_made_with_its_texts(page):
    answer = add_brand(page, **{"texts-0-welcome": "Merhaba"})
    assert answer.status_code == 302, answer.context["errors"]
    brand = Brand.objects.get()
    assert brand.allowed_origins == ["https://pazar.example"]
    assert brand.primary_color == "#0b6e6e"
    assert list(brand.texts.values_list("language", "welcome")) == [("tr", "Merhaba")]
    change = page.get(reverse("admin:agents_brand_change", args=[brand.pk]))
    assert "data-site=&quot;pazar-1&quot;&gt;&lt;/script&gt;" in change.content.decode()
    assert AuditEntry.objects.filter(action="brand.created").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"allowed_origins": "pazar.example"}, "allowed_origins"),
        ({"allowed_origins": "https://pazar.example/shop"}, "allowed_origins"),
        ({"allowed_origins": "https://*.pazar.example"}, "allowed_origins"),
        ({"allowed_origins": "javascript:alert(1)"}, "allowed_origins"),
        ({"primary_color": "red"}, "primary_color"),
        ({"primary_color": "#fff;x:y"}, "primary_color"),
        ({"site_key": '"><b'}, "site_key"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy_url"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_what_would_break_a_page_is_refused_and_kept_on_the_form(page, changes, field):
    answer = add_brand(page, **changes)
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Brand.objects.exists()


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("HTTPS://Www.Example.COM/", "https://www.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://çiçek.example", "https://xn--iek-1lab.example"),
    ],
)
def test_origins_are_stored_as_browsers_send_them(text, origin):
    assert clean_origin(text) == origin
    assert clean_origins(f"{text}\n\n {origin} ") == [origin]


@pytest.mark.parametrize(
    "text",
    ["null", "*", "https://", "//a.example", "https://a.example?x", "https://u@a.example",
     "https://a.example:99999", "https://a.example:x", "ftp://a.example", "https://a b.example",
     "https://a.example;script-src *", "https://a..example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(ValidationError):
        clean_origin(text)


def picture(kind="PNG", size=(600, 300)):
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def test_a_logo_is_drawn_anew(page, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    upload = SimpleUploadedFile(
        "../../x.png", picture() + b"<script>alert(1)</script>", "text/html"
    )
    answer = add_brand(page, logo=upload)
    assert answer.status_code == 302, answer.context["errors"]
    brand = Brand.objects.get()
    assert re.fullmatch(r"logos/[\w-]+\.webp", brand.logo.name)
    served = page.get(brand.logo_url)
    body = b"".join(served.streaming_content)
    assert served["Content-Type"] == "image/webp"
    assert b"script" not in body
    assert Image.open(io.BytesIO(body)).size == (512, 256)
    assert page.get(brand.logo_url.replace(".webp", "x.webp")).status_code == 404


def test_a_brand_with_chats_is_not_deleted(page):
    brand = make_brand()
    make_conversation(make_visitor(brand))
    url = reverse("admin:agents_brand_delete", args=[brand.pk])
    assert page.post(url, {"post": "yes"}).status_code == 403
    empty = make_brand()
    BrandText.objects.create(brand=empty, language="tr")
    page.post(reverse("admin:agents_brand_delete", args=[empty.pk]), {"post": "yes"})
    assert list(Brand.objects.all()) == [brand]


def test_a_brand_whose_chats_may_reach_nobody_is_named(page):
    brand = make_brand()
    step = f"{brand.name} has no default team: chats without a topic reach nobody."
    path = reverse("admin:agents_brand_change", args=[brand.pk])
    for shown in (page.get("/admin/"), page.get(path)):
        assert shown.content.decode().count(step) == 1
    assert f'href="{path}"' in page.get("/admin/").content.decode()
    Brand.objects.update(default_team=make_team())
    for address in ("/admin/", path):
        assert step not in page.get(address).content.decode()


def test_a_hostile_brand_name_on_the_index_is_only_text(page):
    make_brand(name=NASTY)
    shown = page.get("/admin/").content.decode()
    assert "has no default team" in shown
    assert NASTY not in shown
