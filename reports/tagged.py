"""The tags of what holds the key of its chat, joined without reading the chat between them."""

from typing import TYPE_CHECKING, Any

from django.db import models

from chat.models import ConversationTag

if TYPE_CHECKING:
    _ForeignObject = models.ForeignObject[Any, Any]
else:
    _ForeignObject = models.ForeignObject


class TagsOfChat(_ForeignObject):
    """As if by a key of two tables that is the chat's: a row stands once for each tag, or alone.

    It is no column: neither the table nor a migration knows it.
    """

    requires_unique_target = False

    def __init__(self) -> None:
        super().__init__(
            ConversationTag,
            models.DO_NOTHING,
            from_fields=["conversation"],
            to_fields=["conversation"],
            related_name="+",
            # Most have none, and stay where they are joined.
            null=True,
            editable=False,
        )

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = True, **more: Any
    ) -> None:
        """Be of the model without being a field that is kept."""
        super().contribute_to_class(cls, name, private_only=True, **more)
