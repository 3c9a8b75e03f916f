"""Pages on which people could take the administration away from themselves."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext

from agents.access import access_of
from agents.admin.base import ImeceAdmin
from agents.callers import signed_in


class _LockedOut(Exception):
    """What was done takes the administration away from whoever did it."""


class KeepingAdmin(ImeceAdmin):
    """Undoes what would lock people out of these pages by their own hand."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save, unless it locks out."""
        return self._kept(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete, unless it locks out."""
        return self._kept(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Do what was chosen in the list, unless it locks out."""
        return self._kept(request, super().changelist_view, *args, **kwargs)

    def _kept(self, request: HttpRequest, view: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        if request.method != "POST":
            # In a transaction a mere look would wait for SQLite's one writer, and keep it waiting.
            return view(request, *args, **kw)
        try:
            with transaction.atomic():
                answer = view(request, *args, **kw)
                if not access_of(signed_in(request)).everything:
                    raise _LockedOut
        except _LockedOut:
            # Drop the success message that the view has added already.
            for _said in messages.get_messages(request):
                pass
            text = gettext("You can't take the administration away from yourself.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return answer
