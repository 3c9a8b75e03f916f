"""What an admin is asked to set up of the rules, and of phones."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agents.first_steps import Step, add_first_step
from agents.models import Device
from automation.models import Rehearsal, Rule


def ready_rules_step() -> Step:
    """Return the step that is done once there is any rule."""
    url = reverse("admin:automation_rule_changelist")
    return Step(_("Switch on the ready rules that you want"), url, Rule.objects.exists())


def phone_step() -> Step:
    """Return the step that is done once any phone or browser is told of chats."""
    url = reverse("agents:profile") + "#notifications"
    return Step(_("Have your phone ring for live chats"), url, Device.objects.exists())


def rehearsal_step() -> Step:
    """Return the step that is done once a rehearsal went all the way."""
    url = reverse("admin:automation_rehearsal_changelist")
    done = Rehearsal.objects.filter(state=Rehearsal.State.DONE).exists()
    return Step(_("Rehearse a chat from the first word to the archive"), url, done)


add_first_step(ready_rules_step)
add_first_step(phone_step)
add_first_step(rehearsal_step)
