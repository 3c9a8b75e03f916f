"""The outbox as an admin sees it in the browser."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.outbox.models import OutboxEntry
from tests.support.factories import make_agent

pytestmark = pytest.mark.django_db

LIST = "admin:outbox_outboxentry_changelist"


@pytest.fixture
def admin(client: Client) -> Client:
    """An admin's browser."""
    client.force_login(make_agent(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def dead() -> OutboxEntry:
    """An effect that was given up."""
    return OutboxEntry.objects.create(
        kind="mail",
        key="mail:1",
        payload={"to": "vera@example.com"},
        attempts=8,
        dead_at=timezone.now(),
        last_error="ConnectionRefusedError: <b>down</b>",
    )


def test_the_list_shows_what_failed_as_text(admin: Client, dead: OutboxEntry) -> None:
    page = admin.get(reverse(LIST), {"state": "dead"}).content.decode()
    assert "ConnectionRefusedError: &lt;b&gt;" in page
    assert "vera@example.com" not in page
    assert (
        "ConnectionRefusedError" not in admin.get(reverse(LIST), {"state": "live"}).content.decode()
    )


def test_replay_brings_the_dead_back(admin: Client, dead: OutboxEntry) -> None:
    response = admin.post(
        reverse(LIST), {"action": "replay_selected", "_selected_action": [dead.pk]}, follow=True
    )
    assert response.status_code == 200
    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)


def test_an_entry_can_be_read_but_not_written(admin: Client, dead: OutboxEntry) -> None:
    url = reverse("admin:outbox_outboxentry_change", args=[dead.pk])
    page = admin.get(url)
    assert page.status_code == 200
    assert b"vera@example.com" not in page.content
    assert admin.post(url, {"kind": "event"}).status_code == 403
    assert admin.post(reverse("admin:outbox_outboxentry_add"), {}).status_code == 403
    dead.refresh_from_db()
    assert dead.kind == "mail"


def test_who_is_no_admin_sees_nothing(client: Client, dead: OutboxEntry) -> None:
    client.force_login(make_agent())
    response = client.get(reverse(LIST))
    assert response.status_code in {302, 403, 404}
    client.post(reverse(LIST), {"action": "replay_selected", "_selected_action": [dead.pk]})
    dead.refresh_from_db()
    assert dead.dead_at is not None


@pytest.mark.parametrize(
    ("language", "invitation", "event"),
    [
        ("en", "E-mail: invitation", "What follows from an event"),
        ("tr", "E-posta: davet", "Olayların ardından yapılanlar"),
    ],
)
def test_kinds_have_names_in_the_list_the_filter_and_on_the_page(
    client: Client, dead: OutboxEntry, language: str, invitation: str, event: str
) -> None:
    client.force_login(make_agent(is_staff=True, is_superuser=True, language=language))
    dead.kind = "agents.invitation_mail"
    dead.save()
    url = reverse("admin:outbox_outboxentry_change", args=[dead.pk])
    for page in (client.get(reverse(LIST)), client.get(url)):
        assert invitation in page.content.decode()
        assert ">agents.invitation_mail<" not in page.content.decode()
    chosen = client.get(reverse(LIST), {"kind": "agents.invitation_mail"}).content.decode()
    assert event in chosen
    assert "ConnectionRefusedError" in chosen
    assert (
        "ConnectionRefusedError"
        not in client.get(reverse(LIST), {"kind": "event"}).content.decode()
    )


def test_a_kind_that_nobody_knows_any_more_is_shown_by_its_code(
    admin: Client, dead: OutboxEntry
) -> None:
    assert ">mail<" in admin.get(reverse(LIST)).content.decode()


def test_one_entry_can_be_tried_again_on_its_own_page(admin: Client, dead: OutboxEntry) -> None:
    url = reverse("admin:outbox_outboxentry_change", args=[dead.pk])
    admin.post(url, {"CHANGE_FORM-action": "replay_selected", "_selected_action": [dead.pk]})
    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)


def test_the_start_page_leads_to_what_was_given_up(admin: Client, dead: OutboxEntry) -> None:
    page = admin.get("/admin/").content.decode()
    assert f'href="{reverse(LIST)}?state=dead"' in page
    assert "1 e-posta veya başka iş yapılamadı" in page
    dead.delete()
    assert "state=dead" not in admin.get("/admin/").content.decode()


def test_what_may_have_been_done_is_said_before_it_is_repeated(
    client: Client, dead: OutboxEntry
) -> None:
    client.force_login(make_agent(is_staff=True, is_superuser=True, language="en"))
    dead.last_error, dead.created_at = "unknown", datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
    dead.save()
    for url in (reverse(LIST), reverse("admin:outbox_outboxentry_change", args=[dead.pk])):
        page = client.get(url).content.decode()
        assert "a replay may do it a second time" in page
        assert "27 Nov 2026 06:00" in page
