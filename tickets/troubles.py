"""What an admin must put right of mailboxes."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.troubles import Trouble, add_troubles
from tickets.mail.words import reason
from tickets.models import Mailbox, RawMail

# Nothing, or what passes by itself.
_PASSING = {"", "busy"}


def troubles_of_mailboxes() -> Iterator[Trouble]:
    """Name each mailbox whose mail doesn't leave or come in, and mails that could not be read."""
    failing = Mailbox.objects.filter(brand__is_active=True).exclude(send_error="", fetch_error="")
    for own in failing.order_by("address"):
        url = reverse("admin:tickets_mailbox_change", args=[own.pk])
        if own.send_error not in _PASSING:
            text = _("Mail from %(address)s does not leave. %(reason)s")
            yield Trouble(text % {"address": own.address, "reason": reason(own.send_error)}, url)
        if own.fetch_error not in _PASSING:
            text = _("Mail to %(address)s does not come in. %(reason)s")
            yield Trouble(text % {"address": own.address, "reason": reason(own.fetch_error)}, url)
    if count := RawMail.objects.filter(state=RawMail.State.BROKEN).count():
        text = ngettext(
            "%(count)d mail that came in could not be read.",
            "%(count)d mails that came in could not be read.",
            count,
        )
        url = reverse("admin:tickets_rawmail_changelist") + "?state=broken"
        yield Trouble(text % {"count": count}, url)


add_troubles(troubles_of_mailboxes)
