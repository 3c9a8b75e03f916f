"""Fetching by IMAP from a real Dovecot: every mail once, whatever happens in between."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from imapclient.exceptions import IMAPClientError

from config.outbox.operations import drain
from tests.support.mail import Dovecot, dovecot_server
from tests.support.serving import serving
from tests.tickets.mail.samples import answer, written
from tickets.mail.inbound import fetching
from tickets.mail.inbound.fetching import fetch, fetch_all
from tickets.models import Entry, Mailbox, RawMail, Ticket
from tickets.operations.mails import try_again

pytestmark = pytest.mark.django_db(transaction=True)


_number = itertools.count(1)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server() as server:
        yield server


@pytest.fixture
def own(mailbox, dovecot) -> Mailbox:
    """A mailbox in a folder of this test's own, read once while it held an old mail."""
    folder = f"Klasor{next(_number)}"
    with dovecot.client() as client:
        client.create_folder(folder)
    dovecot.deliver(written("Eski."), folder=folder)
    mailbox.imap_host, mailbox.imap_port, mailbox.imap_security = "127.0.0.1", dovecot.port, "none"
    mailbox.imap_user, mailbox.imap_password = Dovecot.USER, Dovecot.PASSWORD
    mailbox.imap_folder = folder
    mailbox.save()
    assert fetch(mailbox) == ""
    return mailbox


def texts() -> list[str]:
    """Return what has been taken in, oldest first."""
    drain("media")
    said = Entry.objects.filter(kind="message", author_kind="customer").order_by("pk")
    return list(said.values_list("body", flat=True))


def test_what_comes_in_is_fetched_once_and_what_was_there_is_not(own, dovecot):
    assert texts() == []
    dovecot.deliver(written("Bir."), written("İki."), folder=own.imap_folder)
    # Not by the task, which would go on to listen.
    fetch_all()
    fetch_all()
    assert texts() == ["Bir.", "İki."]
    own.refresh_from_db()
    assert own.fetched_at
    assert own.fetch_error == ""
    with dovecot.client() as client:
        client.select_folder(own.imap_folder, readonly=True)
        assert len(client.search("SEEN")) == 2


def test_a_conversation_goes_out_and_comes_back(own, dovecot, smtp, elif_):
    dovecot.deliver(written("Kargom nerede?"), folder=own.imap_folder)
    fetch_all()
    texts()
    ticket = Ticket.objects.get()
    answer(ticket, elif_, "Yolda.", status="resolved")
    drain("mail")
    _confirmation, sent = smtp.taken
    assert "-##" in sent.get_body(("plain",)).get_content()
    reply = written(
        f"Geldi, sağ olun.\n\n{sent.get_body(('plain',)).get_content()}",
        subject=f"Ynt: {sent['Subject']}",
        in_reply_to=sent["Message-ID"],
    )
    dovecot.deliver(reply, folder=own.imap_folder)
    fetch_all()
    assert texts() == ["Kargom nerede?", "Geldi, sağ olun."]
    ticket.refresh_from_db()
    assert ticket.status == "open"


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["store_mail", "pass_uid", "end_fetch"])
def test_whatever_dies_each_mail_is_taken_in_once(own, dovecot, monkeypatch, step, after):
    dovecot.deliver(*(written(f"{number}.") for number in range(3)), folder=own.imap_folder)
    does = getattr(fetching, step)

    def dies(**given):
        if after:
            does(**given)
        raise Killed

    for turn in range(3):
        with monkeypatch.context() as killing:
            killing.setattr(fetching, step, dies)
            with (
                pytest.raises(Killed),
                time_machine.travel(timezone.now() + timedelta(hours=turn), tick=True),
            ):
                fetch(own)
    # Its lease still runs: nobody else begins.
    with time_machine.travel(timezone.now() + timedelta(hours=2, seconds=10), tick=True):
        assert fetch(own) is None or (step, after) == ("end_fetch", True)
    with time_machine.travel(timezone.now() + timedelta(hours=4), tick=True):
        assert fetch(own) == ""
        assert texts() == ["0.", "1.", "2."]


def test_a_folder_that_numbers_its_mails_anew_brings_none_twice(own, dovecot):
    mails = [written("Bir."), written("İki.")]
    dovecot.deliver(*mails, folder=own.imap_folder)
    fetch(own)
    with dovecot.client() as client:
        client.delete_folder(own.imap_folder)
        client.create_folder(own.imap_folder)
    dovecot.deliver(written("Sıfır."), *mails, written("Üç."), folder=own.imap_folder)
    with dovecot.client() as client:
        # Of the time before the mailbox was set up.
        client.append(own.imap_folder, bytes(written("Tarih.")), msg_time=_long_ago())
    fetch(own)
    assert sorted(texts()) == sorted(["Bir.", "İki.", "Sıfır.", "Üç."])


def _long_ago():
    return timezone.now() - timedelta(days=30)


def test_a_mail_that_is_too_large_is_named_once_and_stops_no_other(own, dovecot, monkeypatch):
    monkeypatch.setattr(fetching, "SIZE_MAX", 70_000)
    large = written("Ekte.", subject="Yedek")
    large.add_attachment("x" * 90_000, filename="yedek.txt")
    dovecot.deliver(large, written("Küçük."), folder=own.imap_folder)
    fetch(own)
    assert texts() == ["Küçük."]
    kept = RawMail.objects.get(state="broken")
    assert (kept.reason, kept.subject, kept.sender) == ("size", "Yedek", "zeynep@example.org")
    assert kept.size > 90_000
    with dovecot.client() as client:
        client.delete_folder(own.imap_folder)
        client.create_folder(own.imap_folder)
    dovecot.deliver(large, folder=own.imap_folder)
    fetch(own)
    assert RawMail.objects.filter(state="broken").count() == 1


def test_a_ticket_of_a_mail_that_is_too_large_says_what_it_lacks(own, dovecot, monkeypatch):
    monkeypatch.setattr(fetching, "SIZE_MAX", 70_000)
    large = written("Bunun yedeği ekte.")
    large.add_attachment("İlk dosya.", filename="ilk.txt")
    large.add_attachment("x" * 90_000, filename="yedek.txt")
    dovecot.deliver(large, folder=own.imap_folder)
    fetch(own)
    assert texts() == []
    try_again(mail=RawMail.objects.get(), is_wanted=True)
    assert texts() == ["Bunun yedeği ekte."]
    data = Entry.objects.get(kind="message").data
    assert [each["name"] for each in data["files"]] == ["ilk.txt"]
    assert data["refused"] == [
        {"name": "yedek.txt", "reason": "too_large"},
        {"name": "e-postanın geri kalanı", "reason": "too_large"},
    ]


def test_a_mail_that_the_server_keeps_for_itself_is_passed_after_three_times(
    own, dovecot, monkeypatch
):
    dovecot.deliver(written("Takılan."), written("Sonraki."), folder=own.imap_folder)
    fetches = fetching.IMAPClient.fetch

    def fails(client, uids, what):
        if uids == [2]:
            raise IMAPClientError("no such luck")
        return fetches(client, uids, what)

    monkeypatch.setattr(fetching.IMAPClient, "fetch", fails)
    assert [fetch(own) for _ in range(3)] == ["interrupted", "interrupted", ""]
    assert texts() == ["Sonraki."]
    assert RawMail.objects.get(state="broken").reason == "server"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"imap_password": "yanlis"}, "auth"),
        ({"imap_password": "şifre"}, "letters"),
        ({"imap_port": 1}, "unreachable"),
        ({"imap_folder": "Yok"}, "folder"),
        ({"imap_security": "starttls"}, "security"),
    ],
)
def test_what_is_wrong_with_a_server_is_told_in_words(
    own,
    boss_client,
    changes,
    code,
):
    for name, value in changes.items():
        setattr(own, name, value)
    own.save(update_fields=list(changes))
    url = reverse("admin:tickets_mailbox_changelist")
    press = {"action": "fetch_now", "_selected_action": [own.pk]}
    page = boss_client.post(url, press, follow=True).content.decode()
    own.refresh_from_db()
    assert own.fetch_error == code
    assert f"({own}): " in page
    assert own.fetching_until is None


@pytest.mark.parametrize(
    ("says", "code"),
    [
        # It stops: its own parts are gone, or it hangs up.
        (b"NO [UNAVAILABLE] Temporary authentication failure.", "interrupted"),
        (b"", "interrupted"),
        (b"NO [AUTHENTICATIONFAILED] Authentication failed.", "auth"),
    ],
)
def test_a_server_that_stops_is_not_taken_for_one_that_refuses_our_password(own, says, code):
    class Stopping(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] Ready\r\n")
            while line := self.rfile.readline():
                tag, command = line.split()[:2]
                if command.upper() == b"LOGIN":
                    self.wfile.write(b"%s %s\r\n" % (tag, says) if says else b"")
                    return
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n%s OK Done\r\n" % tag)

    server = ThreadingTCPServer(("127.0.0.1", 0), Stopping)
    with serving(server):
        own.imap_port = server.server_address[1]
        own.save(update_fields=["imap_port"])
        assert fetch(own) == code


def test_only_servers_that_may_be_called_are(own, settings):
    settings.OUTBOUND_PRIVATE = []
    assert fetch(own) == "not_allowed"


def test_fetch_now_says_how_many_came(own, dovecot, boss_client):
    dovecot.deliver(written(), folder=own.imap_folder)
    url = reverse("admin:tickets_mailbox_changelist")
    press = {"action": "fetch_now", "_selected_action": [own.pk]}
    assert "works: 1 new mail." in boss_client.post(url, press, follow=True).content.decode()


def test_saving_the_page_of_a_mailbox_changes_nothing_of_how_far_it_is_read(
    own,
    dovecot,
    boss_client,
    monkeypatch,
):
    url = reverse("admin:tickets_mailbox_change", args=[own.pk])
    form = boss_client.get(url).context["adminform"].form
    typed = {name: "" if value is None else value for name, value in form.initial.items()}
    typed |= {"smtp_password": "", "imap_password": "", "has_plus": "on"}
    saves = Mailbox.save

    def late(self, *args, **options):
        # Meanwhile the fetcher passes a mail.
        Mailbox.objects.filter(pk=own.pk).update(last_uid=77)
        saves(self, *args, **options)

    monkeypatch.setattr(Mailbox, "save", late)
    assert boss_client.post(url, typed).status_code == 302
    own.refresh_from_db()
    assert (own.last_uid, own.has_plus) == (77, True)


def test_nothing_is_open_in_the_database_while_the_server_is_asked(own, dovecot, monkeypatch):
    dovecot.deliver(written(), folder=own.imap_folder)
    fetches, seen = fetching.IMAPClient.fetch, []

    def looks(client, uids, what):
        seen.append(connection.in_atomic_block)
        return fetches(client, uids, what)

    monkeypatch.setattr(fetching.IMAPClient, "fetch", looks)
    fetch(own)
    assert seen
    assert not any(seen)


def test_a_mailbox_that_only_a_person_can_mend_is_asked_each_quarter_of_an_hour(
    own, dovecot, boss_client
):
    own.imap_password = "yanlis"
    own.save(update_fields=["imap_password"])
    dovecot.deliver(written("Bekledi."), folder=own.imap_folder)
    url, tried = reverse("admin:tickets_mailbox_change", args=[own.pk]), []
    for minutes in (0, 1, 14, 16):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
            fetch_all()
        own.refresh_from_db()
        tried.append(own.fetch_error_at)
    assert tried[0] == tried[1] == tried[2] < tried[3]
    # A clock that was ahead and has been set back keeps nobody waiting for that day.
    Mailbox.objects.update(fetch_error_at=timezone.now() + timedelta(days=1))
    fetch_all()
    own.refresh_from_db()
    assert own.fetch_error_at < timezone.now()
    page = boss_client.get(url)
    assert "It is asked again every 15 minutes" in page.content.decode()
    # Whoever mends it needn't wait.
    form = page.context["adminform"].form
    typed = {name: "" if value is None else value for name, value in form.initial.items()}
    typed |= {"smtp_password": "", "imap_password": ""}
    assert boss_client.post(url, typed).status_code == 302
    own.refresh_from_db()
    assert own.fetch_error_at is None
    typed["imap_password"] = Dovecot.PASSWORD
    assert boss_client.post(url, typed).status_code == 302
    fetch_all()
    assert texts() == ["Bekledi."]
