"""A mail as it was sent, in a frame from which nothing gets out; and mails that were held back."""

import re
from base64 import b64encode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from agents.callers import signed_in
from agents.console.answers import answer_toast
from config.text.cleaning import key_of
from tickets.console.access import CHANGED, about, desk_access, visible_or_404
from tickets.models import Delivery, Entry, RawMail
from tickets.operations.changes import WrongValue
from tickets.operations.deliveries import confirm_address
from tickets.rights import TicketNotAuthorised

# Of all pictures of a mail together.
PICTURES_MAX_BYTES = 8 * 1024 * 1024
_PICTURE = re.compile(r'src="/api/v1/attachments/([\w-]{1,40})"')
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups "
    "allow-popups-to-escape-sandbox"
)


@login_required
@require_GET
def letter(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Show the HTML of a mail; pictures from elsewhere only when they are asked for."""
    ticket = visible_or_404(desk_access(request), number)
    mails = RawMail.objects.filter(entry__ticket=ticket, entry__seq=seq).exclude(html="")
    mail = mails.select_related("entry").first()
    if mail is None or mail.entry is None:
        raise Http404
    response = HttpResponse(
        f'<!doctype html><meta charset="utf-8">{_with_pictures(mail.html, mail.entry)}'
    )
    pictures = "data: https: http:" if request.GET.get("pictures") else "data:"
    response["Content-Security-Policy"] = _POLICY.format(pictures=pictures)
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_required
@require_POST
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """Mail an address again that mail came back from: the customer's, or that of a reply."""
    ticket = visible_or_404(desk_access(request), number)
    address = ticket.address
    if wanted := request.POST.get("delivery"):
        held = Delivery.objects.filter(entry__ticket=ticket, pk=key_of(wanted) or 0).first()
        if held is None:
            raise Http404
        address = held.address
    now = timezone.now()
    try:
        sent = confirm_address(ticket=ticket, address=address, by=signed_in(request), now=now)
    except TicketNotAuthorised:
        return answer_toast(about(ticket, _("This ticket is no longer yours.")), **CHANGED)
    except WrongValue as error:
        # The customer's address was corrected this very moment.
        raise Http404 from error
    text = ngettext("%(count)d e-mail is being sent.", "%(count)d e-mails are being sent.", sent)
    told = text % {"count": sent} if sent else _("From now on this address is mailed again.")
    return answer_toast(about(ticket, told), **CHANGED)


def _with_pictures(html: str, entry: Entry) -> str:
    """Put the mail's own pictures into the page: the frame is nobody's, and may ask for none."""
    size, shown = 0, {}
    for file in entry.files.exclude(width=None):
        size += file.size
        if size <= PICTURES_MAX_BYTES and file.file.storage.exists(file.file.name or ""):
            with file.file.open("rb") as content:
                encoded = b64encode(content.read()).decode()
            shown[file.public_id] = f"data:{file.content_type};base64,{encoded}"
    return _PICTURE.sub(lambda found: f'src="{shown.get(found[1], "")}"', html)
