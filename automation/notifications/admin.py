"""Phones and browsers in the administration: the app's account, and whether devices ring."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from agents.models import Device, Notice
from automation.models import Delivery, PushSetup
from automation.notifications.accounts import InvalidAccount, read_account
from automation.notifications.keys import setup
from automation.notifications.policy import SILENT_TEST, is_told_on
from automation.notifications.telling import tell_devices
from config.secrets import SecretFormField, SecretInput

if TYPE_CHECKING:
    _SetupForm = forms.ModelForm[PushSetup]
else:
    _SetupForm = forms.ModelForm


# How long a page waits for a device to say that a test came.
FOLLOWED = timedelta(minutes=1)


class _Pasted(SecretInput):
    """Several lines that are never shown again."""

    template_name = "django/forms/widgets/textarea.html"
    input_type = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the template needs, without the secret."""
        extra = {"rows": 6, "cols": 80, "spellcheck": "false", **(attrs or {})}
        context = super().get_context(name, value, extra)
        context["widget"]["value"] = None
        return context


class SetupForm(_SetupForm):
    """The service account is pasted, and never shown."""

    account = SecretFormField(
        label=_("Service account"),
        widget=_Pasted,
        help_text=_(
            "For apps of your own: the JSON file that Firebase makes under Project settings, "
            "Service accounts. Browsers need none."
        ),
    )

    class Meta:
        model = PushSetup
        fields = ("account",)

    def clean_account(self) -> str:
        """Take what Google hands out only."""
        given: str = self.cleaned_data["account"]
        if given:
            try:
                self.instance.project = read_account(given)["project_id"]
            except InvalidAccount as error:
                raise forms.ValidationError(
                    _("This is no service account of Google."), code="account"
                ) from error
        return given


@admin.register(PushSetup)
class PushSetupAdmin(ImeceAdmin):
    """One page: there is one app."""

    form = SetupForm
    fields = ["account", "project"]
    readonly_fields = ["project"]
    change_form_template = "admin/push_setup.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Browsers subscribe to its keys."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Go to the one page."""
        return HttpResponseRedirect(reverse("admin:automation_pushsetup_change", args=[setup().pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Have the devices of whoever asks ring, and say what became of that; or save."""
        mine = _with_test(Device.objects.filter(agent=signed_in(request)).order_by("pk"))
        if "_test" in request.POST and self.has_change_permission(request):
            _say_tested(self, request, _test(list(mine)))
            return HttpResponseRedirect(f"{request.path}#test")
        told = [(device, device.get_problem_display() or _tested(device)) for device in mine]
        lately = timezone.now() - FOLLOWED
        running = any(
            each.test_at and each.test_at > lately and not each.test_seen for each in mine
        )
        shown = {"devices": told, "state": "running" if running else "done"}
        return super().change_view(request, object_id, form_url, shown)


@admin.register(Device)
class DeviceAdmin(ImeceAdmin):
    """Whose phone rings: a test, and who has confirmed it."""

    list_display = ["agent", "shown", "last_test", "problem_shown", "seen_at", "platform"]
    list_filter = ["kind"]
    list_select_related = ["agent"]
    search_fields = ["agent__name", "agent__email", "name"]
    ordering = ["agent__sort_name", "-seen_at"]
    fields = ["agent", "shown", "kind", "platform", "created_at", "seen_at", "problem_shown"]
    actions = ["ring"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Devices come from their agents."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is nothing to edit."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Agents remove their own."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        """Return the devices with what became of the last test."""
        return _with_test(super().get_queryset(request))

    @admin.display(description=_("device"), ordering="name")
    def shown(self, device: Device) -> str:
        """What it is called."""
        return str(device)

    @admin.display(description=_("Last test"))
    def last_test(self, device: Any) -> str:
        """Whether the device has said that the test came."""
        return _tested(device)

    @admin.display(description=_("Problem"))
    def problem_shown(self, device: Device) -> str:
        """Why the last push did not come."""
        return device.get_problem_display() or "—"

    @admin.action(description=_("Send a test: silent, then aloud"), permissions=["view"])
    def ring(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """Have the chosen devices ring."""
        _say_tested(self, request, _test(list(queryset.order_by("pk"))))


def _with_test(devices: QuerySet[Device]) -> QuerySet[Any]:
    """Return the devices with what became of the last test of each."""
    tests = Delivery.objects.filter(device=OuterRef("pk"), notification__notice="")
    newest = tests.order_by("-pk")
    return devices.annotate(
        test_state=Subquery(newest.values("state")[:1]),
        test_seen=Subquery(newest.values("seen_at")[:1]),
        test_at=Subquery(newest.values("notification__at")[:1]),
    )


def _tested(device: Any) -> str:
    """Say what became of the last test; wants `_with_test`."""
    if device.test_seen:
        at = date_format(timezone.localtime(device.test_seen), "H:i:s")
        return gettext("confirmed at %(time)s") % {"time": at}
    return str(Delivery.State(device.test_state).label) if device.test_state else "—"


def _test(devices: list[Device]) -> int:
    """Send each device a silent notification where it can be silent, then one that rings."""
    now, test = timezone.now(), uuid4().hex
    can_be_silent = [device for device in devices if is_told_on(device, Notice.TEAM)]
    tell_devices(devices=can_be_silent, notice="", key=f"{SILENT_TEST}{test}", now=now)
    return tell_devices(devices=devices, notice="", key=f"test:{test}", now=now)


def _say_tested(page: ImeceAdmin, request: HttpRequest, count: int) -> None:
    if not count:
        text = gettext("There is no device. Turn notifications on under Profile on the phone.")
        page.message_user(request, text, messages.WARNING)
        return
    text = ngettext(
        "A test is on its way to %(count)d device.",
        "A test is on its way to %(count)d devices.",
        count,
    )
    page.message_user(request, text % {"count": count}, messages.SUCCESS)
