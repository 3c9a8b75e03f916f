"""What hangs on a mail and is of no kind that chats take: kept for the agent, and never drawn."""

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.http import picture
from tests.tickets.mail.samples import answer, take_in, written
from tickets.models import Ticket
from tickets.tokens import page_token, reply_address

pytestmark = pytest.mark.django_db

UNCHECKED = "application/octet-stream"


def zipped(name: str = "fatura.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, "<a/>")
    return out.getvalue()


USUAL = {
    "faturalar.zip": zipped(),
    "eski.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "IMG_0001.HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 50,
    "tarama.tiff": b"II*\0" + b"\0" * 50,
    "e-fatura.xml": '<?xml version="1.0"?><Invoice>₺</Invoice>'.encode(),
    "e-arşiv.html": b"<html><body>Fatura</body></html>",
    "winmail.dat": b"\x78\x9f\x3e\x22" + b"\0" * 50,
    "kopuk.png": picture()[:40],
}


def test_no_usual_file_of_a_mail_is_lost_to_the_agent(mailbox):
    mail = written("Ekte.")
    for name, content in USUAL.items():
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    kept = take_in(mailbox, mail)
    assert "refused" not in kept.entry.data
    files = list(kept.entry.files.order_by("pk"))
    assert [(each.name, each.content_type) for each in files] == [
        (name, UNCHECKED) for name in USUAL
    ]
    assert [each.file.read() for each in files] == list(USUAL.values())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((f"belge{ending}", b"\0\1") for ending in (".exe", ".JS", ".lnk", ".hta", ".iso", ".")),
        ("../../belge.pdf.scr. ", b"\0\1"),
        (f"{'a' * 116}.exe{'y' * 70}", b"\0\1"),
        ("arşiv.jar", zipped()),
        ("fatura.pdf", b"MZ\0\0"),
        ("fatura.zip", b"L\0\0\0\x01\x14\x02\0\0"),
    ],
)
def test_what_a_double_click_would_run_is_refused_with_the_reason(mailbox, name, content):
    mail = written()
    mail.add_attachment(content, "application", "octet-stream", filename=name)
    kept = take_in(mailbox, mail)
    if name == "belge.":
        assert kept.entry.files.get().name == "belge"
        return
    assert not kept.entry.files.exists()
    assert [each["reason"] for each in kept.entry.data["refused"]] == ["program"]


def test_an_unchecked_file_is_only_ever_downloaded_and_said_to_be_one(mailbox, elif_):
    mail = written("Bak", html='<p>Bak <img src="cid:foto@x"></p>')
    page = mail.get_body(("html",))
    content = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    page.add_related(content, "image", "svg+xml", cid="<foto@x>", filename="foto.svg")
    entry = take_in(mailbox, mail).entry
    file = entry.files.get()
    desk = Client()
    desk.force_login(elif_)
    given = desk.get(reverse("desk_api:attachment", args=[file.public_id]))
    assert given["Content-Type"] == UNCHECKED
    assert given["Content-Disposition"] == 'attachment; filename="foto.svg"'
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Content-Security-Policy"] == "default-src 'none'; sandbox"
    shown = desk.get(reverse("ticket-mail", args=[entry.ticket_id, entry.seq])).content.decode()
    assert "svg" not in shown
    assert 'src=""' in shown
    thread = desk.get(f"{reverse('ticket', args=[entry.ticket_id])}?part=thread").content.decode()
    assert "Dosya denetlenmedi" in thread
    assert "<img" not in thread


def test_an_unchecked_file_is_named_to_the_customer_and_handed_to_nobody(
    client, mailbox, ticket: Ticket, smtp, elif_
):
    mail = written("Açın!", to=reply_address(ticket, mailbox), sender="x@evil.example")
    mail.add_attachment(zipped(), "application", "zip", filename="fatura.zip")
    file = take_in(mailbox, mail).entry.files.get()
    token = page_token(ticket, now=timezone.now())
    client.get(reverse("ticket-link", args=[ticket.pk, token]))
    shown = client.get(reverse("ticket-page", args=[ticket.pk])).content.decode()
    assert "fatura.zip" in shown
    address = reverse("ticket-file", args=[ticket.pk, file.public_id])
    assert address not in shown
    assert client.get(address).status_code == 404
    assert not answer(ticket, elif_).files.exists()


def test_the_seal_of_a_signed_mail_is_no_file_and_a_sealed_mail_is_one(mailbox):
    signed = b"""From: Zeynep <zeynep@example.org>
To: destek@pazar.example
Subject: s
Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b

--b
Content-Type: text/plain

Merhaba
--b
Content-Type: application/pkcs7-signature; name=smime.p7s
Content-Disposition: attachment; filename=smime.p7s
Content-Transfer-Encoding: base64

MIIAAAD/
--b--
"""
    entry = take_in(mailbox, signed).entry
    assert (entry.body, entry.data.get("refused"), entry.files.count()) == ("Merhaba", None, 0)
    sealed = signed.split(b"Content-Type")[0] + (
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
        b"Content-Transfer-Encoding: base64\n\nMIIAAAD/\n"
    )
    assert take_in(mailbox, sealed).entry.files.get().name == "smime.p7m"
