"""Mailboxes in the administration."""

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from agents.first_steps import first_steps
from config.outbox.operations import drain
from tests.support.factories import make_brand
from tests.tickets.mail.test_answers import answer, states
from tickets.models import Delivery, Mailbox

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


def test_a_mailbox_is_set_up_and_its_password_never_shown(boss_client, brand):
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


@pytest.mark.parametrize(
    ("side", "other"),
    [
        ("smtp", {"smtp_host": "evil.example"}),
        ("smtp", {"smtp_port": "2525"}),
        ("smtp", {"smtp_security": "tls"}),
        ("imap", {"imap_host": "evil.example"}),
        ("imap", {"imap_security": "none"}),
    ],
)
def test_a_kept_password_goes_to_no_other_server(boss_client, brand, side, other):
    mine = TYPED | {"brand": brand.pk, "imap_host": "127.0.0.1", "imap_password": "çok gizli"}
    boss_client.post(reverse("admin:tickets_mailbox_add"), mine)
    own = Mailbox.objects.get()
    url = reverse("admin:tickets_mailbox_change", args=[own.pk])
    silent = mine | {"smtp_password": "", "imap_password": ""}
    page = boss_client.post(url, silent | other).content.decode()
    assert "The server is another one: please enter its password again." in page
    own.refresh_from_db()
    assert [str(getattr(own, name)) for name in other] == [mine[name] for name in other]
    # With a password of its own, or with no server at all, it is taken.
    boss_client.post(url, silent | other | {f"{side}_password": "yeni"})
    own.refresh_from_db()
    assert [str(getattr(own, name)) for name in other] == list(other.values())
    assert getattr(own, f"{side}_password").reveal() == "yeni"
    boss_client.post(url, silent | other | {f"{side}_host": ""})
    own.refresh_from_db()
    assert getattr(own, f"{side}_host") == ""


def test_a_brand_has_one_mailbox_and_an_address_one_brand(boss_client, mailbox):
    add = reverse("admin:tickets_mailbox_add")
    page = boss_client.post(add, TYPED | {"brand": mailbox.brand_id}).content.decode()
    assert "Select a valid choice" in page
    boss_client.post(add, TYPED | {"brand": make_brand().pk})
    assert Mailbox.objects.count() == 1


def test_a_test_mail_says_what_the_server_said(boss_client, boss, mailbox, smtp):
    url = reverse("admin:tickets_mailbox_changelist")
    press = {"action": "test_sending", "_selected_action": [mailbox.pk]}
    page = boss_client.post(url, press, follow=True).content.decode()
    assert f"The server took the test e-mail to {boss.email}" in page
    assert smtp.taken[0]["To"] == boss.email
    # As customers' mails, of which no server thinks that a laptop wrote them.
    assert smtp.taken[0]["Message-ID"].endswith("@pazar.example>")
    smtp.answers[boss.email] = "550 5.1.1 Yok öyle biri"
    page = boss_client.post(url, press, follow=True).content.decode()
    assert "There is no such mailbox." in page
    Mailbox.objects.update(smtp_port=1)
    page = boss_client.post(url, press, follow=True).content.decode()
    assert "can&#x27;t be reached" in page
    mailbox.refresh_from_db()
    assert mailbox.send_error == "unreachable"


@pytest.mark.parametrize("is_saved", [True, False])
def test_what_waits_for_a_server_leaves_as_soon_as_that_is_mended(
    boss_client, mailbox, smtp, ticket, elif_, is_saved
):
    Mailbox.objects.update(smtp_port=1)
    entry = answer(ticket, elif_)
    waits_for_other = answer(ticket, elif_, to="can@example.org")
    drain("mail")
    assert states(entry) == {"ipek@example.com": ("retry", "unreachable")}
    # This one is put off by its recipient's server.
    Delivery.objects.filter(entry=waits_for_other).update(code="later")
    with time_machine.travel(timezone.now(), tick=False):
        if is_saved:
            url = reverse("admin:tickets_mailbox_change", args=[mailbox.pk])
            typed = TYPED | {"brand": mailbox.brand_id, "smtp_port": smtp.port, "smtp_user": ""}
            assert boss_client.post(url, typed).status_code == 302
        else:
            Mailbox.objects.update(smtp_port=smtp.port)
            url = reverse("admin:tickets_mailbox_changelist")
            press = {"action": "test_sending", "_selected_action": [mailbox.pk]}
            boss_client.post(url, press)
            smtp.taken.clear()
        drain("mail")
    assert states(entry) == {"ipek@example.com": ("sent", "")}
    assert states(waits_for_other) == {"can@example.org": ("retry", "later")}
    assert [mail["To"] for mail in smtp.taken] == ["ipek@example.com"]


def test_addresses_that_are_forwarded_are_typed_line_by_line(boss_client, brand):
    typed = TYPED | {"brand": brand.pk}
    also = " Info@Pazar.example\r\n\r\ninfo@pazar.example, satış@pazar.example"
    page = boss_client.post(reverse("admin:tickets_mailbox_add"), typed | {"also_at": also})
    assert "This is not an e-mail address." in page.content.decode()
    also = " Info@Pazar.example\r\n\r\ninfo@pazar.example, satis@çarşı.example"
    boss_client.post(reverse("admin:tickets_mailbox_add"), typed | {"also_at": also})
    own = Mailbox.objects.get()
    assert own.also_at == ["info@pazar.example", "satis@xn--ar-3ia21a0h.example"]
    url = reverse("admin:tickets_mailbox_change", args=[own.pk])
    assert "info@pazar.example\nsatis@" in boss_client.get(url).content.decode()
    many = "\n".join(f"a{number}@pazar.example" for number in range(21))
    page = boss_client.post(url, typed | {"smtp_password": "", "also_at": many}).content.decode()
    assert "At most 20 addresses." in page
    boss_client.post(url, typed | {"smtp_password": "", "also_at": ""})
    own.refresh_from_db()
    assert own.also_at == []


@pytest.mark.parametrize(("language", "app"), [("en", "app password"), ("tr", "uygulama parolası")])
def test_the_page_says_which_services_take_no_password_and_what_to_do(
    boss, boss_client, language, app
):
    boss.language = language
    boss.save()
    page = boss_client.get(reverse("admin:tickets_mailbox_add")).content.decode()
    said = [" ".join(each.split()) for each in page.split("<p>") if "OAuth2" in each]
    assert [app in each and "Microsoft 365" in each for each in said] == [True]
    assert page.count(app) == 2
