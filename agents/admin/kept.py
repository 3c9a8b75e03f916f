"""Rows that others name: they are not deleted as long as those would lose something by it."""

from typing import Any

from django.db import models
from django.http import HttpRequest

from agents.admin.base import ImeceAdmin


class KeptAdmin(ImeceAdmin):
    """Says why a row stays, and what to do instead, where one asks to delete it."""

    def kept_because(self, obj: Any) -> str:
        """Return in a sentence why a row is not deleted; nothing where it may go."""
        raise NotImplementedError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name beside what goes along why any of the rows stay: then none of them goes."""
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        reasons = filter(None, map(self.kept_because, objs))
        return names, counts, lacking, [*protected, *reasons]


def is_named(obj: models.Model) -> bool:
    """Return whether any row names this one and would go on without it: of what happened, too."""
    return any(
        found.related_model._base_manager.filter(**{found.field.name: obj}).exists()
        for found in obj._meta.get_fields(include_hidden=True)
        if isinstance(found, models.ManyToOneRel) and found.on_delete is models.SET_NULL
    )
