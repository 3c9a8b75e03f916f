"""How a brand's widget is: its language, how dark, and that scripts are told all they ask for."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
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


def test_a_brand_says_in_its_own_words_that_everyone_is_busy_wherever_that_is_said() -> None:
    brand = make_brand()
    BrandText.objects.create(brand=brand, language="tr", all_busy="Yoğunuz, sıra size gelecek.")
    places = (("home", "busy"), ("queue", "full"), ("offline", "full"))
    told = config_of(brand, "tr")["texts"]
    assert {told[place][word] for place, word in places} == {"Yoğunuz, sıra size gelecek."}
    # In the other language they gave none.
    told = config_of(brand, "en")["texts"]
    assert all(told[place][word].startswith("Everyone is busy") for place, word in places)


def test_the_page_tells_its_scripts_all_that_they_ask_for() -> None:
    told = config_of(make_brand(), "en")
    asked = set(paths_in_scripts())
    assert {("config", "socket"), ("config", "brand"), ("texts", "home", "start")} <= asked
    for name, *keys in asked:
        here: Any = told["texts"] if name == "texts" else told
        # What is called so elsewhere are the texts of one screen.
        if name == "texts" and keys[0] not in here:
            continue
        for key in keys:
            if not isinstance(here, dict):
                break
            assert key in here, (name, *keys)
            here = here[key]


def paths_in_scripts() -> Iterator[tuple[str, ...]]:
    """Yield what the widget's scripts read of the page's config, key by key."""
    chain = r"\b(config|texts)((?:\.\w+)+)"
    taken = r"\{([^{}]*)\} = (?:\w+\.|this\.#?)*(config|texts)((?:\.\w+)*);"
    for folder in ("widget", "live"):
        for script in (settings.BASE_DIR / "static" / folder).glob("*.js"):
            text = script.read_text()
            # The session brings another one.
            text = re.sub(r"session\??\.config\S*", "", text)
            for name, keys in re.findall(chain, text):
                yield (name, *keys.strip(".").split("."))
            for names, name, keys in re.findall(taken, text):
                for each in names.split(","):
                    key = re.match(r"\s*(\w+)", each)
                    if key:
                        yield (name, *filter(None, keys.split(".")), key[1])
