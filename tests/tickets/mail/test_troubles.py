"""What an admin reads of mailboxes on the first page of the administration."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tickets.models import Mailbox
from tickets.operations.deliveries import note_server
from tickets.operations.mails import put_aside, store_mail

pytestmark = pytest.mark.django_db


def test_a_mailbox_that_fails_is_named_on_the_first_page_until_it_works(boss_client, mailbox):
    def told():
        return boss_client.get("/admin/").content.decode()

    assert "does not leave" not in told()
    now = timezone.now()
    note_server(mailbox=mailbox, error="auth", now=now)
    Mailbox.objects.update(fetch_error="unreachable", fetch_error_at=now)
    page = told()
    url = reverse("admin:tickets_mailbox_change", args=[mailbox.pk])
    assert page.count(f'<a href="{url}">Mail ') == 2
    assert f"Mail from {mailbox.address} does not leave. The mail server refused" in page
    assert f"Mail to {mailbox.address} does not come in. " in page
    # A busy server needs nobody.
    note_server(mailbox=mailbox, error="busy", now=now)
    assert "does not leave" not in told()
    note_server(mailbox=mailbox, error="", now=now)
    Mailbox.objects.update(fetch_error="")
    assert mailbox.address not in told()


def test_mails_that_could_not_be_read_are_counted_on_the_first_page(boss_client, mailbox):
    for number in range(2):
        kept = store_mail(mailbox=mailbox, content=b"%d" % number, now=timezone.now())
        put_aside(mail=kept, reason="too_complex", is_broken=True)
    kept = store_mail(mailbox=mailbox, content=b"away", now=timezone.now())
    put_aside(mail=kept, reason="automatic")
    page = boss_client.get("/admin/").content.decode()
    url = reverse("admin:tickets_rawmail_changelist") + "?state=broken"
    assert f'<a href="{url}">2 mails that came in could not be read.</a>' in page
