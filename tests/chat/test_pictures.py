"""What visitors see of agents and brands: every picture they are shown is really served."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from agents.images import fitted_picture
from agents.models import Presence
from agents.operations import set_avatar
from chat.models import Entry
from chat.operations.entries import NewLine, append
from chat.posting.messages import Author
from chat.protocol import entry_frame
from chat.rights.visitors import public_agent
from chat.widget.config import widget_config
from tests.support.http import make_shop, open_widget, started, taken

pytestmark = pytest.mark.django_db


def picture() -> SimpleUploadedFile:
    """Return what somebody uploads."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return SimpleUploadedFile("me.png", out.getvalue(), "image/png")


def test_an_agents_picture_is_served_wherever_a_visitor_is_told_of_it(client: Client) -> None:
    shop = make_shop()
    agent = shop.elif_
    set_avatar(agent=agent, upload=picture())
    chat = taken(started(open_widget(shop.brand)), agent)
    line = NewLine(kind=Entry.Kind.MESSAGE, author_kind="agent", agent=agent, body="Hello")
    (entry,) = append(chat, line, now=timezone.now())
    told = [
        public_agent(agent)["avatar"],
        Author.of_agent(agent).shape()["avatar"],
        entry_frame(entry, audience="visitor")["author"]["avatar"],
        widget_config(shop.brand, "tr")["team"][0]["avatar"],
    ]
    for address in told:
        assert client.get(address)["Content-Type"] == "image/webp"


def test_an_agent_who_went_home_without_a_word_is_not_shown_to_visitors() -> None:
    shop = make_shop()
    assert [face["name"] for face in widget_config(shop.brand, "tr")["team"]] == [shop.elif_.name]
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=3))
    assert widget_config(shop.brand, "tr")["team"] == []


def test_a_brands_logo_is_served_where_the_widget_is_told_of_it(client: Client) -> None:
    brand = make_shop().brand
    assert widget_config(brand, "tr")["brand"]["logo"] == ""
    logo = fitted_picture(picture())
    brand.logo.save(str(logo.name), logo)
    served = client.get(widget_config(brand, "tr")["brand"]["logo"])
    assert served["Content-Type"] == "image/webp"
    assert served["Cross-Origin-Resource-Policy"] == "cross-origin"
