"""Reading mails: charsets, headers, parts, bounds, quotes in three languages, HTML."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tickets.mail.samples import written
from tickets.mail.inbound import charsets, parts
from tickets.mail.inbound.charsets import decode, header_text
from tickets.mail.inbound.hypertext import cleaned, words_of
from tickets.mail.inbound.parts import TooComplex, read_mail
from tickets.mail.inbound.quotes import cut

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ("İğne ş".encode("iso-8859-9"), "iso-8859-9"),
        ("İğne ş".encode("cp1254"), "iso-8859-1"),
        ("İğne ş".encode("cp1254"), None),
        ("İğne ş".encode(), None),
        ("İğne ş".encode(), "x-unknown"),
        ("İğne ş".encode(), "us-ascii"),
        ("İğne ş".encode(), "utf8mb4"),
        ("İğne ş".encode("cp1254"), "utf-8"),
    ],
)
def test_turkish_is_read_whatever_it_is_declared_as(content, charset):
    assert decode(content, charset) == "İğne ş"


def test_headers_are_read_in_every_spelling():
    assert header_text("=?utf-8?b?xLBhZGU=?= =?iso-8859-9?q?_=FErket?=") == "İade şrket"
    assert header_text("=?x-nowhere?q?abc?=") == "abc"
    assert header_text("=?utf-8?q?sayfalar=C4=B1?=\r\n bir =?utf-8?q?=C5=9Fey?=") == (
        "sayfaları bir şey"
    )
    assert header_text("=?utf-8?q?=C5=9F?=\r\n =?utf-8?q?ey?=") == "şey"
    raw = "Subject: İade\nFrom: Şule <s@x.example>\n\nx".encode("cp1254")
    mail = read_mail(raw)
    assert (mail.subject, mail.sender_name, mail.sender) == ("İade", "Şule", "s@x.example")
    odd = read_mail(b'From: "Ak, Ali" via x <<a@x.example>>\nMessage-ID: <a b@x>\n\nx')
    assert odd.sender == "a@x.example"
    assert odd.message_id == ""
    many = read_mail(b"References: <1@x>\t<2@x>\n <3@x>\nIn-Reply-To: <4@x>\n\nx")
    assert many.references == ["<4@x>", "<3@x>", "<2@x>", "<1@x>"]


def test_words_that_never_end_are_left_as_they_stand(monkeypatch):
    handed = []
    real = charsets.decode_header
    monkeypatch.setattr(charsets, "decode_header", lambda raw: handed.append(raw) or real(raw))
    # From each of them the end would be looked for, with the square of the time.
    for raw in ("=?x?q? " * 2_800, "=?x?q? " * 2_800 + "?="):
        assert header_text(raw) == raw.strip()
    assert not handed
    assert header_text("=?utf-8?q?=C5=9Eule?= " + "=?x?q? " * 150).startswith("Şule =?x?q? =?x")
    assert handed == ["=?utf-8?q?=C5=9Eule?="]


def test_of_a_report_only_what_is_used_is_read(monkeypatch):
    read = []
    monkeypatch.setattr(parts, "header_text", lambda raw: read.append(raw) or raw)
    block = b"Final-Recipient: rfc822; a@x.example\nStatus: " + b"5" * 20_000 + b"\n"
    others = b"".join(b"X-%d: =?x?q?\n" % n for n in range(900))
    head = b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    mail = read_mail(head + b"Content-Type: message/delivery-status\n\n" + block + others)
    assert set(mail.report[0]) == {"final-recipient", "status"}
    assert sum(map(len, read)) < 2_000


def test_names_of_files_are_read_in_every_spelling():
    mail = written()
    mail.add_attachment(b"a\n", "text", "plain", filename="çalışma.txt")
    assert [file.name for file in read_mail(bytes(mail)).files] == ["çalışma.txt"]
    quoted = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment;"
        b' filename="=?utf-8?b?w6dhbMSxxZ9tYS50eHQ=?="\n\na\n--b--\n'
    )
    assert [file.name for file in read_mail(quoted).files] == ["çalışma.txt"]


def nested(depth: int) -> bytes:
    top = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return f"From: a@x.example\n{top}\nderin\n".encode()


def test_mails_within_the_bounds_are_read():
    assert read_mail(nested(50)).text.strip() == "derin"
    parts = b"".join(b"--b\nContent-Type: text/plain\n\nx\n" for _ in range(9_000))
    assert read_mail(b"Content-Type: multipart/mixed; boundary=b\n\n" + parts + b"--b--").text
    assert read_mail(b"X: " + b"x" * 2_000_000 + b"\nFrom: a@x.example\n\nx").sender


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x" * (25 * 1024 * 1024 + 1), "size"),
        (b"X: " + b"x" * 3_000_000 + b"\n\nx", "header"),
        (b"a:b\n" * 600_000, "header"),
        (b"\n\n" + b"\n" * 3_000_000, "lines"),
        (b"a:b\n" * 30_000 + b"\nx", "headers"),
        (nested(60), "depth"),
        (nested(3_000), "depth"),
        (nested(40) + b"--x\n" * 900_000, "depth"),
        (b"Content-Type: message/rfc822\n\n" * 10_000, "depth"),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20_000,
            "parts",
        ),
    ],
)
def test_mails_beyond_the_bounds_are_refused_cheaply(content, reason):
    tracemalloc.start()
    with pytest.raises(TooComplex, match=reason):
        read_mail(content)
    assert tracemalloc.get_traced_memory()[1] < 200 * 1024 * 1024
    tracemalloc.stop()


def test_mails_within_a_mail_keep_the_reader_no_longer_than_the_mail_itself(monkeypatch):
    read = []
    monkeypatch.setattr(parts, "words_of", lambda page: (read.append(page), "")[::-1])
    inner = b"Content-Type: message/rfc822\n\nSubject: x\nContent-Type: text/html\n\n"
    each = b"--b\n" + inner + b"<b>" * 6_000 + b"\n"
    mail = read_mail(b"Content-Type: multipart/mixed; boundary=b\n\n" + each * 9 + b"--b--")
    assert (len(mail.files), len(read)) == (9, 3)
    assert mail.files[-1].content.endswith("[…]".encode())
    long = b"--b\n" + inner + b"&amp;" * 40_000 + b"\n"
    read.clear()
    read_mail(b"Content-Type: multipart/mixed; boundary=b\n\n" + long * 9 + b"--b--")
    assert len(read) == 5


def test_a_report_is_about_few_mails_whoever_wrote_it():
    status = b"--b\nContent-Type: message/delivery-status\n\n" + b"Status: 5.1.1\n\n" * 90
    quoted = b"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <a@x> <b@x> <c@x>\n"
    marked = b"X-Imece-Recipient: a b\n\n"
    head = b"Content-Type: multipart/report; boundary=b\n\n"
    mail = read_mail(head + status + (quoted + marked) * 90 + b"--b--")
    assert (mail.report[0], mail.reported[0], mail.marks[0]) == ({"status": "5.1.1"}, "<a@x>", "a")
    assert max(len(mail.report), len(mail.reported), len(mail.marks)) == 20


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"Content-Type: multipart/mixed; boundary=b\n", b"--b\n", b"--b--\n", b"\n"),
                *(b"From: a@x.example\n", b"From: <<>,;\n", b"Subject: =?utf-8?b?w?=\n"),
                *(b"Content-Type: text/html; charset=\n", b"Content-Transfer-Encoding: base64\n"),
                *(b"Content-Type: message/rfc822\n", b"\xff\xfe\0", b"References: <<a>> <b\n"),
                *(b"Content-Type: message/delivery-status\n", b"Content-Type: /;;=\n", b"<b>x\n"),
                *(b"Content-Disposition: attachment; filename*0*=utf-8''%zz\n", b"=?=\n"),
            ]
        ),
        max_size=40,
    )
)
def test_no_mail_makes_reading_fail(lines):
    try:
        mail = read_mail(b"".join(lines))
    except TooComplex:
        return
    cut(mail.text)
    words_of(mail.html)
    cleaned(mail.html)


OWN = "Tamam, teşekkürler."


@pytest.mark.parametrize(
    "quote",
    [
        "##- Lütfen yanıtınızı bu satırın üstüne yazın -##\nx",
        "5 Oca 2026 Pzt, 10:00 tarihinde Pazar <d@p.example> şunu yazdı:\n> x",
        "Pazar Destek <destek@pazar.example>, 5 Oca 2026 Pzt, 10:00\ntarihinde şunu yazdı:\n\nx",
        "Pazar <d@p.example> şunları yazdı (5 Oca 2026 10:00):\n> x",
        '05.01.2026, 10:00, "Pazar" <d@p.example>:\n> x',
        "On Mon, Jan 5, 2026 at 10:00 AM Pazar <d@p.example>\nwrote:\n> x",
        "Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Pazar <d@p.example>:\n> x",
        "Kimden: Pazar\nGönderilme: 5 Ocak 2026\nKime: İpek\nKonu: x\n\nx",
        "________________________________\nKimden: Pazar\nTarih: 5 Ocak\nKime: İpek\nKonu: x\nx",
        "*Gönderen:* Pazar\n*Gönderildi:* 5 Ocak 2026\n*Kime:* İpek\n*Konu:* x\n\nx",
        "From: Pazar\nSent: Monday\nTo: İpek\nSubject: x\n\nx",
        "Von: Pazar\nGesendet: Montag\nAn: İpek\nBetreff: x\n\nx",
        "-----Original Message-----\nx",
        "-----Ursprüngliche Nachricht-----\nx",
        "-----Özgün İleti-----\nx",
        "----- Yönlendirilmiş ileti -----\nx",
        "---------- İletilen İleti ---------\nx",
        "---------- Forwarded message ---------\nx",
        "İletilmiş Mesaj:\nx",
        "İleti başlangıcı:\nx",
        "Begin forwarded message:\nx",
        "----- İletilmiş Mesaj ----- Kimden: A <a@b.c> Kime: B Gönderildi: 5 Oca Konu: x",
        "> x\n> y",
    ],
)
def test_what_is_quoted_is_folded_away_and_kept(quote):
    found = cut(f"{OWN}\n\n{quote}")
    assert found.words == OWN
    assert found.rest == quote.strip("_\n")


@pytest.mark.parametrize(
    "text",
    [
        # Answers between the lines.
        "> Rengi?\nMavi\n> Bedeni?\nM",
        # Nothing of one's own: a forwarded mail is what there is to read.
        "---------- İletilen İleti ---------\nKimden: A\nTarih: x\nKonu: y\n\nBakın.",
        "Konu: fatura\nTutar: 5 lira",
        "Yazdığım tarihinde şunu yazdı diye geçen cümle sürüyor.",
    ],
)
def test_what_is_no_quote_at_the_end_stays(text):
    assert cut(text).words == text


def test_the_line_above_which_another_desk_wants_its_answer_is_no_word_of_its_own():
    mail = "\n##- Please type your reply above this line -##\n\nYour parcel has left.\n\n> When?"
    assert cut(mail) == ("Your parcel has left.", "> When?")
    assert cut("##- Lütfen yanıtınızı bu satırın üstüne yazın -##").words == ""


def test_texts_without_end_are_cut_too():
    for text in ("kelime " * 200_000, "Kimden:\n" * 50_000, "On " * 300_000, ">\n" * 200_000):
        assert cut(text).words


@pytest.mark.parametrize(
    "content",
    [
        b"From: " + b"a" * 20_000 + b"\nTo: " + b"b" * 20_000,
        b'Content-Type: text/plain; "' + b";" * 4_000_000,
        b"Content-Type: text/plain" + b";a=1" * 1_000_000,
        b"Content-Disposition: attachment"
        + b"".join(b";filename*%d=a" % n for n in range(300_000)),
    ],
    ids=["from", "quote", "parameters", "pieces"],
)
def test_no_header_of_a_part_keeps_the_reader_for_long(content):
    # Without bounds each of these takes hours: the parser's time grows with the square.
    part = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + content + b"\n\nhi\n--b--\n"
    assert read_mail(part).sender == ""
    headers = content.replace(b"Content-", b"X-")
    assert read_mail(headers[:1_000_000] + b"\nSubject: s\n\nhi").subject == "s"


@pytest.mark.parametrize("charset", ["punycode", "PUNYCODE", "idna"])
def test_no_charset_keeps_the_reader_for_long(charset):
    content = b"a" * 500_000 + b"-" + b"b9" * 250_000
    assert decode(content, charset) == content.decode()


@pytest.mark.parametrize(
    "line",
    ["-" * 599, "1.1.2026 1:11 " + "@" * 500 + ":", "1.1.2026 " + "1:11" * 5 + "x@" * 200 + ":"],
)
def test_no_line_keeps_the_search_for_quotes_for_long(line):
    text = "\n".join(["Merhaba", *[line] * 400])
    assert cut(text).words.startswith("Merhaba")


@pytest.mark.parametrize("piece", ["<!--", "<?", "<a ", "</a ", "<a b=", "<![CDATA[", "<!x "])
def test_no_html_without_an_end_keeps_the_reader_for_long(piece):
    assert words_of("<p>Merhaba</p>" + piece * (500_000 // len(piece)))[0].startswith("Merhaba")


def test_html_becomes_words_without_what_is_quoted():
    words, rest = words_of(
        "<html><head><style>p{}</style></head><body><p>Merhaba<br>dünya</p><ul><li>bir</ul>"
        '<script>x</script><div class="gmail_quote gmail_quote_container">eski</div></body>'
    )
    assert (words, rest) == ("Merhaba\ndünya\n\n- bir", "eski")


def test_nothing_in_html_acts_and_remote_pictures_stay_to_be_asked_for():
    page = cleaned(
        '<meta http-equiv="refresh" content="0;url=//x"><base href="//x"><svg onload=x></svg>'
        '<form action="//x"><input></form><p style="position:fixed;color:red" onclick="x">a</p>'
        '<a href="javascript:x">b</a><a href="https://x.example">c</a>'
        '<img src="https://x.example/p.gif" onerror="x"><iframe src="//x"></iframe>'
        "<style>*{}</style><script>x</script>"
    )
    for word in ("meta", "base", "svg", "form", "input", "position", "onclick", "javascript"):
        assert word not in page
    for word in ("onerror", "iframe", "<style", "script"):
        assert word not in page
    assert "https://x.example/p.gif" in page
    assert "color:red" in page
    assert cleaned("<div>" * 100_000) == ""
