"""Mail that comes in: to which ticket, as whose words, and what is made of nothing."""

import pytest
from django.utils import timezone

from config.outbox.operations import drain
from tests.support.factories import make_agent, make_brand
from tests.support.http import picture
from tests.tickets.mail.samples import answer, reply, states, take_in, written
from tickets.mail.inbound import ingest as module
from tickets.models import Contact, Entry, Mailbox, RawMail, Ticket
from tickets.operations.addresses import is_dead
from tickets.operations.contacts import create_contact
from tickets.operations.mails import store_mail
from tickets.tokens import reply_address

pytestmark = pytest.mark.django_db


def said(ticket) -> list[tuple[str, str]]:
    lines = ticket.entries.filter(kind="message").order_by("seq")
    return [(line.author_kind, line.body) for line in lines]


def test_a_mail_opens_a_ticket_of_the_brand_in_its_language(mailbox, brand):
    kept = take_in(
        mailbox,
        written(subject="Ynt: Re: Kargo  nerede", to="destek@pazar.example, Ali <ali@example.org>"),
    )
    ticket = kept.entry.ticket
    assert (ticket.source, ticket.brand, ticket.subject) == ("email", brand, "Kargo nerede")
    assert (ticket.language, ticket.status, ticket.cc) == ("tr", "new", ["ali@example.org"])
    assert ticket.team == brand.default_team
    assert (ticket.contact.name, ticket.contact.email) == ("Zeynep Ak", "zeynep@example.org")
    assert ticket.contact.is_email_verified
    assert said(ticket) == [("customer", "Merhaba, kargom nerede?")]
    english = take_in(mailbox, written("Hello, where is my order? I need it for the weekend."))
    assert english.entry.ticket.language == "en"
    assert english.entry.ticket.contact == ticket.contact


def test_a_reply_comes_back_into_its_ticket_and_wakes_it(mailbox, ticket, sent):
    quoted = "Teşekkürler, geldi.\n\n5 Oca 2026 Pzt, 10:00 tarihinde Pazar <destek@pazar.example>\n"
    take_in(mailbox, reply(sent, quoted + "şunu yazdı:\n\n> Bugün yola çıktı.\n"))
    ticket.refresh_from_db()
    assert said(ticket)[-1] == ("customer", "Teşekkürler, geldi.")
    assert ticket.status == "open"
    assert "> Bugün yola çıktı." in ticket.entries.latest("seq").data.get("rest", "") or any(
        "> Bugün yola" in line.data.get("rest", "") for line in ticket.entries.all()
    )


@pytest.mark.parametrize("way", ["answered", "address", "guessed", "automatic"])
def test_who_answers_our_signed_mail_reads_the_address(mailbox, ticket, sent, way):
    mail = {
        "answered": lambda: reply(sent, "Geldi."),
        "address": lambda: written(
            "Evet.", sender="ipek@example.com", to=reply_address(ticket, mailbox)
        ),
        "guessed": lambda: written(subject=f"Re: [#{ticket.pk}]", sender="ipek@example.com"),
        "automatic": lambda: written(
            sender="ipek@example.com",
            to=reply_address(ticket, mailbox),
            Auto_Submitted="auto-replied",
        ),
    }[way]()
    assert take_in(mailbox, mail).entry.ticket == ticket
    ticket.contact.refresh_from_db()
    proven = ticket.contact.identities.filter(kind="email", is_verified=True).exists()
    is_proof = way in {"answered", "address"}
    assert (ticket.contact.is_email_verified, proven) == (is_proof, is_proof)


def test_the_reply_address_alone_finds_the_ticket(mailbox, ticket):
    to = reply_address(ticket, mailbox)
    take_in(mailbox, written("Evet.", sender="ipek@example.com", to=to.upper()))
    assert said(ticket)[-1] == ("customer", "Evet.")


def test_a_stranger_who_holds_the_reply_address_is_shown_as_one(mailbox, ticket):
    kept = take_in(mailbox, written("Ben de!", to=reply_address(ticket, mailbox)))
    assert kept.entry.ticket == ticket
    assert kept.entry.data["stranger"] is True
    assert kept.entry.data["from"] == "zeynep@example.org"
    ticket.refresh_from_db()
    assert ticket.cc == []


@pytest.mark.parametrize("way", ["references", "subject", "address"])
def test_a_stranger_gets_into_no_ticket_by_what_can_be_guessed_or_forged(
    mailbox, ticket, sent, way
):
    mail = {
        "references": lambda: reply(sent, sender="x@evil.example"),
        "subject": lambda: written(subject=f"Re: [#{ticket.pk}]", sender="x@evil.example"),
        "address": lambda: written(
            to=f"destek+t{ticket.pk}-aaaaaaaaaaaaaaaa@pazar.example", sender="x@evil.example"
        ),
    }[way]()
    kept = take_in(mailbox, mail)
    assert kept.entry.ticket != ticket
    assert len(said(ticket)) == 2


def test_the_number_in_the_subject_does_for_a_participant_but_adds_nobody(mailbox, ticket, sent):
    mail = written(
        "Numarayla yazıyorum.",
        sender="ipek@example.com",
        subject=f"soru [#{ticket.pk}]",
        cc="x@evil.example",
    )
    assert take_in(mailbox, mail).entry.ticket == ticket
    ticket.refresh_from_db()
    assert ticket.cc == []


def test_the_number_that_another_desk_gave_its_own_ticket_leads_to_none_of_ours(
    mailbox, ticket, sent
):
    theirs = {"sender": "ipek@example.com", "subject": f"Re: Fiyat listesi [#{ticket.pk}]"}
    mark = {"X_Imece_Instance": "a2b3c4d5e6f7a2b3"}
    assert take_in(mailbox, written(**theirs, **mark)).entry.ticket != ticket
    # Its answer to a mail of ours says which one it answers.
    answered = reply(sent, "Teşekkürler.", subject=theirs["subject"], **mark)
    assert take_in(mailbox, answered).entry.ticket == ticket


def test_who_stands_in_cc_may_answer_and_brings_others_along(mailbox, smtp, ticket, elif_):
    answer(ticket, elif_, cc=["can@example.org"])
    drain("mail")
    kept = take_in(
        mailbox, reply(smtp.taken[0], "Ekledim.", sender="Can@Example.org", cc="su@example.org")
    )
    assert kept.entry.ticket == ticket
    assert kept.entry.data["from"] == "can@example.org"
    ticket.refresh_from_db()
    assert ticket.cc == ["can@example.org", "su@example.org"]
    told = ticket.entries.filter(kind="changed").latest("seq")
    assert (told.author_kind, told.data["from"], told.data["to"]) == (
        *("customer", "can@example.org"),
        "can@example.org, su@example.org",
    )


def test_who_was_taken_out_of_the_copies_brings_nobody_along(mailbox, smtp, ticket, elif_):
    answer(ticket, elif_, cc=["can@example.org"])
    drain("mail")
    answer(ticket, elif_, "Yalnız size.", cc=[])
    again = reply(smtp.taken[0], "Bana da.", sender="can@example.org", cc="su@example.org")
    assert take_in(mailbox, again).entry.ticket == ticket
    ticket.refresh_from_db()
    assert ticket.cc == []


def test_a_mail_in_an_agents_name_says_nothing_in_anybodys(mailbox, ticket, sent):
    agent = make_agent(email="mert@pazar.example")
    before = Entry.objects.count()
    kept = take_in(mailbox, reply(sent, "Parayı iade ettik.", sender=f"Mert <{agent.email}>"))
    assert (kept.state, kept.reason, kept.entry) == ("aside", "agent", None)
    to = reply_address(ticket, mailbox)
    kept = take_in(mailbox, written("Parayı iade ettik.", sender=agent.email.upper(), to=to))
    assert (kept.state, kept.reason) == ("aside", "agent")
    assert Entry.objects.count() == before


def test_our_own_mails_and_those_of_our_other_mailboxes_become_nothing(mailbox, sent):
    other = Mailbox.objects.create(brand=make_brand(), address="yardim@bulut.example")
    before = Ticket.objects.count()
    assert take_in(other, bytes(sent)).reason == "own"
    kept = take_in(mailbox, written(sender="Yardim@bulut.example"))
    assert (kept.state, kept.reason) == ("aside", "own")
    assert Ticket.objects.count() == before


@pytest.mark.parametrize(
    "marks",
    [
        {"auto_submitted": "auto-replied (vacation)"},
        {"precedence": "bulk"},
        {"x_autoreply": "yes"},
        {"list_id": "<haber.example.org>"},
        {"return_path": "<>"},
        {"sender": "Mail <MAILER-DAEMON@example.org>"},
        {"sender": "no-reply@example.org"},
        {"subject": "Otomatik yanıt: Ofis dışındayım"},
        {"subject": "Abwesenheitsnotiz: Urlaub"},
    ],
)
def test_what_a_machine_wrote_opens_nothing_and_wakes_nothing(mailbox, ticket, sent, marks):
    before = Ticket.objects.count()
    kept = take_in(mailbox, written("Tatildeyim.", **marks))
    assert (kept.state, kept.reason) == ("aside", "automatic")
    assert Ticket.objects.count() == before
    if "sender" not in marks:
        kept = take_in(mailbox, reply(sent, "Tatildeyim.", **marks))
        assert kept.entry.data["automatic"] is True
        ticket.refresh_from_db()
        assert ticket.status == "waiting"


def test_a_person_who_says_that_no_machine_wrote_it_is_believed(mailbox):
    assert take_in(mailbox, written(auto_submitted="No")).entry is not None


@pytest.mark.usefixtures("early_in_the_hour")
def test_two_helpdesks_facing_each_other_stop_after_one_mail(mailbox, smtp, ticket, sent):
    """One that marks what it sends, and one that doesn't and opens a ticket for each mail."""
    smtp.taken.clear()
    for _ in range(3):
        take_in(mailbox, reply(sent, "Talebiniz alındı.", auto_submitted="auto-replied"))
        take_in(mailbox, written("We got your mail.", sender="help@desk.example"))
        drain("mail")
    assert [mail["To"] for mail in smtp.taken] == ["help@desk.example"]


def test_one_address_opens_only_so_many_tickets_in_an_hour(mailbox, monkeypatch):
    monkeypatch.setattr(module, "TICKETS_MAX", 2)
    kept = [take_in(mailbox, written(f"{number}")) for number in range(3)]
    assert [each.state for each in kept] == ["done", "done", "aside"]
    assert kept[2].reason == "too_many"
    assert take_in(mailbox, written(sender="baska@example.org")).state == "done"


def test_the_same_mail_is_taken_in_once_however_often_it_comes(mailbox):
    mail = bytes(written())
    take_in(mailbox, mail)
    again = b"Received: by elsewhere.example\r\n" + mail
    assert store_mail(mailbox=mailbox, content=again, now=timezone.now()) is None
    # Another mail that borrows its id is another mail.
    message_id = RawMail.objects.get().entry.ticket.mail_ids.get().message_id
    assert take_in(mailbox, written("Başka.", message_id=message_id)).state == "done"
    assert Ticket.objects.count() == 2


def test_nobody_gets_the_history_of_an_address_claimed_in_a_chat(mailbox):
    now = timezone.now()
    claimed = create_contact(name="?", email="zeynep@example.org", language="tr", now=now)
    assert take_in(mailbox, written()).entry.ticket.contact != claimed
    assert Contact.objects.filter(email="zeynep@example.org").count() == 2


@pytest.mark.parametrize("place", ["[image: foto.png]", "[cid:foto@x]"])
def test_where_a_picture_stands_in_a_text_is_no_word_of_it(mailbox, place):
    mail = written(f"Kulpu kopmuş.\r\n{place}\r\n[image: Logo]", html="<p>Bak</p>")
    page = mail.get_payload()[1]
    page.add_related(picture(), "image", "png", cid="<foto@x>", filename="foto.png")
    kept = take_in(mailbox, mail)
    assert kept.entry.body == "Kulpu kopmuş.\n[image: Logo]"
    assert [each["name"] for each in kept.entry.data["files"]] == ["foto.png"]


def test_pictures_and_texts_of_a_mail_are_cleaned_as_those_of_chats(mailbox):
    mail = written(html='<p>Bak <img src="cid:foto@x"> <img src="https://iz.example/1.gif"></p>')
    page = mail.get_body(("html",))
    page.add_related(picture(), "image", "png", cid="<foto@x>", filename="foto.png")
    mail.add_attachment("not\n", filename="n\u202eot.txt")
    kept = take_in(mailbox, mail)
    names = {file.name: file.content_type for file in kept.entry.files.all()}
    assert names == {"foto.png": "image/png", "n ot.txt": "text/plain"}
    foto = kept.entry.files.get(name="foto.png")
    assert f'src="/api/v1/attachments/{foto.public_id}"' in kept.html


def test_a_mail_within_a_mail_can_be_read_and_so_can_what_hangs_on_it(mailbox):
    inner = written("Şişe kırık, iadesi için fatura ekte.", subject="İade: çatlak şişe")
    inner.add_attachment("tutar: 1200\n", filename="fatura.txt")
    mail = written("Bunu siz yanıtlar mısınız?")
    mail.add_attachment(inner)
    kept = take_in(mailbox, mail)
    assert kept.entry.body == "Bunu siz yanıtlar mısınız?"
    whole, bill = kept.entry.files.order_by("pk")
    assert (whole.name, bill.name) == ("İade_ çatlak şişe.txt", "fatura.txt")
    text = whole.file.read().decode()
    assert text.startswith("From: Zeynep")
    assert "Subject: İade: çatlak şişe\n\nŞişe kırık, iadesi için fatura ekte." in text


def test_a_mail_of_nothing_but_files_or_of_nothing_has_words(mailbox):
    mail = written("", subject="Ynt: Kargo")
    mail.add_attachment("liste\n", filename="liste.txt")
    assert take_in(mailbox, mail).entry.body == "liste.txt"
    empty = take_in(mailbox, written(" ", subject="")).entry
    assert (empty.body, empty.ticket.subject) == ("(metin yok)", "(konu yok)")


def test_hostile_names_and_subjects_are_text(mailbox):
    kept = take_in(
        mailbox,
        b"From: =?utf-8?q?=3Cscript=3Ealert=281=29=3C/script=3E=0D=0ABcc:_x=00?= <z@example.org>\n"
        b"To: destek@pazar.example\nSubject: =?utf-8?q?a=0D=0AX-Evil:_1=00=E2=80=AE?=\n"
        b"References: <\xc3\xbc@example.org> <\0@example.org>\n"
        b"Message-ID: <a@example.org>\n\nselam\0\n",
    )
    ticket = kept.entry.ticket
    assert "\n" not in ticket.subject + ticket.contact.name
    assert "\0" not in ticket.subject + ticket.contact.name + kept.entry.body
    assert "\u202e" not in ticket.subject


REPORT = """From: MAILER-DAEMON@example.com
To: destek@pazar.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; İpek@example.com
Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
X-Imece-Recipient: {mark}

--b--
"""


def report_on(mail, **told: str) -> bytes:
    """Return a report on a mail of ours as a server writes it, or somebody who has the mail."""
    quoted = {"message_id": mail["Message-ID"], "mark": mail["X-Imece-Recipient"]}
    final = {"to": mail["To"], "action": "failed", "status": "5.1.1"}
    report = REPORT.replace("Final-Recipient: rfc822; İpek@example.com\n", "")
    return report.format(**quoted | final | told).encode()


def test_a_mail_that_comes_back_is_told_at_the_answer(mailbox, ticket, sent):
    take_in(mailbox, report_on(sent, action="delayed", status="4.4.1"))
    delivery = ticket.entries.get(author_kind="agent", kind="message").deliveries.get()
    assert delivery.state == "sent"
    kept = take_in(mailbox, report_on(sent))
    assert (kept.state, kept.reason) == ("done", "bounce")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.code) == ("bounced", "absent")
    assert "No such user" in delivery.detail
    assert is_dead("ipek@example.com")
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert "ipek@example.com" in ticket.entries.get(kind="note").body


def test_a_mail_that_comes_back_reopens_what_it_was_to_resolve(
    mailbox, smtp, ticket, elif_, announced
):
    answer(ticket, elif_, status="resolved")
    drain("mail")
    take_in(mailbox, report_on(smtp.taken[0]))
    note = ticket.entries.get(kind="note")
    [event] = [each for each in announced if each.name == "ticket.undelivered"]
    assert (event.ticket_id, event.seq, event.by) == (ticket.pk, note.seq, None)
    assert Ticket.objects.get(pk=ticket.pk).status == "open"


def test_who_gets_the_same_mail_cannot_have_another_silenced(mailbox, smtp, ticket, elif_):
    smtp.answers["late@example.org"] = "451 4.7.1 Later"
    entry = answer(ticket, elif_, cc=["can@example.org", "late@example.org"], status="waiting")
    drain("mail")
    mails = {each["To"]: each for each in smtp.taken}
    forged = mails["can@example.org"]
    for address in ("ipek@example.com", "late@example.org"):
        kept = take_in(mailbox, report_on(forged, to=address))
        assert not is_dead(address)
        # It lies where people can look at it.
        assert (kept.state, kept.reason) == ("aside", "bounce")
    assert states(entry)["ipek@example.com"] == ("sent", "")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.entries.filter(kind="note").count()) == ("waiting", 0)
    # What has not left did not come back, and is tried again.
    assert states(entry)["late@example.org"] == ("retry", "later")
    # The server's own comes after it.
    take_in(mailbox, report_on(mails["ipek@example.com"]))
    assert is_dead("ipek@example.com")
    assert states(entry)["ipek@example.com"] == ("bounced", "absent")


def test_a_report_on_a_mail_that_we_never_sent_changes_nothing(mailbox, ticket, sent):
    told = {"to": "ipek@example.com", "message_id": "<x@y>", "action": "failed", "status": "5.1.1"}
    kept = take_in(mailbox, REPORT.format(**told, mark="").encode())
    assert (kept.state, kept.reason) == ("aside", "bounce")
    assert ticket.entries.get(author_kind="agent", kind="message").deliveries.get().state == "sent"
