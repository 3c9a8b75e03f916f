"""The keys with which a brand's own server signs who its visitors are."""

from datetime import datetime

from django.db import transaction

from agents.audit import record
from agents.credentials.tokens import new_secret
from agents.models import Agent, Brand, IdentitySecret


class TooManySecrets(Exception):
    """Two keys work already; one has to go first."""


@transaction.atomic
def add_identity_secret(*, brand: Brand, by: Agent | None, now: datetime) -> IdentitySecret:
    """Make a key; those that are there work on. Raises `TooManySecrets`."""
    Brand.objects.select_for_update(no_key=True, of=("self",)).get(pk=brand.pk)
    if brand.identity_secrets.count() >= IdentitySecret.MAX:
        raise TooManySecrets
    made = IdentitySecret.objects.create(brand=brand, value=new_secret(), created_at=now)
    record("brand.identity_secret_made", brand, by=by, secret=made.pk)
    return made


@transaction.atomic
def delete_identity_secret(*, secret: IdentitySecret, by: Agent | None) -> None:
    """Delete a key; what is signed with it identifies nobody from now on."""
    record("brand.identity_secret_deleted", secret.brand, by=by, secret=secret.pk)
    secret.delete()
