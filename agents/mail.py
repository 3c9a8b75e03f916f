"""E-mails to agents, each in the person's own language."""

from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation


def send_mail(name: str, *, to: str, language: str, context: dict[str, Any]) -> None:
    """Send `agents/mail/<name>.txt`: its first line is the subject, the rest the text."""
    with translation.override(language):
        text = render_to_string(f"agents/mail/{name}.txt", context)
    subject, _, body = text.strip().partition("\n")
    EmailMessage(subject=subject.strip(), body=body.strip() + "\n", to=[to]).send()
