"""What an admin is asked to set up of tickets."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agents.first_steps import Step, add_first_step
from agents.models import Brand


def mailbox_step() -> Step:
    """Return the step that is done once every active brand has a mailbox."""
    lacking = Brand.objects.filter(is_active=True, mailbox=None).order_by("pk").first()
    url = reverse("admin:tickets_mailbox_add")
    if lacking is not None:
        url += f"?brand={lacking.pk}"
    is_done = lacking is None and Brand.objects.filter(is_active=True).exists()
    return Step(_("Set up the mailbox that answers tickets"), url, is_done)


add_first_step(mailbox_step)
