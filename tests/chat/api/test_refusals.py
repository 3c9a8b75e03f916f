"""Who is kept out of the desk's API, asked of every route there is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.throttling import BaseThrottle

from agents.api import urls as organisation_urls
from agents.api.throttling import PerCaller
from agents.models import CannedReply, Device, Permission, Role, Tag
from agents.operations import disable_agent, revoke_tokens
from agents.operations.canned import add_reply_files
from chat.api import desk_urls, widget_urls
from chat.models import Attachment, Conversation, Entry, NotThem
from config.files.cleaning import clean_file
from tests.support.desk_calls import CALLS, NAMES, OF_ADMINS, OPEN
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_visitor,
)
from tests.support.hostile import bodies
from tests.support.http import Desk, Widget, cid, make_shop, open_widget, picture, started, taken
from tickets.api import urls as ticket_urls
from tickets.models import Contact, ContactNote, Identity, Ticket
from tickets.models import Entry as TicketEntry
from tickets.operations.merging import merge_contacts

pytestmark = pytest.mark.django_db

# Who works for every brand is a colleague of everybody: of agents, `test_status.py` asks.
_OF_ALL = ("{reply}", "{agent}")
OF_ONE = sorted(
    call for call in CALLS if "{" in call[0] and not any(name in call[0] for name in _OF_ALL)
)
LISTS = ["conversations", "tickets", "contacts", "brands", "topics", "canned-replies"]
DESK_URLS = [
    *desk_urls.urlpatterns,
    *organisation_urls.urlpatterns,
    *ticket_urls.urlpatterns,
]


def routes() -> Iterator[tuple[str, str]]:
    """Every route and method of the URLconfs."""
    for pattern in DESK_URLS:
        assert isinstance(pattern, URLPattern)
        parts = str(pattern.pattern).split("/")
        if len(parts) > 1 and parts[1].startswith("<"):
            parts[1] = NAMES[parts[0]]
        parts = [part.replace("<int:identity>", "{identity}") for part in parts]
        parts = [part.replace("<str:public_id>", "{canned}") for part in parts]
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method):
                yield "/".join(parts), method.upper()


def test_every_route_is_in_the_table() -> None:
    assert set(routes()) == set(CALLS) | OF_ADMINS | OPEN


def test_every_route_is_in_the_schema() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    assert {path for path, _ in described if not path.startswith("/api/")} == set()
    for urls, prefix in (
        (DESK_URLS, "/api/v1/"),
        (widget_urls.urlpatterns, "/api/widget/v1/"),
    ):
        for pattern in urls:
            route = str(pattern.pattern).replace("<str:public_id>", "{public_id}")
            route = route.replace("<int:pk>", "{id}").replace("<int:identity>", "{identity}")
            assert any(path == prefix + route for path, _ in described), route


def test_the_schema_is_served_and_complains_about_nothing(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    assert json.loads(answer.content)["openapi"].startswith("3.1")
    assert capsys.readouterr().err == ""


def test_the_schema_is_worked_out_once_whatever_is_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/api/schema/")
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *_, **__: pytest.fail("again"))
    for query in ("lang=xx", "lang=../../x", "version=2", "version=%0aX:y", "format=yaml"):
        answer = client.get(f"/api/schema/?{query}")
        assert answer.status_code == 200
        assert answer.content == first.content
        assert answer["Content-Disposition"] == first["Content-Disposition"]


def test_every_route_counts_its_callers() -> None:
    for pattern in DESK_URLS:
        throttles: list[type[BaseThrottle]] = pattern.callback.view_class.throttle_classes  # type: ignore[attr-defined]
        assert PerCaller in throttles, pattern


class Office:
    """A brand with a chat of Elif's, a file in it, a ticket, a customer and a reply of hers."""

    def __init__(self) -> None:
        self.shop = make_shop()
        self.widget: Widget = open_widget(self.shop.brand)
        self.chat = taken(started(self.widget, "Canary Vera"), self.shop.elif_)
        file = self.widget.upload(picture()).json()["id"]
        sent = {"cid": cid(), "text": "", "attachments": [file]}
        self.widget.post(f"conversations/{self.chat.public_id}/messages", sent)
        self.contact = Contact.objects.create(name="Canary Vera")
        # What an agent has linked to her.
        self.identity = self.contact.identities.create(
            kind="phone", value="+905550000000", linked_from=Contact.objects.create(name="Other")
        )
        self.ticket = Ticket.objects.create(
            brand=self.shop.brand,
            contact=self.contact,
            team=self.shop.team,
            subject="Canary",
            source="offline",
            language="en",
        )
        self.twin = Contact.objects.create(name="Canary Twin")
        Ticket.objects.create(
            brand=self.shop.brand,
            contact=self.twin,
            team=self.shop.team,
            subject="Canary",
            source="offline",
            language="en",
        )
        self.merge = merge_contacts(
            survivor=self.contact,
            other=Contact.objects.create(name="Older"),
            keep={},
            by=make_agent(role=make_role("admin")),
            now=timezone.now(),
        )
        self.reply = CannedReply.objects.create(
            agent=self.shop.elif_, shortcut="x", title="Canary", body="x", language="en"
        )
        (self.canned,) = add_reply_files(
            reply=self.reply, files=[clean_file(picture(), "canary.png")], now=timezone.now()
        )
        self.device = Device.objects.create(agent=self.shop.elif_, address={"token": "x"})
        self.file = Attachment.objects.get(file__public_id=file)

    def asked(self, desk: Desk, path: str, method: str) -> HttpResponse:
        """Make a call of the table about what is here."""
        if path == "attachments":
            return desk.upload(picture())
        if path.endswith("/files"):
            return desk.upload(picture(), path=path.format(reply=self.reply.pk))
        body = CALLS[path, method]
        if path.endswith(("/resolve", "/topic")):
            body = {"topic": str(self.shop.topic.pk)}
        if body and body.get("conversation"):
            body = body | {"conversation": self.chat.public_id}
        if path.endswith("/merge"):
            body = body | {"other": str(self.twin.pk)}
        named = path.format(
            agent=self.shop.elif_.public_id,
            merge=self.merge.pk,
            identity=self.identity.pk,
            chat=self.chat.public_id,
            file=self.file.public_id,
            ticket=self.ticket.pk,
            contact=self.contact.pk,
            reply=self.reply.pk,
            canned=self.canned.public_id,
            device=self.device.pk,
        )
        return desk.call(method, named, body)

    def rows(self) -> tuple[Any, ...]:
        """All that a call could have changed."""
        self.chat.refresh_from_db()
        self.reply.refresh_from_db()
        self.shop.elif_.refresh_from_db()
        return (
            Entry.objects.count(),
            ContactNote.objects.count() + NotThem.objects.count() + Identity.objects.count(),
            Identity.objects.get(pk=self.identity.pk).contact_id,
            Contact.objects.get(pk=self.contact.pk).language,
            Contact.objects.exclude(merged_into=None).count(),
            Ticket.objects.count(),
            Ticket.objects.get(pk=self.ticket.pk).subject,
            TicketEntry.objects.count(),
            Tag.objects.count(),
            Attachment.objects.count(),
            CannedReply.objects.count() + Device.objects.count(),
            self.reply.files.count(),
            self.chat.status,
            self.chat.assignee_id,
            self.chat.topic_id,
            self.chat.agents_read_seq,
            self.reply.title,
            self.shop.elif_.status,
        )


@pytest.fixture
def office(settings: Any, tmp_path: Any) -> Office:
    settings.MEDIA_ROOT = tmp_path
    return Office()


def check_refused(office: Office, desk: Desk, *statuses: int) -> None:
    """Every route refuses and nothing changes."""
    before = office.rows()
    for path, method in CALLS:
        answer = office.asked(desk, path, method)
        assert answer.status_code in statuses, (path, method, answer.content)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert office.rows() == before


def test_every_call_is_possible_for_who_may(office: Office) -> None:
    desk = Desk(office.shop.elif_)
    for path, method in CALLS:
        answer = office.asked(desk, path, method)
        assert answer.status_code not in {401, 403, 404, 500}, (path, method, answer.content)


def test_nobody_is_refused_everywhere(office: Office) -> None:
    check_refused(office, Desk(), 401)


def test_what_admins_may_call_is_refused_to_others(office: Office) -> None:
    for path, method in OF_ADMINS:
        named = path.format(brand=office.shop.brand.pk, team=office.shop.team.pk)
        assert Desk().call(method, named, {}).status_code == 401
        assert Desk(office.shop.elif_).call(method, named, {}).status_code == 403, (path, method)


def test_a_forged_token_is_refused_everywhere(subtests: pytest.Subtests, office: Office) -> None:
    desk = Desk()
    for token in ("x", "imece_" + "x" * 43, "imece_", "é"):
        with subtests.test(token=token):
            desk.headers = {"Authorization": f"Bearer {token}"}
            check_refused(office, desk, 401)


def test_a_visitors_token_is_refused_everywhere(office: Office) -> None:
    desk = Desk()
    desk.headers = {"Authorization": f"Bearer {office.widget.token}"}
    check_refused(office, desk, 401)


def test_an_agents_token_is_none_for_the_widget(office: Office) -> None:
    widget = Widget(office.shop.brand)
    widget.token = Desk(office.shop.elif_).headers["Authorization"].removeprefix("Bearer ")
    assert widget.get("conversations").status_code == 401


def test_a_revoked_token_is_refused_everywhere(office: Office) -> None:
    desk = Desk(office.shop.elif_)
    revoke_tokens(agent=office.shop.elif_, now=timezone.now())
    check_refused(office, desk, 401)


def test_a_disabled_agent_is_refused_everywhere_by_token_and_by_session(office: Office) -> None:
    by_token, by_session = Desk(office.shop.elif_), Desk()
    by_session.client.force_login(office.shop.elif_)
    assert by_session.get("status").status_code == 200
    disable_agent(agent=office.shop.elif_, by=None, now=timezone.now())
    check_refused(office, by_token, 401)
    check_refused(office, by_session, 401)


def test_a_session_without_its_csrf_token_changes_nothing(office: Office) -> None:
    desk = Desk()
    desk.client = Client(enforce_csrf_checks=True)
    desk.client.force_login(office.shop.elif_)
    before = office.rows()
    for path, method in CALLS:
        if method != "GET":
            assert office.asked(desk, path, method).status_code == 403, path
    assert office.rows() == before


OTHER_BRAND = ("chat", "archive", "tickets", "supervise", "export", "reports")


def test_an_agent_of_another_brand_finds_nothing_anywhere(office: Office) -> None:
    role = make_role(*OTHER_BRAND, scope=Role.Scope.ALL, brands=(make_brand(),))
    desk = Desk(make_agent(role=role, online=True))
    before = office.rows()
    for path, method in OF_ONE:
        assert office.asked(desk, path, method).status_code == 404, (path, method)
    for path in LISTS:
        text = desk.get(path).content.decode()
        assert "Canary" not in text
        assert office.chat.public_id not in text
        assert office.shop.brand.name not in text
    assert office.rows() == before


def test_an_agent_of_another_channel_finds_no_chat(office: Office) -> None:
    role = make_role("chat", "archive", "supervise", scope=Role.Scope.ALL, channels=["whatsapp"])
    desk = Desk(make_agent(role=role, online=True))
    for path, method in OF_ONE:
        assert office.asked(desk, path, method).status_code == 404, (path, method)


def test_an_agent_without_any_role_finds_nothing(office: Office) -> None:
    desk = Desk(make_agent(role=make_role(Permission.REPORTS)))
    for path, method in OF_ONE:
        assert office.asked(desk, path, method).status_code == 404, (path, method)


def test_a_right_that_is_taken_away_is_gone_with_the_next_request(office: Office) -> None:
    role = make_role("chat", "supervise", "tickets", scope=Role.Scope.ALL)
    desk = Desk(make_agent(role=role, online=True))
    assert office.asked(desk, "conversations/{chat}", "GET").status_code == 200
    role.permissions = []
    role.save()
    for path, method in OF_ONE:
        assert office.asked(desk, path, method).status_code == 404, (path, method)


def test_a_colleague_may_read_but_not_finish_a_chat_of_the_team(office: Office) -> None:
    mert = make_agent(role=make_role("chat", "archive", scope=Role.Scope.TEAM), online=True)
    office.shop.team.agents.add(mert)
    desk = Desk(mert)
    assert office.asked(desk, "conversations/{chat}", "GET").status_code == 200
    before = office.rows()
    for action in ("end", "resolve", "topic"):
        answer = office.asked(desk, f"conversations/{{chat}}/{action}", "POST")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert office.asked(desk, "conversations/{chat}/messages", "POST").status_code in {403, 404}
    assert office.rows() == before


def test_who_may_only_watch_takes_no_chat(office: Office) -> None:
    queued = make_conversation(make_visitor(office.shop.brand), team=office.shop.team)
    watcher = make_agent(role=make_role("supervise", scope=Role.Scope.ALL), online=True)
    answer = Desk(watcher).post(f"conversations/{queued.public_id}/accept")
    assert answer.status_code == 403
    queued.refresh_from_db()
    assert queued.assignee is None


def test_no_field_of_ours_can_be_assigned(office: Office) -> None:
    """Every column of what is behind a route, offered as a field."""
    desk = Desk(office.shop.elif_)
    for path, model, known in (
        ("conversations/{chat}/messages", Entry, {"cid", "text", "attachments"}),
        ("conversations/{chat}/resolve", Conversation, {"topic"}),
        ("conversations/{chat}/topic", Conversation, {"topic"}),
        ("conversations/{chat}/read", Conversation, {"seq"}),
        ("canned-replies", CannedReply, {"shortcut", "title", "body", "language"}),
        ("status", type(office.shop.elif_), {"status", "reason", "confirm"}),
    ):
        body = CALLS[path, "POST"] | (
            {"topic": str(office.shop.topic.pk)} if "topic" in known else {}
        )
        for field in model._meta.get_fields():
            if field.name not in known:
                answer = desk.post(
                    path.format(chat=office.chat.public_id), body | {field.name: "1"}
                )
                assert answer.status_code == 400, (path, field.name)
    assert not CannedReply.objects.exclude(pk=office.reply.pk).exists()


@settings(max_examples=30)
@given(body=bodies, call=st.sampled_from(sorted(c for c in CALLS if c[1] in {"POST", "PATCH"})))
def test_any_json_is_answered_without_an_error_of_ours(
    office: Office, body: Any, call: tuple[str, str]
) -> None:
    desk = Desk(office.shop.elif_)
    keys = {"chat": office.chat.public_id, "reply": office.reply.pk, "ticket": office.ticket.pk}
    keys |= {"contact": office.contact.pk, "identity": office.identity.pk, "merge": office.merge.pk}
    keys["agent"] = office.shop.elif_.public_id
    assert desk.call(call[1], call[0].format(**keys), body).status_code < 500
