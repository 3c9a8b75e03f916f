"""Brands in the administration: their form, their logo, what is missing."""

import html
import io
import re

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from agents.brands.origins import clean_origin, clean_origins
from agents.models import (
    AuditEntry,
    Brand,
    BrandText,
    IdentitySecret,
    Topic,
)
from agents.operations import add_identity_secret
from tests.support.factories import (
    make_brand,
    make_conversation,
    make_team,
    make_topic,
    make_visitor,
)

pytestmark = pytest.mark.django_db
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def brand_form(**changes):
    return {
        "name": "Pazar",
        "is_active": "on",
        "default_language": "tr",
        "time_zone": "UTC",
        "site_key": "pazar-1",
        "allowed_origins": "https://pazar.example\n",
        "primary_color": "#0B6E6E",
        "accent_color": "#7A1FA2",
        "launcher_side": "right",
        "theme": "auto",
        "ask_name": "optional",
        "ask_email": "required",
        "ask_phone": "optional",
        "capacity": "4",
        "at_capacity": "queue",
        "max_queue_length": "50",
        "transcripts": "request",
        "texts-TOTAL_FORMS": "2",
        "texts-INITIAL_FORMS": "0",
    } | changes


def add_brand(boss_client, **changes):
    return boss_client.post(reverse("admin:agents_brand_add"), brand_form(**changes))


def test_a_brand_is_made_with_its_texts(boss_client):
    answer = add_brand(boss_client, **{"texts-0-welcome": "Merhaba"})
    assert answer.status_code == 302, answer.context["errors"]
    brand = Brand.objects.get()
    assert brand.allowed_origins == ["https://pazar.example"]
    assert (brand.primary_color, brand.accent_color) == ("#0b6e6e", "#7a1fa2")
    assert list(brand.texts.values_list("language", "welcome")) == [("tr", "Merhaba")]
    change = boss_client.get(reverse("admin:agents_brand_change", args=[brand.pk]))
    assert "data-site=&quot;pazar-1&quot;&gt;&lt;/script&gt;" in change.content.decode()
    assert (brand.ask_email, brand.ask_phone) == ("required", "optional")
    assert AuditEntry.objects.filter(action="brand.created").exists()


def test_a_default_team_is_made_on_the_spot(boss_client, boss):
    answer = add_brand(boss_client, new_team="Destek")
    assert answer.status_code == 302, answer.context["errors"]
    team = Brand.objects.get().default_team
    assert (team.name, list(team.agents.all())) == ("Destek", [boss])
    assert AuditEntry.objects.filter(action="team.created").exists()
    again = add_brand(boss_client, site_key="pazar-2", new_team="Destek")
    assert "There is a team of this name" in str(again.context["errors"])


def test_a_zone_is_offered_once_and_an_older_name_stays_chosen(boss_client):
    brand = make_brand(time_zone="Asia/Calcutta")
    url = reverse("admin:agents_brand_change", args=[brand.pk])
    page = boss_client.get(url).content.decode()
    assert '<option value="Asia/Calcutta" selected>' in page
    fresh = boss_client.get(reverse("admin:agents_brand_add")).content.decode()
    assert '<option value="Europe/Istanbul"' in fresh
    assert '<option value="Asia/Kolkata"' in fresh
    for older in ("Asia/Istanbul", "Asia/Calcutta", "Europe/Kiev", "Brazil/East"):
        assert f'<option value="{older}"' not in fresh


def test_a_new_brand_is_in_the_time_zone_of_the_installation(boss_client, settings):
    form = boss_client.get(reverse("admin:agents_brand_add")).context["adminform"].form
    assert form["time_zone"].initial == settings.TIME_ZONE


def test_the_page_decides_in_which_language_a_text_is(boss_client):
    add_brand(boss_client, **{"texts-1-welcome": "Hello", "texts-1-language": "tr"})
    brand = Brand.objects.get()
    assert list(brand.texts.values_list("language", "welcome")) == [("en", "Hello")]
    change = boss_client.get(reverse("admin:agents_brand_change", args=[brand.pk])).content.decode()
    assert "<h3><b>English</b></h3>" in change
    assert "<h3><b>Türkçe</b></h3>" in change
    assert 'id="id_texts-2-welcome"' not in change
    texts = {
        "texts-TOTAL_FORMS": "2",
        "texts-INITIAL_FORMS": "1",
        "texts-0-id": brand.texts.get().pk,
        "texts-0-brand": brand.pk,
        "texts-1-brand": brand.pk,
        "texts-0-welcome": "Hi",
        "texts-1-welcome": "Merhaba",
    }
    answer = boss_client.post(
        reverse("admin:agents_brand_change", args=[brand.pk]), brand_form(**texts)
    )
    assert answer.status_code == 302, answer.context["errors"]
    found = set(brand.texts.values_list("language", "welcome"))
    assert found == {("en", "Hi"), ("tr", "Merhaba")}
    entry = AuditEntry.objects.get(action="brand.texts_changed")
    assert set(entry.data["languages"]) == {"en", "tr"}


def test_what_would_break_a_page_is_refused_and_kept_on_the_form(subtests, boss_client):
    for field, value in (
        ("allowed_origins", "pazar.example"),
        ("allowed_origins", "https://pazar.example/shop"),
        ("allowed_origins", "https://*.pazar.example"),
        ("allowed_origins", "javascript:alert(1)"),
        ("primary_color", "red"),
        ("primary_color", "#fff;x:y"),
        ("accent_color", "#fff;x:y"),
        ("site_key", '"><b'),
        ("privacy_url", "javascript:alert(1)"),
        ("time_zone", "Mars/Base"),
        ("capacity", "0"),
    ):
        with subtests.test(field, value=value):
            answer = add_brand(boss_client, **{field: value})
            assert answer.status_code == 200
            assert list(answer.context["adminform"].form.errors) == [field]
            assert not Brand.objects.exists()


def test_every_wrong_origin_is_named(boss_client):
    text = "www.pazar.example\nhttps://pazar.example\nhttps://pazar.example/shop"
    errors = add_brand(boss_client, allowed_origins=text).context["adminform"].form.errors
    assert [error[1 : error.index("”")] for error in errors["allowed_origins"]] == [
        "www.pazar.example",
        "https://pazar.example/shop",
    ]


def test_after_a_brand_is_made_its_snippet_is_next(boss_client):
    answer = boss_client.post(reverse("admin:agents_brand_add"), brand_form(), follow=True)
    assert answer.request["PATH_INFO"] == change_of(Brand.objects.get())
    assert "Now put the snippet below on the pages" in answer.content.decode()


def test_a_refused_key_is_in_no_snippet(boss_client):
    make_brand(site_key="taken-key")
    brand = make_brand(site_key="own-key")
    body = brand_form(site_key="taken-key")
    text = boss_client.post(change_of(brand), body).content.decode()
    assert "data-site=&quot;own-key&quot;" in text
    assert "data-site=&quot;taken-key&quot;" not in text


def test_what_there_is_nothing_of_is_not_offered(boss_client):
    brand = make_brand()
    shown = boss_client.get(change_of(brand)).content.decode()
    assert 'name="remove_logo"' not in shown
    assert 'type="checkbox" name="old_identity_secrets"' not in shown
    add_identity_secret(brand=brand, by=None, now=timezone.now())
    Brand.objects.filter(pk=brand.pk).update(logo="logos/x.png")
    shown = boss_client.get(change_of(brand)).content.decode()
    assert 'name="remove_logo"' in shown
    assert 'type="checkbox" name="old_identity_secrets"' in shown


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


def test_a_logo_is_drawn_anew(boss_client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    upload = SimpleUploadedFile(
        "../../x.png", picture() + b"<script>alert(1)</script>", "text/html"
    )
    answer = add_brand(boss_client, logo=upload)
    assert answer.status_code == 302, answer.context["errors"]
    brand = Brand.objects.get()
    assert re.fullmatch(r"logos/[\w-]+\.webp", brand.logo.name)
    served = boss_client.get(brand.logo_url)
    body = b"".join(served.streaming_content)
    assert served["Content-Type"] == "image/webp"
    assert b"script" not in body
    assert Image.open(io.BytesIO(body)).size == (512, 256)
    assert boss_client.get(brand.logo_url.replace(".webp", "x.webp")).status_code == 404


def test_a_logos_drawing_is_paid_by_the_address_that_sends_it(boss_client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.IMECE = settings.IMECE | {"PICTURE_SECONDS_PER_ADDRESS_PER_HOUR": 1}
    cache.clear()
    first = add_brand(boss_client, logo=SimpleUploadedFile("x.png", picture(), "image/png"))
    assert first.status_code == 302
    second = add_brand(boss_client, logo=SimpleUploadedFile("x.png", picture(), "image/png"))
    assert "Too many requests" in str(second.context["errors"])


def test_a_topic_needs_a_name_only_in_the_language_of_its_brand(boss_client):
    brand = make_brand(default_language="tr")
    names = {"name_tr": "İade", "name_en": ""}
    body = {"brand": brand.pk, **names, "position": "0", "ticket_type": "request"}
    url = reverse("admin:agents_topic_add")
    assert boss_client.post(url, body).status_code == 302
    topic = brand.topics.get()
    assert (topic.label("tr"), topic.label("en")) == ("İade", "İade")
    answer = boss_client.post(url, body | {"name_tr": "", "name_en": "Returns"})
    assert "name_tr" in answer.context["adminform"].form.errors


def test_a_brand_with_chats_is_not_deleted(boss_client):
    brand = make_brand()
    make_conversation(make_visitor(brand))
    url = reverse("admin:agents_brand_delete", args=[brand.pk])
    assert boss_client.post(url, {"post": "yes"}).status_code == 403
    empty = make_brand()
    BrandText.objects.create(brand=empty, language="tr")
    boss_client.post(reverse("admin:agents_brand_delete", args=[empty.pk]), {"post": "yes"})
    assert list(Brand.objects.all()) == [brand]


def test_a_brand_whose_chats_may_reach_nobody_is_named(boss_client):
    brand = make_brand()
    step = f"{brand.name} has no default team: chats without a topic reach nobody."
    path = reverse("admin:agents_brand_change", args=[brand.pk])
    for shown in (boss_client.get("/admin/"), boss_client.get(path)):
        assert shown.content.decode().count(step) == 1
    assert f'href="{path}"' in boss_client.get("/admin/").content.decode()
    Brand.objects.update(default_team=make_team())
    for address in ("/admin/", path):
        assert step not in boss_client.get(address).content.decode()


def test_a_brand_that_asks_for_topics_and_has_none_is_named(boss_client):
    brand = make_brand(name="Boş", default_team=make_team())
    path = reverse("admin:agents_brand_change", args=[brand.pk])

    def is_named() -> list[bool]:
        pages = [boss_client.get(address).content.decode() for address in ("/admin/", path)]
        return ["Boş has no topics" in page for page in pages]

    assert is_named() == [True, True]
    topic = make_topic(brand, brand.default_team)
    assert is_named() == [False, False]
    Topic.objects.filter(pk=topic.pk).update(is_active=False)
    assert is_named() == [True, True]
    Brand.objects.update(requires_topic=False)
    assert is_named() == [False, False]


def test_a_hostile_brand_name_on_the_index_is_only_text(boss_client):
    make_brand(name=NASTY)
    shown = boss_client.get("/admin/").content.decode()
    assert "has no default team" in shown
    assert NASTY not in shown


# Signed-in visitors


def change_of(brand):
    return reverse("admin:agents_brand_change", args=[brand.pk])


def save(boss_client, brand, **changes):
    answer = boss_client.post(change_of(brand), brand_form(**changes))
    return dict(answer.context["adminform"].form.errors) if answer.status_code == 200 else {}


def secrets_of(brand):
    return list(brand.identity_secrets.order_by("pk"))


def test_a_secret_is_made_and_shown_with_a_sample_for_this_brand(boss_client):
    brand = make_brand(site_key="pazar-1")
    assert save(boss_client, brand, new_identity_secret="on") == {}
    [secret] = secrets_of(brand)
    assert len(secret.value) == 43
    shown = html.unescape(boss_client.get(change_of(brand)).content.decode())
    assert f'readonly value="{secret.value}"' in shown
    assert '"aud": "pazar-1"' in shown
    assert 'Imece.push(["shutdown"])' in shown


def test_saving_without_a_wish_makes_none(boss_client):
    brand = make_brand(site_key="pazar-1")
    assert save(boss_client, brand) == {}
    assert secrets_of(brand) == []


def test_a_brand_is_made_with_its_secret(boss_client):
    boss_client.post(reverse("admin:agents_brand_add"), brand_form(new_identity_secret="on"))
    assert IdentitySecret.objects.get().brand == Brand.objects.get()


def test_two_secrets_work_at_once_and_no_third(boss_client):
    brand = make_brand(site_key="pazar-1")
    for _ in range(2):
        assert save(boss_client, brand, new_identity_secret="on") == {}
    assert list(save(boss_client, brand, new_identity_secret="on")) == ["new_identity_secret"]
    old, new = secrets_of(brand)
    assert save(boss_client, brand, new_identity_secret="on", old_identity_secrets=[old.pk]) == {}
    assert secrets_of(brand)[0] == new
    assert len(secrets_of(brand)) == 2


def test_a_secret_of_another_brand_is_not_deleted_from_here(boss_client):
    brand = make_brand(site_key="pazar-1")
    other = add_identity_secret(brand=make_brand(), by=None, now=timezone.now())
    assert list(save(boss_client, brand, old_identity_secrets=[other.pk])) == [
        "old_identity_secrets"
    ]
    assert IdentitySecret.objects.filter(pk=other.pk).exists()


def test_the_audit_log_says_who_but_no_secret(boss_client):
    brand = make_brand(site_key="pazar-1")
    save(boss_client, brand, new_identity_secret="on")
    value = brand.identity_secrets.get().value
    save(boss_client, brand, old_identity_secrets=[brand.identity_secrets.get().pk])
    acts = AuditEntry.objects.filter(action__startswith="brand.identity")
    assert set(acts.values_list("action", "actor__name")) == {
        ("brand.identity_secret_made", "Ayşe"),
        ("brand.identity_secret_deleted", "Ayşe"),
    }
    assert value not in str([*AuditEntry.objects.values_list("target", "data")])


def test_another_limit_of_a_brand_begins_new_intervals(boss_client, boss):
    add_brand(boss_client)
    assert boss.status_intervals.get(ended_at=None).capacity == 4
    brand = Brand.objects.get()
    texts = {"texts-INITIAL_FORMS": "0"}
    boss_client.post(
        reverse("admin:agents_brand_change", args=[brand.pk]), brand_form(capacity="6", **texts)
    )
    assert boss.status_intervals.get(ended_at=None).capacity == 6
