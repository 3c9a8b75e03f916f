"""What an admin and the command line do with mails: read again, make a ticket, import."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from config.outbox.operations import drain
from tests.tickets.mail.samples import take_in, written
from tickets.mail.inbound import ingest as module
from tickets.models import Ticket
from tickets.operations.mails import store_mail

pytestmark = pytest.mark.django_db


def test_a_mail_that_cant_be_read_stops_no_other_and_can_be_read_again(
    mailbox,
    boss_client,
    monkeypatch,
):
    with monkeypatch.context() as broken:
        broken.setattr(module, "read_mail", lambda content: 1 / 0)
        kept = store_mail(mailbox=mailbox, content=bytes(written()), now=timezone.now())
        for hours in range(5):
            with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=True):
                drain("media")
    kept.refresh_from_db()
    assert (kept.state, kept.reason) == ("broken", "broken")
    assert take_in(mailbox, written("Ben okunurum.")).state == "done"
    url = reverse("admin:tickets_rawmail_changelist")
    assert "Reading it failed several times." in boss_client.get(url).content.decode()
    whole = boss_client.get(reverse("admin:tickets_rawmail_eml", args=[kept.pk]))
    assert b"kargom nerede" in b"".join(whole.streaming_content)
    boss_client.post(url, {"action": "read_again", "_selected_action": [kept.pk]})
    drain("media")
    kept.refresh_from_db()
    assert kept.state == "done"


def test_a_mail_beyond_the_bounds_is_known_by_its_name(mailbox, boss_client):
    kept = take_in(mailbox, bytes(written(subject="İade")) + b"boundary\n" * 1000)
    assert (kept.state, kept.reason) == ("broken", "depth")
    page = boss_client.get(reverse("admin:tickets_rawmail_changelist")).content.decode()
    assert "İade" in page
    assert "zeynep@example.org" in page


def test_an_admin_makes_a_ticket_of_what_was_put_aside(mailbox, boss_client):
    kept = take_in(mailbox, written("Form: 12", precedence="bulk"))
    url = reverse("admin:tickets_rawmail_changelist")
    boss_client.post(url, {"action": "make_ticket", "_selected_action": [kept.pk]})
    drain("media")
    kept.refresh_from_db()
    assert kept.entry.body == "Form: 12"


def test_a_mail_is_imported_from_a_file(mailbox, tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(bytes(written()))
    out = StringIO()
    call_command("import_mail", str(path), stdout=out)
    call_command("import_mail", str(path), stdout=out)
    assert out.getvalue() == f"Ticket #{Ticket.objects.get().pk}\nThis mail is there already.\n"
    with pytest.raises(CommandError, match="Name one mailbox"):
        call_command("import_mail", str(path), "--mailbox", "yok@pazar.example")
