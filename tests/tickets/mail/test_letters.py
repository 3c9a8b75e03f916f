"""Mails on the desk as they were sent."""

import pytest
from django.urls import reverse

from tests.support.factories import make_agent, make_brand, make_role
from tests.support.http import picture
from tests.tickets.mail.samples import take_in, written

pytestmark = pytest.mark.django_db

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def desk(client, elif_):
    client.force_login(elif_)
    return client


def test_a_mail_is_shown_as_it_was_sent_where_nothing_gets_out(
    desk,
    mailbox,
):
    html = f'<p onclick="x">Bak</p>{NASTY}<img src="cid:a@x"><img src="https://iz.example/1.gif">'
    mail = written("Bak\n\n> eski", html=html, sender=f'"{NASTY}" <z@example.org>')
    mail.get_body(("html",)).add_related(picture(), "image", "png", cid="<a@x>", filename="a.png")
    entry = take_in(mailbox, mail).entry
    page = desk.get(reverse("ticket", args=[entry.ticket_id])).content.decode()
    url = reverse("ticket-mail", args=[entry.ticket_id, entry.seq])
    assert f'src="{url}"' in page
    assert f"{url}?pictures=1" in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "&gt; eski" in page
    assert NASTY not in page
    framed = desk.get(url)
    text, policy = framed.content.decode(), framed["Content-Security-Policy"]
    assert "Bak" in text
    assert "onclick" not in text
    assert "script" not in text
    assert "data:image/png;base64," in text
    assert "img-src data:;" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "https:" in desk.get(f"{url}?pictures=1")["Content-Security-Policy"]


def test_nobody_reads_mails_of_tickets_they_dont_see(client, mailbox):
    entry = take_in(mailbox, written(html="<p>Gizli</p>")).entry
    url = reverse("ticket-mail", args=[entry.ticket_id, entry.seq])
    assert client.get(url).status_code == 302
    client.force_login(make_agent(role=make_role(brands=(make_brand(),))))
    assert client.get(url).status_code == 404
