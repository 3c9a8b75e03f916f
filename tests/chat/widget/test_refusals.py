"""Who is kept out of the visitor's API, asked of every route there is."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.urls import URLPattern

from chat.api import widget_urls
from chat.api.widget.access import WidgetView
from chat.models import Attachment, Conversation, Entry
from tests.support.http import WIDGET, Shop, Widget, cid, make_shop, open_widget, picture, started
from tests.support.http import taken as taken_by
from tickets.models import File

pytestmark = pytest.mark.django_db

# Every route and method with a body that would be accepted. `{chat}` and `{file}` are Vera's.
CALLS: dict[tuple[str, str], Any] = {
    ("conversations", "GET"): None,
    ("conversations", "POST"): {"fields": {}, "message": {"cid": cid(), "text": "x"}},
    ("conversations/{chat}", "GET"): None,
    ("conversations/{chat}/messages", "POST"): {"cid": cid(), "text": "x"},
    ("conversations/{chat}/entries", "GET"): None,
    ("conversations/{chat}/read", "POST"): {"seq": 2},
    ("conversations/{chat}/end", "POST"): {},
    ("conversations/{chat}/rating", "POST"): {"score": 5},
    ("conversations/{chat}/transcript", "POST"): {"email": "vera@example.com"},
    ("attachments", "POST"): None,
    ("attachments/{file}", "GET"): None,
    ("offline-messages", "POST"): {
        "cid": cid(),
        "fields": {"email": "v@example.com"},
        "text": "x",
    },
    ("events", "POST"): {"name": "added_to_cart"},
    ("availability", "GET"): None,
    ("tickets", "GET"): None,
    ("opened", "POST"): {},
}
# The only call without a token has tests of its own.
OPEN = {"sessions"}
OF_VERA = sorted(call for call in CALLS if "{" in call[0])


def routes() -> Iterator[tuple[str, str]]:
    """Every route and method of the URLconf."""
    for pattern in widget_urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        name = "file" if route.startswith("attachments") else "chat"
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method):
                yield route.replace("<str:public_id>", f"{{{name}}}"), method.upper()


def test_every_route_is_in_the_table() -> None:
    assert {call for call in routes() if call[0] not in OPEN} == set(CALLS)


def test_every_route_but_sessions_asks_for_a_session() -> None:
    for pattern in widget_urls.urlpatterns:
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        assert issubclass(view, WidgetView) or str(pattern.pattern) in OPEN


class Vera:
    """A visitor with an answered chat and a file in it."""

    def __init__(self) -> None:
        self.shop: Shop = make_shop()
        self.widget = open_widget(self.shop.brand)
        self.chat: Conversation = taken_by(started(self.widget), self.shop.elif_)
        file = self.widget.upload(picture()).json()["id"]
        sent = {"cid": cid(), "text": "", "attachments": [file]}
        answer = self.widget.post(f"conversations/{self.chat.public_id}/messages", sent)
        assert answer.status_code == 201
        self.file = Attachment.objects.get(file__public_id=file)

    def asked(self, widget: Widget, path: str, method: str, **options: Any) -> HttpResponse:
        """Make a call of the table about Vera's chat or file."""
        path = path.format(chat=self.chat.public_id, file=self.file.public_id)
        if path == "attachments":
            return widget.upload(picture(), **options.get("headers", {}))
        return widget.call(method, path, CALLS[_key(path, method, self)], **options)

    def rows(self) -> tuple[Any, ...]:
        """All that a call could have changed."""
        self.chat.refresh_from_db()
        return (
            Entry.objects.count(),
            Attachment.objects.count(),
            Conversation.objects.count(),
            self.chat.status,
            self.chat.visitor_read_seq,
            self.chat.visitor_delivered_seq,
        )


def _key(path: str, method: str, vera: Vera) -> tuple[str, str]:
    named = path.replace(vera.chat.public_id, "{chat}").replace(vera.file.public_id, "{file}")
    return named, method


@pytest.fixture
def vera() -> Vera:
    return Vera()


def check_refused(vera: Vera, widget: Widget, *statuses: int, **options: Any) -> None:
    """Every route refuses this widget and nothing changes."""
    before = vera.rows()
    for path, method in CALLS:
        answer = vera.asked(widget, path, method, **options)
        assert answer.status_code in statuses, (path, method, answer.content)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(answer.json()) >= {"type", "title", "status", "code", "detail"}
    assert vera.rows() == before


def test_every_call_is_possible_for_the_visitor_herself(vera: Vera) -> None:
    for path, method in CALLS:
        assert vera.asked(vera.widget, path, method).status_code not in {401, 403, 404}, path


def test_no_token_is_refused_everywhere(vera: Vera) -> None:
    stranger = Widget(vera.shop.brand)
    stranger.token = ""
    check_refused(vera, stranger, 401)


def test_a_forged_token_is_refused_everywhere(subtests: pytest.Subtests, vera: Vera) -> None:
    stranger = Widget(vera.shop.brand)
    for token in ("x", "a.b.c", "imece_" + "x" * 43, "Bearer"):
        with subtests.test(token=token):
            stranger.token = token
            check_refused(vera, stranger, 401)


def test_a_changed_token_is_refused_everywhere(vera: Vera) -> None:
    payload, _, rest = vera.widget.token.partition(":")
    vera.widget.token = f"{payload[:-2]}xx:{rest}"
    check_refused(vera, vera.widget, 401)


def test_an_expired_token_is_refused_everywhere(vera: Vera) -> None:
    with time_machine.travel(time.time() + 16 * 60):
        check_refused(vera, vera.widget, 401)


def test_a_foreign_page_is_refused_everywhere_even_with_the_token(
    subtests: pytest.Subtests, vera: Vera
) -> None:
    for origin in ("https://evil.example", "null", "https://shop.example.evil"):
        with subtests.test(origin=origin):
            vera.widget.headers = {"Origin": origin}
            check_refused(vera, vera.widget, 403)


def test_another_visitor_finds_nothing_of_hers(subtests: pytest.Subtests, vera: Vera) -> None:
    unknown = open_widget(vera.shop.brand)
    known = open_widget(vera.shop.brand)
    started(known)
    for path, method in OF_VERA:
        with subtests.test(method, path=path):
            before = vera.rows()
            for other in (unknown, known):
                assert vera.asked(other, path, method).status_code == 404
            assert vera.rows() == before


def test_a_visitor_of_another_brand_finds_nothing_of_hers(
    subtests: pytest.Subtests, vera: Vera
) -> None:
    other = open_widget(make_shop().brand)
    started(other)
    for path, method in OF_VERA:
        with subtests.test(method, path=path):
            before = vera.rows()
            assert vera.asked(other, path, method).status_code == 404
            assert vera.rows() == before


def test_her_secret_on_another_brands_site_opens_nothing_of_hers(vera: Vera) -> None:
    other = Widget(make_shop().brand)
    other.secret = vera.widget.secret
    other.open()
    for path, method in OF_VERA:
        assert vera.asked(other, path, method).status_code == 404


def test_a_file_of_somebody_else_can_not_be_sent(vera: Vera) -> None:
    file = vera.widget.upload(picture()).json()["id"]
    other = open_widget(vera.shop.brand)
    chat = started(other)
    body = {"cid": cid(), "text": "mine now", "attachments": [file]}
    answer = other.post(f"conversations/{chat.public_id}/messages", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert Attachment.objects.get(file__public_id=file).entry is None


def test_a_file_is_sent_once(vera: Vera) -> None:
    body = {"cid": cid(), "text": "again", "attachments": [vera.file.public_id]}
    answer = vera.widget.post(f"conversations/{vera.chat.public_id}/messages", body)
    assert answer.status_code == 400


def test_a_file_in_a_note_is_not_for_the_visitor(vera: Vera) -> None:
    note = vera.chat.entries.create(
        seq=999,
        kind="note",
        author_kind="agent",
        agent=vera.shop.elif_,
        created_at=vera.chat.created_at,
    )
    Attachment.objects.filter(pk=vera.file.pk).update(entry=note, visitor=None)
    File.objects.filter(pk=vera.file.file_id).update(uploader=vera.shop.elif_)
    assert vera.asked(vera.widget, "attachments/{file}", "GET").status_code == 404


def test_methods_that_do_not_exist_are_problems_too(vera: Vera) -> None:
    for path in {path for path, _ in CALLS}:
        answer = vera.widget.call("DELETE", path.format(chat=vera.chat.public_id, file="x"))
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_no_credential_is_read_from_the_address(vera: Vera) -> None:
    stranger = Widget(vera.shop.brand)
    for name in ("token", "access_token", "visitor", "authorization"):
        answer = stranger.client.get(f"{WIDGET}/conversations", {name: vera.widget.token})
        assert answer.status_code == 401
