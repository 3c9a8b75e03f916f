"""What the administration shows of chats, which are never edited there."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.admin.tags import TagAdmin
from agents.models import Tag


class ChatTagAdmin(TagAdmin):
    """Tags, and on how many chats they are."""

    list_display = [*TagAdmin.list_display, "chats"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Return the tags with the number of their chats."""
        found: QuerySet[Tag] = super().get_queryset(request)
        return found.annotate(used=Count("on_chats"))

    @admin.display(description=_("chats"), ordering="used")
    def chats(self, tag: Any) -> int:
        """On how many chats it is."""
        return int(tag.used)


admin.site.unregister(Tag)
admin.site.register(Tag, ChatTagAdmin)
