"""Senders from whom no mail is wanted: the list, and the way back."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from config.mail import is_address
from tickets.models import BlockedSender
from tickets.operations.blocking import blocked_as

if TYPE_CHECKING:
    _BlockedForm = forms.ModelForm[BlockedSender]
else:
    _BlockedForm = forms.ModelForm


class BlockedForm(_BlockedForm):
    """Which address, why, and for how long."""

    class Meta:
        model = BlockedSender
        fields = ("address", "brand", "reason", "until")

    def clean_address(self) -> str:
        """Keep it as it is compared."""
        address = blocked_as(self.cleaned_data["address"])
        if not is_address(address):
            raise forms.ValidationError(_("This is not an e-mail address."), code="invalid")
        return address


@admin.register(BlockedSender)
class BlockedSenderAdmin(ImeceAdmin):
    """Whoever is deleted here may write again."""

    form = BlockedForm
    list_display = ["address", "brand", "reason", "agent", "created_at", "until"]
    list_select_related = ["agent", "brand"]
    search_fields = ["address", "reason"]
    ordering = ["-created_at", "-pk"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Say who blocked it."""
        obj.agent = obj.agent or signed_in(request)
        super().save_model(request, obj, form, change)
