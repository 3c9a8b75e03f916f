"""Hearing of new mail from a real Dovecot: at once, by one listener, and only while wanted."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from tests.support.mail import Dovecot, dovecot_server
from tests.support.processes import until
from tests.tickets.mail.samples import written
from tickets.mail.inbound import fetching, listening
from tickets.mail.inbound.fetching import fetch
from tickets.mail.inbound.listening import WAKE_SECONDS, listen_to_all
from tickets.models import Mailbox, RawMail
from tickets.operations.listening import LEASE, begin_listening, end_listening, keep_listening
from tickets.tasks import fetch_mail

# The lease is rows as everywhere; what is slow here is the mail server.
pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _wakes_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "WAKE_SECONDS", 0.3)
    monkeypatch.setattr(listening, "AGAIN_SECONDS", 0.1)


@pytest.fixture
def own(mailbox: Mailbox, dovecot: Dovecot) -> Iterator[Mailbox]:
    mailbox.imap_host, mailbox.imap_port, mailbox.imap_security = "127.0.0.1", dovecot.port, "none"
    mailbox.imap_user, mailbox.imap_password = Dovecot.USER, Dovecot.PASSWORD
    mailbox.save()
    assert fetch(mailbox) == ""
    yield mailbox
    switch_off(mailbox)
    for thread in list(listening._listeners):
        thread.join(30)
        assert not thread.is_alive()


def switch_off(own: Mailbox) -> None:
    Mailbox.objects.filter(pk=own.pk).update(imap_host="")


def is_heard() -> bool:
    return Mailbox.objects.filter(listening_until__isnull=False, listening_error="").exists()


def test_a_new_mail_is_kept_at_once_by_the_one_listener_of_its_mailbox(own, dovecot, boss_client):
    [thread] = listen_to_all()
    # As if this were another worker.
    assert listen_to_all() == []
    assert thread.daemon
    until(is_heard)
    # No poll comes by here.
    dovecot.deliver(written("Bir."))
    until(lambda: RawMail.objects.count() == 1)
    dovecot.deliver(written("İki."))
    until(lambda: RawMail.objects.count() == 2)
    page = reverse("admin:tickets_mailbox_change", args=[own.pk])
    assert "At once: its server tells of new mail, since" in boss_client.get(page).content.decode()
    switch_off(own)
    thread.join(30)
    own.refresh_from_db()
    assert (own.listening_until, own.listening_error) == (None, "")


def test_what_came_just_before_it_listened_is_heard_too(own, dovecot):
    dovecot.deliver(written())
    listen_to_all()
    until(lambda: RawMail.objects.count() == 1)


def test_the_minute_that_polls_starts_what_listens(own, dovecot):
    fetch_mail()
    until(is_heard)


def test_who_reads_the_mailbox_meanwhile_makes_nobody_miss_a_mail(own, dovecot):
    Mailbox.objects.update(fetching_until=timezone.now() + timedelta(minutes=5))
    listen_to_all()
    until(is_heard)
    dovecot.deliver(written())
    assert not RawMail.objects.exists()
    Mailbox.objects.update(fetching_until=None)
    until(lambda: RawMail.objects.count() == 1)


def test_it_asks_anew_long_before_the_server_hangs_up_and_hears_all_the_same(
    own, dovecot, monkeypatch
):
    assert listening.RENEW_SECONDS < 29 * 60
    asked = threading.Semaphore(0)
    idle = IMAPClient.idle

    def counted(client: IMAPClient) -> None:
        idle(client)
        asked.release()

    monkeypatch.setattr(IMAPClient, "idle", counted)
    monkeypatch.setattr(listening, "RENEW_SECONDS", 0)
    listen_to_all()
    for _ in range(3):
        assert asked.acquire(timeout=30)
    dovecot.deliver(written())
    until(lambda: RawMail.objects.count() == 1)


def test_a_server_that_goes_away_is_polled_until_it_is_heard_again(own, boss_client):
    """It alone starts a server twice, for what a lost connection does."""
    with dovecot_server() as server:
        Mailbox.objects.update(imap_port=server.port)
        assert fetch(Mailbox.objects.get()) == ""
        [thread] = listen_to_all()
        until(is_heard)
        server.terminate()
        thread.join(60)
        page = boss_client.get(reverse("admin:tickets_mailbox_change", args=[own.pk]))
        assert "Every minute. The connection broke off." in page.content.decode()
        # One that can't be read is not called twice as often.
        fetch_mail()
        assert not any(each.is_alive() for each in listening._listeners)
        server.start()
        fetch_mail()
        until(is_heard)
        server.deliver(written())
        until(lambda: RawMail.objects.count() == 1)
        switch_off(own)


def test_another_password_ends_it_and_the_next_minute_listens_with_that(own, dovecot):
    [thread] = listen_to_all()
    until(is_heard)
    mailbox = Mailbox.objects.get()
    mailbox.imap_password = "yanlis"
    mailbox.save(update_fields=["imap_password"])
    thread.join(60)
    fetch_mail()
    assert Mailbox.objects.get().fetch_error == "auth"
    assert not any(each.is_alive() for each in listening._listeners)
    # As its page does, so that it is tried at once.
    mailbox.imap_password, mailbox.fetch_error_at = Dovecot.PASSWORD, None
    mailbox.save(update_fields=["imap_password", "fetch_error_at"])
    fetch_mail()
    until(is_heard)


def test_a_server_that_takes_the_password_no_more_is_not_asked_with_each_mail(
    own, dovecot, monkeypatch
):
    [thread] = listen_to_all()
    until(is_heard)
    asked: list[Mailbox] = []

    def refuse(mailbox: Mailbox) -> IMAPClient:
        asked.append(mailbox)
        raise LoginError("[AUTHENTICATIONFAILED] Changed at the provider.")

    monkeypatch.setattr(fetching, "imap_of", refuse)
    dovecot.deliver(written())
    thread.join(30)
    assert not thread.is_alive()
    dovecot.deliver(written("İki."))
    fetch_mail()
    own.refresh_from_db()
    assert (len(asked), own.fetch_error, own.listening_until) == (1, "auth", None)


def test_a_server_that_tells_nothing_by_itself_is_polled_and_not_asked_all_the_time(
    own, dovecot, monkeypatch, boss_client
):
    has = IMAPClient.has_capability
    monkeypatch.setattr(
        IMAPClient, "has_capability", lambda self, name: name != "IDLE" and has(self, name)
    )
    [thread] = listen_to_all()
    thread.join(30)
    assert listen_to_all() == []
    url = reverse("admin:tickets_mailbox_change", args=[own.pk])
    page = boss_client.get(url)
    assert "Every minute. The mail server doesn&#x27;t tell of new mail" in page.content.decode()
    # Another server may.
    form = page.context["adminform"].form
    typed = {name: "" if value is None else value for name, value in form.initial.items()}
    typed |= {"smtp_password": "", "imap_password": "", "imap_folder": "inbox"}
    assert boss_client.post(url, typed).status_code == 302
    monkeypatch.undo()
    [thread] = listen_to_all()


def test_a_listener_that_is_not_heard_of_is_followed_by_another(own):
    # Before the minute is over in which the mailbox is read anyway.
    beat = settings.CELERY_BEAT_SCHEDULE
    looks, reads = (
        beat[f"tickets.{name}"]["schedule"] for name in ("listen_to_mail", "fetch_mail")
    )
    assert WAKE_SECONDS * 2 < LEASE.total_seconds() < reads - looks
    now = timezone.now()
    assert begin_listening(mailbox=own, now=now)
    assert not begin_listening(mailbox=own, now=now + LEASE - timedelta(seconds=1))
    later = now + LEASE + timedelta(seconds=1)
    assert begin_listening(mailbox=own, now=later)
    # The first, should it come back, is wanted no more and ends nobody's.
    assert keep_listening(mailbox=own, since=now, now=later) is None
    end_listening(mailbox=own, since=now, error="interrupted")
    assert keep_listening(mailbox=own, since=later, now=later) is not None
