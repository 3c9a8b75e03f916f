"""Secrets with which mail servers bring mail."""

from django.db import transaction
from django.utils.crypto import constant_time_compare

from agents.credentials.tokens import hash_secret, new_secret
from tickets.models import Mailbox

# The one in use, and the one before it while a server changes over.
SECRETS_MAX = 2


@transaction.atomic
def make_hook_secret(*, mailbox: Mailbox) -> str:
    """Return a new secret, which can be read this once; the one before it still counts."""
    locked = Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    secret = new_secret()
    locked.hook_secrets = [hash_secret(secret), *locked.hook_secrets][:SECRETS_MAX]
    locked.save(update_fields=["hook_secrets"])
    return secret


def knows_secret(mailbox: Mailbox, secret: str) -> bool:
    """Return whether somebody may bring mail to a mailbox."""
    given = hash_secret(secret)
    return bool(secret) and any(
        constant_time_compare(given, known) for known in mailbox.hook_secrets
    )
