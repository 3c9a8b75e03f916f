"""What servers really say, and what it is taken for: "absent" ends mail to an address."""

import smtplib

import pytest
from django.core.mail import EmailMessage

from tickets.mail import answers
from tickets.mail.answers import attempt
from tickets.mail.inbound.bounces import Report, reports_in
from tickets.mail.inbound.parts import Mail

SAID = [
    # Postfix
    ("550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in table", "absent"),
    ("550 5.1.2 <a@b.example>: Recipient address rejected: Domain not found", "absent"),
    ("556 5.1.10 Domain b.example does not accept mail (nullMX)", "absent"),
    ("550 5.1.0 <we@x.example>: Sender address rejected: User unknown in table", "refused"),
    ("550 5.1.8 <we@x.example>: Sender address rejected: Domain not found", "refused"),
    ("550 5.1.7 <we>: Sender address rejected: User unknown", "refused"),
    ("550 5.7.1 <a@b.example>: Recipient address rejected: Access denied", "refused"),
    ("554 5.7.1 Service unavailable; Client host [185.1.2.2] blocked using zen", "refused"),
    ("552 5.2.2 <a@b.example>: Over quota", "full"),
    ("552 5.3.4 Message size exceeds fixed maximum message size", "too_big"),
    # Exim
    ("550 Unrouteable address", "absent"),
    ("550 No Such User Here", "absent"),
    ("550 Verification failed for <we@x.example> Unrouteable address Sender verify failed", ""),
    ("550 185.1.2.3 is listed at zen.spamhaus.org", "refused"),
    ("550 5.1.2.2 is listed", "refused"),
    ("550 Spam detected", "refused"),
    ("550 relay not permitted", "refused"),
    ("552 Message size exceeds maximum permitted", "too_big"),
    ("550 mailbox is full: retry timeout exceeded", "full"),
    # Exchange and Outlook
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP lookup", "absent"),
    ("550 5.4.1 Recipient address rejected: Access denied. [x.outlook.com]", "refused"),
    ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", "refused"),
    ("550 5.7.1 Unfortunately, messages from [185.1.1.1] weren't sent", "refused"),
    ("550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", "too_big"),
    # Gmail
    ("550-5.1.1 The email account that you tried to reach\n550 5.1.1 does not exist.", "absent"),
    ("550-5.2.1 The user is receiving mail at a rate\n550 5.2.1 that prevents more", "refused"),
    ("552-5.7.0 This message was blocked because its content presents a risk", "refused"),
    ("552-5.2.3 Your message exceeded Google's message size limits.", "too_big"),
    # Yandex and Mail.ru
    ("550 5.7.1 No such user!", "absent"),
    ("554 5.7.1 Message rejected under suspicion of SPAM; 1.5.1.1", "refused"),
    ("550 invalid mailbox. Local mailbox a@b.example is unavailable: user not found", "absent"),
    ("550 invalid mailbox. Local mailbox a@b.example is unavailable: account is disabled", ""),
    # Yahoo, qmail, IronPort
    ("554 delivery error: dd This user doesn't have a yahoo.com account", "absent"),
    ("550 sorry, no mailbox here by that name. (#5.1.1)", "absent"),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "refused"),
    ("550 #5.1.0 Address rejected.", "refused"),
    # What may pass
    ("450 4.1.1 <a@b.example>: Recipient address rejected: User unknown", "later"),
    ("450 No such user", "later"),
    ("452 4.2.2 Over quota", "full"),
    ("452 Requested action not taken: insufficient system storage", "later"),
    ("451 4.7.1 Greylisted by 1.4.2.2", "later"),
]


def answered(said: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is made of an answer to RCPT, as smtplib hands it on."""
    lines = said.split("\n")
    code, text = int(said[:3]), "\n".join(line[4:] for line in lines).encode()

    def refused(*_args: object) -> None:
        raise smtplib.SMTPRecipientsRefused({"a@b.example": (code, text)})

    monkeypatch.setattr(answers, "send_once", refused)
    return attempt(EmailMessage(to=["a@b.example"]), None).code


def reported(said: str, **more: str) -> Report:
    """Return what is made of a report that quotes it."""
    diagnostic = f"smtp; {' '.join(said.split())}" if said else ""
    block = {"final-recipient": "rfc822; a@b.example", "action": "failed"}
    [found] = reports_in(Mail(report=[block | {"diagnostic-code": diagnostic} | more]))
    return found


@pytest.mark.parametrize(("said", "code"), SAID)
def test_only_who_is_said_to_be_absent_is_absent(said, code, monkeypatch):
    assert answered(said, monkeypatch) == (code or "refused")
    # Exim's reports have no code of their own.
    for status in ("", "5.0.0"):
        assert reported(said, status=status).code == (code or "refused")


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        ("5.1.1", "", "absent"),
        ("5.1.1 (bad destination mailbox address)", "550 Sorry", "absent"),
        ("5.4.4", "", "absent"),
        ("5.1.8", "", "refused"),
        ("5.1.10", "", "absent"),
        ("5.1.100", "", "refused"),
        ("5.2.2", "", "full"),
        ("5.12.2", "", "refused"),
        ("5.3.4", "", "too_big"),
        ("5.7.1", "550 5.1.1 No such user", "absent"),
        ("4.4.7", "", "refused"),
        ("no", "", "refused"),
    ],
)
def test_a_report_is_understood_by_its_code(status, said, code):
    assert reported(said, status=status).code == code


def test_a_report_quotes_all_that_the_server_said():
    said = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"
    assert reported(said, status="5.1.10").said == said
    assert reported("", status="5.1.1").said == "5.1.1"
