"""Password reset: the answer is the same, and takes as long, whoever asks."""

from typing import Any
from uuid import uuid4

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from agents.credentials.tokens import may_enter
from agents.mail import send_mail
from agents.models import Agent
from config.mail import own_spelling
from config.outbox.operations import enqueue

MAIL = "agents.password_mail"


@transaction.atomic
def request_password_reset(*, email: str) -> None:
    """Have a reset link sent if somebody here has this address; only the worker looks."""
    enqueue(kind=MAIL, key=f"{MAIL}:{uuid4().hex}", payload={"email": own_spelling(email)})


def mail_password_reset(payload: dict[str, Any]) -> None:
    """Outbox handler: send the link, which dies with the next sign-in or password change."""
    agent = Agent.objects.filter(email=payload["email"]).first()
    if agent is None or not may_enter(agent):
        return
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(agent),
            "key": default_token_generator.make_token(agent),
        },
    )
    send_mail(
        "password_reset",
        to=agent.email,
        language=agent.language,
        context={
            "name": agent.name,
            "link": settings.PUBLIC_URL + path,
            "days": settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60),
        },
    )
