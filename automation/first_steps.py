"""What an admin is asked to set up of the rules."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agents.first_steps import Step, add_first_step
from automation.models import Rule


def ready_rules_step() -> Step:
    """Return the step that is done once there is any rule."""
    url = reverse("admin:automation_rule_changelist")
    return Step(_("Switch on the ready rules that you want"), url, Rule.objects.exists())


add_first_step(ready_rules_step)
