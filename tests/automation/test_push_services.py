"""Whatever a push service of browsers answers: nothing is lost, nothing rings twice."""

from functools import partial
from typing import Any

import pytest

from agents.admin.log_words import in_words
from agents.models import AuditEntry, Device
from automation.models import PushSetup
from automation.notifications import hearing, in_flight, keys, sending, telling, webpush
from automation.notifications.keys import public_key
from config.outbox.models import OutboxEntry
from config.secrets import Secret
from tests.automation.notifications import later, register, say, states, taken, told, work_pushes
from tests.support.push_service import push_service

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def one_word(service, ringing_desk):
    """Call it for a word of a customer, of whose push the service says this."""

    def make(*answers: Any, **browser: Any) -> Any:
        chat = taken(ringing_desk)
        listening = service.browser()
        listening.answers += answers
        for name, value in browser.items():
            setattr(listening, name, value)
        register(chat.assignee, listening)
        say(chat, "Merhaba")
        work_pushes()
        return listening

    return make


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_removed_and_the_log_says_so(one_word, status):
    one_word(status)
    assert not Device.objects.exists()
    [entry] = AuditEntry.objects.filter(action="device.gone")
    assert (in_words(entry.action), entry.data) == (
        "Device removed: its push service knows it no longer (404, 410)",
        {"name": "elif"},
    )


@pytest.mark.parametrize(("status", "problem"), [(401, "keys"), (403, "keys"), (400, "refused")])
def test_what_can_never_be_taken_is_refused_once_and_the_reason_is_kept(one_word, status, problem):
    one_word(status)
    assert states() == ["failed"]
    assert Device.objects.get().problem == problem


def test_what_is_too_large_is_sent_without_its_words(one_word):
    browser = one_word(413)
    assert told(browser) == [("message", "")]
    assert browser.got[0]["options"]["renotify"]
    assert states() == ["sent"]


@pytest.mark.parametrize("answers", [[429], [429, 429], [500], [503]])
def test_who_is_asked_to_wait_waits_so_long_and_loses_nothing(one_word, answers):
    browser = one_word(*answers, retry_after="40")
    # Who looks for the reason reads it meanwhile.
    assert Device.objects.get().problem == "later"
    with later(38):
        work_pushes()
        assert browser.got == []
    with later(45):
        work_pushes()
        if len(answers) == 2:
            assert browser.got == []
    with later(95):
        work_pushes()
    assert told(browser) == [("message", "Vera: Merhaba")]
    assert browser.got[0]["options"]["renotify"]
    assert states() == ["sent"]
    assert Device.objects.get().problem == ""


def test_a_service_that_says_nothing_or_nonsense_is_asked_again_and_does_not_ring_twice(
    one_word, monkeypatch
):
    call = partial(webpush.begin_call, seconds=0.5)
    monkeypatch.setattr(webpush, "begin_call", call)
    browser = one_word("hang", "garbage")
    assert states() == ["waiting"]
    for seconds in (4, 12):
        with later(seconds):
            work_pushes()
    assert len(browser.got) == 1
    # Nobody knows whether it came before: it rings unless something stands in its place.
    assert not browser.got[0]["options"]["silent"]
    assert not browser.got[0]["options"]["renotify"]


def test_a_service_that_is_not_there_gets_it_later_and_it_rings(ringing_desk, settings):
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with push_service() as away:
        browser = away.browser()
    chat = taken(ringing_desk)
    device = register(chat.assignee, browser)
    say(chat, "Merhaba")
    work_pushes()
    assert states() == ["waiting"]
    with push_service() as back:
        back.key = public_key()
        again = back.browser()
        again.key = browser.key
        subscription = again.subscription
        address = {name: subscription[name] for name in ("endpoint", "keys")}
        Device.objects.filter(pk=device.pk).update(address=address)
        with later(4):
            work_pushes()
    assert again.got[0]["options"]["renotify"]


def test_what_is_too_old_to_help_is_given_up(one_word):
    browser = one_word(503)
    with later(301):
        work_pushes()
    assert browser.got == []
    assert states() == ["expired"]


def test_an_address_that_has_become_private_is_not_connected_to(service, ringing_desk, settings):
    chat = taken(ringing_desk)
    browser = service.browser()
    register(chat.assignee, browser)
    settings.OUTBOUND_PRIVATE = []
    say(chat, "Merhaba")
    work_pushes()
    assert browser.got == []
    assert Device.objects.get().problem == "private"


# Every step from the customer's word to the end of its push, and how often it then comes: only who
# dies after the service has it sends it again.
STEPS = {
    "hearing": (hearing, "spoken_to", [True]),
    "writing down": (telling, "enqueue_all", [True]),
    "looking": (sending, "what_ended", [True]),
    "wording": (sending, "push_of", [True]),
    "beginning": (sending, "await_word", [True]),
    "before the service": (webpush, "begin_call", [False]),
    "after the service": (webpush, "_judge", [True, False]),
    "writing what became of it": (sending, "_note_sent", [True, False]),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_any_step_loses_nothing_and_rings_nowhere_twice(
    service, ringing_desk, monkeypatch, step
):
    chat = taken(ringing_desk)
    browser = service.browser()
    register(chat.assignee, browser)
    module, name, rings = STEPS[step]

    def die(*args: Any, **options: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(module, name, die)
        say(chat, "Merhaba")
        with pytest.raises(SystemExit):
            work_pushes()
    OutboxEntry.objects.live().update(lease_until=None)
    work_pushes()
    # Without `renotify` it rings only where nothing is in its place.
    assert [each["options"]["renotify"] for each in browser.got] == rings
    assert {each["options"]["silent"] for each in browser.got} == {False}
    assert {each["options"]["body"] for each in browser.got} == {"Vera: Merhaba"}
    assert len({each["push"] for each in browser.got}) == 1
    assert states()[-1] == "sent"
    with later(700):
        work_pushes()
    assert len(browser.got) == len(rings)


def test_a_service_that_hangs_keeps_only_so_many_threads(one_word, monkeypatch):
    with monkeypatch.context() as busy:
        busy.setattr(in_flight, "IN_FLIGHT", 0)
        browser = one_word()
    assert states() == ["waiting"]
    with later(1.1):
        work_pushes()
    assert len(browser.got) == 1


def test_keys_are_made_once_and_anew_only_when_they_can_no_longer_be_read(settings):
    first = public_key()
    assert public_key() == first
    row = PushSetup.objects.get()
    assert isinstance(row.vapid_private, Secret)
    assert row.vapid_private.reveal() not in str(PushSetup.objects.values_list().get())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert public_key() == first
    settings.SECRET_KEY_FALLBACKS = []
    assert public_key() != first
    assert keys.setup().vapid_private.is_readable()
