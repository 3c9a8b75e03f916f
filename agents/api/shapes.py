"""How what the organisation has is named in answers of every room."""

from typing import Any

from django.utils.translation import get_language
from rest_framework import serializers

from agents.models import Topic


class NameAnswer(serializers.Serializer[Any]):
    """An id and a name."""

    id = serializers.CharField(source="pk")
    name = serializers.CharField()


class PersonAnswer(serializers.Serializer[Any]):
    """An agent by the opaque id."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class TopicName(serializers.Serializer[Any]):
    """A topic in the reader's language."""

    id = serializers.CharField(source="pk")
    name = serializers.SerializerMethodField()

    def get_name(self, topic: Topic) -> str:
        return topic.label(get_language() or "")
