"""Whether a mail comes from whom it says, and what one that doesn't can't do."""

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.access import access_of
from chat.operations.tickets import convert_to_ticket
from chat.queries.panel import find_chat, panel
from config.outbox.operations import drain
from tests.support.factories import make_conversation, make_visitor
from tests.tickets.mail.samples import answer, reply, take_in, written
from tickets.mail.inbound import ingest as module
from tickets.mail.inbound.authenticity import mark_of_sender
from tickets.mail.inbound.parts import read_mail
from tickets.models import Mailbox, Ticket
from tickets.tokens import reply_address

pytestmark = pytest.mark.django_db

OURS = "mx.pazar.example"
FAILED = f"{OURS}; spf=fail smtp.mailfrom=x@evil.example; dkim=none; dmarc=fail (p=NONE)"
PASSED = f"{OURS}; dkim=pass header.d=example.org; spf=none; dmarc=pass header.from=example.org"


def mark(*results: str, head: str = "From: Zeynep <zeynep@example.org>\n", **more: str) -> str:
    """Return the mark of a mail on which servers wrote this, the last of them at the top."""
    mailbox = Mailbox(
        **{"address": "destek@pazar.example", "imap_host": "imap.host.example"} | more
    )
    lines = "".join(f"Authentication-Results: {each}\n" for each in results)
    return mark_of_sender(read_mail(f"{lines}{head}Subject: x\n\nx\n".encode()), mailbox)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("dmarc=pass header.from=example.org", "passed"),
        ("DMARC=Pass (p=reject dis=none) header.from=Example.org", "passed"),
        ("dmarc=pass header.from=evil.example", ""),
        ("dkim=pass header.d=example.org; spf=softfail smtp.mailfrom=list.example", "passed"),
        ("dkim=pass header.i=@mail.example.org header.s=k", "passed"),
        ("spf=pass smtp.mailfrom=bounce@example.org; dkim=none", "passed"),
        ("spf=pass smtp.mailfrom=x@evil.example; dkim=pass header.d=evil.example", ""),
        ("spf=pass smtp.mailfrom=org; dkim=pass header.d=org", ""),
        ("spf=none smtp.mailfrom=example.org; dkim=none", ""),
        ("spf=fail smtp.mailfrom=example.org; dkim=none", "failed"),
        ("spf=softfail smtp.mailfrom=example.org; dkim=fail header.d=example.org", "failed"),
        ("spf=fail smtp.mailfrom=list.example; dkim=pass header.d=list.example", ""),
        ("spf=pass smtp.mailfrom=example.org; dmarc=fail header.from=example.org", "failed"),
        # What a sender may have a server repeat.
        ('spf=neutral smtp.mailfrom="a; dmarc=pass"@evil.example; dkim=none', ""),
        ("spf=none (helo=x ; dmarc=pass header.from=example.org; dkim=none", ""),
        ("spf=pass (sender (really) dmarc=pass) smtp.mailfrom=evil.example", ""),
        ("none", ""),
        ("", ""),
    ],
)
def test_what_the_own_server_says_is_the_mark(result, expected):
    assert mark(f"{OURS}; {result}") == expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([f"mx.evil.example; {PASSED.partition(';')[2]}"], ""),
        # Forged ones stand below what the server writes.
        ([FAILED, PASSED], "failed"),
        ([f"{OURS}; spf=none; dkim=none", PASSED], ""),
        ([f"{OURS}; spf=fail smtp.mailfrom=a.example", f"{OURS}; dkim=pass"], "failed"),
        (["mx.evil.example; dmarc=pass", PASSED], ""),
        ([PASSED, FAILED], "passed"),
        # A server may say one thing after the other.
        ([f"{OURS}; dkim=pass header.d=list.example", f"{OURS}; spf=fail smtp.mailfrom=a.b"], ""),
        ([f"{OURS}; dmarc=fail", f"{OURS}; dkim=pass header.d=example.org"], "failed"),
    ],
)
def test_only_the_topmost_word_of_the_own_server_speaks_for_a_sender(results, expected):
    assert mark(*results) == expected


def test_whose_word_counts_is_the_mailboxs_own_or_named_server():
    said = "; dmarc=pass header.from=example.org"
    assert mark(f"imap.host.example{said}") == "passed"
    assert mark(f"notpazar.example{said}") == ""
    assert mark(f"mx.google.com; {said}", imap_host="imap.gmail.com") == "passed"
    assert mark("dmarc=fail action=none", imap_host="outlook.office365.com") == "failed"
    assert mark("dmarc=fail action=none") == ""
    assert mark(f"filter.example{said}", auth_server="Filter.example") == "passed"
    assert mark(f"{OURS}{said}", auth_server="filter.example") == ""


def test_two_senders_are_none(mailbox):
    both = "From: z@example.org\nFrom: x@evil.example\n"
    assert mark(PASSED, head=both) == "failed"


def test_a_doubtful_mail_opens_no_history_and_proves_no_address(mailbox, smtp, boss_client):
    known = take_in(mailbox, written()).entry.ticket.contact
    drain("mail")
    kept = take_in(mailbox, written("Adresimi değiştirin.", Authentication_Results=FAILED))
    assert (kept.sender_mark, kept.entry.data["doubtful"]) == ("failed", True)
    somebody = kept.entry.ticket.contact
    assert (somebody == known, somebody.is_email_verified) == (False, False)
    # Nobody is written to about what somebody else may have sent.
    drain("mail")
    assert len(smtp.taken) == 1
    page = boss_client.get(reverse("admin:tickets_rawmail_change", args=[kept.pk])).content.decode()
    assert "Not verified" in page
    # Nothing of it can be changed.
    assert ("Read again" in page, 'name="_save"' in page) == (True, False)
    proven = take_in(mailbox, written("Ben gerçekten oyum.", Authentication_Results=PASSED))
    assert proven.sender_mark == "passed"
    assert proven.entry.ticket.contact == known


@pytest.mark.parametrize("way", ["subject", "their own mail"])
def test_a_doubtful_mail_joins_no_ticket_by_its_sender_alone(mailbox, ticket, sent, way):
    mine = take_in(mailbox, reply(sent, message_id="<mine@example.com>"))
    assert mine.entry.ticket == ticket
    mail = {
        "subject": {"subject": f"Re: [#{ticket.pk}]"},
        "their own mail": {"in_reply_to": "<mine@example.com>"},
    }[way]
    mail |= {"sender": "ipek@example.com", "Authentication_Results": FAILED}
    assert take_in(mailbox, written("Parayı şuraya yatırın.", **mail)).entry.ticket != ticket


@pytest.mark.parametrize("way", ["reply", "address"])
def test_what_we_signed_brings_a_doubtful_mail_to_its_ticket_and_proves_nothing(
    mailbox, ticket, sent, way
):
    more = {"Authentication_Results": FAILED, "cc": "x@evil.example"}
    if way == "address":
        more |= {"to": reply_address(ticket, mailbox), "in_reply_to": "<x@example.com>"}
        more |= {"references": "<x@example.com>", "subject": "Konu"}
    kept = take_in(mailbox, reply(sent, "Geldi.", **more))
    assert kept.entry.ticket == ticket
    assert kept.entry.data["doubtful"] is True
    ticket.refresh_from_db()
    assert ticket.cc == []
    assert not ticket.contact.is_email_verified


def test_a_reply_by_mail_makes_nobody_of_the_browser_where_a_stranger_typed_the_address(
    mailbox, smtp, brand, elif_
):
    visitor = make_visitor(brand, email="ipek@example.com")
    chat = make_conversation(visitor, assignee=elif_, status="active")
    now = timezone.now()
    ticket = convert_to_ticket(conversation=chat, by=elif_, now=now).ticket
    drain("mail")
    answer(ticket, elif_)
    drain("mail")
    # It is hers to answer, and goes where it belongs.
    assert take_in(mailbox, reply(smtp.taken[-1])).entry.ticket == ticket
    ticket.contact.refresh_from_db()
    assert not ticket.contact.is_email_verified
    new = take_in(mailbox, written(sender="İpek <ipek@example.com>")).entry.ticket.contact
    assert (new == ticket.contact, new.is_email_verified) == (False, True)
    # Both may be one: agents are told, and no browser has proven anything.
    beside = panel(access_of(elif_), find_chat(access_of(elif_), chat.public_id))
    assert [each.contact for each in beside.suggestions] == [new]
    assert beside.verified == set()


def test_who_writes_in_anothers_name_uses_up_nothing_of_theirs(mailbox, monkeypatch):
    monkeypatch.setattr(module, "TICKETS_MAX", 2)
    forged = [
        take_in(mailbox, written(f"{number}", Authentication_Results=FAILED)) for number in range(3)
    ]
    assert [each.reason for each in forged] == ["", "", "too_many"]
    assert take_in(mailbox, written("Ben.")).state == "done"
    assert Ticket.objects.count() == 3
