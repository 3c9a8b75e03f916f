"""E-mails to agents, each in the person's own language."""

from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from agents.brands.looks import own_look


def send_mail(name: str, *, to: str, language: str, context: dict[str, Any]) -> None:
    """Send `agents/mail/<name>.txt`: its first line is the subject, the rest the text.

    Beside it `<name>.html` says the same, with a button for the context's `link`.
    """
    with translation.override(language):
        text = render_to_string(f"agents/mail/{name}.txt", context)
        subject, _, body = text.strip().partition("\n")
        subject = subject.strip()
        look = own_look() | {"language": language, "subject": subject}
        html = render_to_string(f"agents/mail/{name}.html", look | context)
    mail = EmailMultiAlternatives(subject=subject, body=body.strip() + "\n", to=[to])
    mail.attach_alternative(html, "text/html")
    mail.send()
