"""In which language and how dark a brand's widget is."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from agents.models import BrandText
from tests.support.factories import make_brand, make_team, make_topic

pytestmark = pytest.mark.django_db


def config_of(brand: Any, language: str) -> dict[str, Any]:
    page = Client().get("/widget/frame/", {"site": brand.site_key, "language": language})
    assert page.status_code == 200
    [found] = re.findall(r'id="config"[^>]*>(.*?)</script>', page.content.decode())
    config: dict[str, Any] = json.loads(found)
    return config


@pytest.mark.parametrize(
    ("wished", "spoken"),
    [("en-US,tr", "en"), ("de,tr-TR", "tr"), ("de, EN", "en"), ("de,fr", "tr"), (",", "tr")],
)
def test_the_first_language_that_is_known_is_spoken_else_the_brands(
    wished: str, spoken: str
) -> None:
    assert config_of(make_brand(default_language="tr"), wished)["language"] == spoken


def test_the_other_language_is_offered_where_the_brand_has_words_in_it() -> None:
    brand = make_brand(default_language="tr")
    topic = make_topic(brand, make_team(), name_tr="İade", name_en="")
    BrandText.objects.create(brand=brand, language="en")
    assert config_of(brand, "tr")["other"] is None
    assert config_of(brand, "en")["other"] == {"code": "tr", "name": "Türkçe"}
    topic.name_en = "Returns"
    topic.save()
    assert config_of(brand, "tr")["other"] == {"code": "en", "name": "English"}
    topic.delete()
    assert config_of(brand, "tr")["other"] is None
    BrandText.objects.update(welcome="Welcome")
    assert config_of(brand, "tr")["other"] == {"code": "en", "name": "English"}


def test_a_brand_says_how_dark_it_is_and_with_which_colours() -> None:
    brand = make_brand(theme="dark", accent_color="#0b6e6e")
    told = config_of(brand, "tr")["brand"]
    assert told["theme"] == "dark"
    assert set(told["dark"]) == {"soft", "text"}
    assert told["dark"]["text"] != told["colors"]["text"]
