"""Bearer tokens and one-time links: random, shown once, stored hashed."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.credentials.last_used import note_use
from agents.models import Agent, ApiToken

PREFIX = "imece_"
# How often the time of last use is written.
_USE_STEP = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a token may be used for; the agent's roles bound it further."""

    DESK = "desk", _("Chats and tickets")
    ADMIN = "admin", _("Administration")
    EXPORT = "export", _("Export")


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret. It is random and long, so no salt and no stretching."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def may_enter(agent: Agent) -> bool:
    """Return whether this account may be used here at all.

    Everybody knows the password of the demo accounts, so they work on this machine only, unless
    whoever listens to others there asks for the demo.
    """
    is_here = settings.IS_LOOPBACK and (settings.IS_PRIVATE or settings.SEED_DEMO)
    return agent.is_active and (is_here or not agent.is_demo)


def agent_of_token(raw: str) -> tuple[Agent, ApiToken] | None:
    """Return whose token this is, if it is still good."""
    if not raw.startswith(PREFIX) or len(raw) > 100:
        return None
    token = (
        ApiToken.objects.select_related("agent")
        .filter(token_hash=hash_secret(raw), revoked_at=None)
        .first()
    )
    if token is None or not may_enter(token.agent):
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _USE_STEP:
        note_use(ApiToken.objects.filter(pk=token.pk), last_used_at=now)
    return token.agent, token
