"""What a visitor chooses and fills in before a chat."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from rest_framework import serializers

from agents.models import Ask, Brand, Topic
from config.text.cleaning import key_of


def public_topic(brand: Brand, wished: str | None) -> Topic | None:
    """Return the brand's topic with this id; raises 400 for one that visitors can't choose."""
    if not wished:
        return None
    topics = Topic.objects.filter(brand=brand, is_active=True, is_public=True)
    if topic := topics.filter(pk=key_of(wished)).first():
        return topic
    raise serializers.ValidationError({"topic": [_("There is no such topic.")]})


def require_asked(brand: Brand, given: Mapping[str, str]) -> None:
    """Raise 400 when what is known and the form together lack what the brand asks for."""
    asked = {"name": brand.ask_name, "email": brand.ask_email, "phone": brand.ask_phone}
    missing = [name for name, ask in asked.items() if ask == Ask.REQUIRED and not given.get(name)]
    if missing:
        raise serializers.ValidationError(
            {"fields": {name: [_("This field is required.")] for name in missing}}
        )
