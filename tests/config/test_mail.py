"""Mail where none is sent."""

import io

import pytest
from django.core.mail import EmailMessage

from config.mail import ReadableConsole

pytestmark = pytest.mark.once


def test_a_long_link_can_be_copied_from_the_console():
    link = "http://127.0.0.1:8000/invitation/" + "x" * 90 + "/?a=ş"
    out = io.StringIO()
    message = EmailMessage(subject="İmece davetiniz", body=f"Açın:\n\n{link}\n", to=["a@b.example"])
    assert ReadableConsole(stream=out).send_messages([message]) == 1
    assert link in out.getvalue()
    assert "Subject: İmece davetiniz" in out.getvalue()
