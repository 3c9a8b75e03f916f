"""Mailboxes in the administration."""

import pytest
from django.urls import reverse

from agents.first_steps import first_steps
from tests.agents.conftest import boss, boss_client  # noqa: F401 - fixtures
from tests.support.factories import make_brand
from tickets.models import Mailbox

pytestmark = pytest.mark.django_db

TYPED = {
    "address": "Destek@Pazar.example",
    "display_name": "",
    "signature_tr": "",
    "signature_en": "",
    "smtp_host": "127.0.0.1",
    "smtp_port": "25",
    "smtp_security": "none",
    "smtp_user": "destek",
    "smtp_password": "çok gizli",
    "imap_port": "993",
    "imap_security": "tls",
    "imap_folder": "INBOX",
}


def test_a_mailbox_is_set_up_and_its_password_never_shown(boss_client, brand):  # noqa: F811
    add = reverse("admin:tickets_mailbox_add")
    labels = {str(step.label): step for step in first_steps()}
    step = labels["Set up the mailbox that answers tickets"]
    assert (step.url, step.is_done) == (f"{add}?brand={brand.pk}", False)
    answer = boss_client.post(add, TYPED | {"brand": brand.pk}, follow=True)
    own = Mailbox.objects.get()
    assert (own.address, own.smtp_password.reveal()) == ("destek@pazar.example", "çok gizli")
    page = boss_client.get(reverse("admin:tickets_mailbox_change", args=[own.pk]))
    assert "gizli" not in answer.content.decode() + page.content.decode()
    assert "Saved. Leave empty to keep it." in page.content.decode()
    kept = TYPED | {"brand": brand.pk, "smtp_password": ""}
    boss_client.post(reverse("admin:tickets_mailbox_change", args=[own.pk]), kept)
    own.refresh_from_db()
    assert own.smtp_password.reveal() == "çok gizli"
    assert all(step.is_done for step in first_steps() if "mailbox" in str(step.label))


def test_a_brand_has_one_mailbox_and_an_address_one_brand(boss_client, mailbox):  # noqa: F811
    add = reverse("admin:tickets_mailbox_add")
    page = boss_client.post(add, TYPED | {"brand": mailbox.brand_id}).content.decode()
    assert "Select a valid choice" in page
    boss_client.post(add, TYPED | {"brand": make_brand().pk})
    assert Mailbox.objects.count() == 1


def test_a_test_mail_says_what_the_server_said(boss_client, boss, mailbox, smtp):  # noqa: F811
    url = reverse("admin:tickets_mailbox_changelist")
    press = {"action": "test_sending", "_selected_action": [mailbox.pk]}
    page = boss_client.post(url, press, follow=True).content.decode()
    assert f"the server took the test e-mail to {boss.email}" in page
    assert smtp.taken[0]["To"] == boss.email
    smtp.answers[boss.email] = "550 5.1.1 Yok öyle biri"
    page = boss_client.post(url, press, follow=True).content.decode()
    assert "There is no such mailbox." in page
    Mailbox.objects.update(smtp_port=1)
    page = boss_client.post(url, press, follow=True).content.decode()
    assert "can&#x27;t be reached" in page
    mailbox.refresh_from_db()
    assert mailbox.send_error == "unreachable"
