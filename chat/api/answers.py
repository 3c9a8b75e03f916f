"""Answers that visitors and agents share, as the schema describes them."""

from typing import Any

from rest_framework import serializers

from agents.api.files import FileAnswer
from chat.models import Entry


class AuthorAnswer(serializers.Serializer[Any]):
    """Who said or did something."""

    kind = serializers.ChoiceField(Entry.AuthorKind.choices)
    id = serializers.CharField()
    name = serializers.CharField()
    avatar = serializers.CharField(required=False)


class EntryAnswer(serializers.Serializer[Any]):
    """One line of a timeline."""

    id = serializers.CharField()
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(Entry.Kind.choices)
    author = AuthorAnswer()
    text = serializers.CharField()
    attachments = FileAnswer(many=True)
    data = serializers.JSONField()  # type: ignore[assignment]  # the wire's name
    cid = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


class EntriesAnswer(serializers.Serializer[Any]):
    """A batch of a timeline."""

    entries = EntryAnswer(many=True)
    head = serializers.IntegerField()
    more = serializers.BooleanField()


class PostedAnswer(serializers.Serializer[Any]):
    """A stored message."""

    id = serializers.CharField()
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
