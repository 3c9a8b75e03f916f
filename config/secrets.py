"""Secrets of others that we must be able to say again: passwords of mail hosts, keys of services.

They are stored encrypted with a key made from `SECRET_KEY`, and no page shows them. What was stored
under an earlier key is read as long as that key stands in `SECRET_KEY_FALLBACKS`.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django import forms
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


class WrongKey(Exception):
    """The secret was stored under a key that we don't have any more: it must be entered again."""


class Secret:
    """A secret as it is stored. Only `reveal` gives it away, no log and no template."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def of(cls, value: str) -> Self:
        """Return `value` encrypted; nothing stays nothing."""
        return cls(_fernet().encrypt(value.encode()).decode() if value else "")

    def reveal(self) -> str:
        """Return the secret itself; raises `WrongKey`."""
        if not self.token:
            return ""
        try:
            return _fernet().decrypt(self.token).decode()
        except InvalidToken:
            raise WrongKey from None

    def is_readable(self) -> bool:
        """Return whether `reveal` would return it."""
        try:
            self.reveal()
        except WrongKey:
            return False
        return True

    def __bool__(self) -> bool:
        return bool(self.token)

    def __repr__(self) -> str:
        return "<Secret>" if self else "<no Secret>"


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_fernet_of(str(key)) for key in keys])


@cache
def _fernet_of(secret_key: str) -> Fernet:
    # Not the key itself: what signs cookies must not also open these.
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"imece.secrets")
    return Fernet(urlsafe_b64encode(derived.derive(secret_key.encode())))


class SecretInput(forms.PasswordInput):
    """Says whether there is a secret, and never which."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the template needs."""
        told: Any = ""
        if isinstance(value, Secret) and value:
            told = (
                _("Saved. Leave empty to keep it.")
                if value.is_readable()
                else _("Saved under another SECRET_KEY. Please enter it again.")
            )
        # As wide as the administration's other lines: the placeholder is a sentence.
        extra = {"placeholder": told, "autocomplete": "new-password", "class": "vTextField"}
        return super().get_context(name, value, {**extra, **(attrs or {})})


class SecretFormField(forms.CharField):
    """Takes a new secret; left empty it keeps the one that is there."""

    widget = SecretInput

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "strip": False, "required": False})

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether something was typed."""
        return bool(data)


class _SecretAttribute(DeferredAttribute):
    """Encrypts whatever text is set."""

    def __set__(self, instance: models.Model, value: Secret | str | None) -> None:
        field: Any = self.field
        is_secret = isinstance(value, Secret)
        instance.__dict__[field.attname] = value if is_secret else Secret.of(str(value or ""))


if TYPE_CHECKING:
    _TextField = models.TextField[Secret | str, Secret]
else:
    _TextField = models.TextField


class EncryptedField(_TextField):
    """A column of secrets: set text, get a `Secret`. Nobody can search by it."""

    descriptor_class = _SecretAttribute

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": "", "blank": True, **options})

    def from_db_value(self, value: str | None, *_: Any) -> Secret:
        """Return what the column holds, still encrypted."""
        return Secret(value or "")

    def get_prep_value(self, value: Any) -> str:
        """Return what the column is to hold."""
        return value.token if isinstance(value, Secret) else Secret.of(str(value or "")).token

    def to_python(self, value: Any) -> Any:
        """Leave a secret what it is."""
        return value

    def get_lookup(self, lookup_name: str) -> None:
        """Offer no way to compare: the same secret is stored differently every time."""

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Keep the secret when the form brings none."""
        if data:
            setattr(instance, self.attname, data)

    def formfield(self, **options: Any) -> Any:
        """Return the field of a form, which never shows the secret."""
        label = capfirst(self.verbose_name)
        shown: Mapping[str, Any] = {"label": label, "help_text": self.help_text}
        # The admin's own widget of text fields would show it.
        return SecretFormField(**{**shown, **{k: v for k, v in options.items() if k in shown}})
