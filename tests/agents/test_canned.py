"""Canned replies over HTTP."""

from typing import Any

import pytest

from agents.models import CannedReply
from tests.support.factories import make_agent
from tests.support.http import Desk, Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop.elif_)


def test_own_replies_are_added_changed_and_removed(desk: Desk) -> None:
    body = {"shortcut": "merhaba", "title": "İlk", "body": "Merhaba {name}", "language": "tr"}
    added = desk.post("canned-replies", body)
    assert added.status_code == 201
    path = f"canned-replies/{added.json()['id']}"
    changed = desk.call("PATCH", path, {"title": "Selam"})
    assert (changed.json()["title"], changed.json()["body"]) == ("Selam", "Merhaba {name}")
    assert [row["id"] for row in desk.get("canned-replies").json()] == [added.json()["id"]]
    assert desk.call("DELETE", path).status_code == 204
    assert not CannedReply.objects.exists()


def test_a_shortcut_is_stored_in_lower_case_and_no_longer_than_it_was(desk: Desk) -> None:
    body = {"shortcut": "Selam", "title": "x", "body": "x", "language": "tr"}
    added = desk.post("canned-replies", body).json()
    assert added["shortcut"] == "selam"
    changed = desk.call("PATCH", f"canned-replies/{added['id']}", {"shortcut": "İ" * 40})
    assert changed.json()["shortcut"] == "i" * 40


def test_shared_replies_are_read_only_and_others_own_ones_unseen(desk: Desk, shop: Shop) -> None:
    fields: dict[str, Any] = {"shortcut": "x", "title": "x", "body": "x", "language": "en"}
    shared = CannedReply.objects.create(brand=shop.brand, **fields)
    foreign = CannedReply.objects.create(agent=make_agent(), **fields)
    elsewhere = CannedReply.objects.create(team=make_shop().team, **fields)
    assert [row["id"] for row in desk.get("canned-replies").json()] == [str(shared.pk)]
    for method, body in (("PATCH", {"title": "hacked"}), ("DELETE", None)):
        assert desk.call(method, f"canned-replies/{shared.pk}", body).status_code == 403
        for unseen in (foreign, elsewhere):
            assert desk.call(method, f"canned-replies/{unseen.pk}", body).status_code == 404
    assert CannedReply.objects.filter(title="x").count() == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"shortcut": "two words"},
        {"shortcut": ""},
        {"body": "x" * 4001},
        {"language": "de"},
        {"agent": 1},
        {"brand": 1},
        {"is_demo": True},
        {"used_count": 5},
        {"title": "a\0b"},
    ],
)
def test_a_reply_that_makes_no_sense_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    body = {"shortcut": "x", "title": "x", "body": "x", "language": "en"} | changes
    assert desk.post("canned-replies", body).status_code == 400
    assert not CannedReply.objects.exists()
