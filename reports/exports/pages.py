"""Files of reports from their pages: at once, or by a worker with a page that says how far."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from agents.callers import signed_in
from agents.console.frame import frame_of
from agents.models import Permission
from reports.definitions import REPORTS
from reports.exports.operations import (
    AT_ONCE,
    NotExportable,
    TooManyExports,
    begin_export,
    link_key,
    open_export,
)
from reports.exports.sending import name_of, send_now, stored
from reports.exports.sheet import is_longer
from reports.filters import BadFilter, read_filters
from reports.listings import LISTINGS
from reports.models import Export


@login_required
@require_POST
def export(request: HttpRequest, name: str) -> HttpResponseBase:
    """Give a file of what the address asks for, or have it made."""
    agent, now = signed_in(request), timezone.now()
    frame = frame_of(request, area="reports")
    may = frame.access.may(Permission.REPORTS) and frame.access.may(Permission.EXPORT)
    form = request.POST.get("format", "")
    if not may or name not in {*REPORTS, *LISTINGS} or form not in Export.Form.values:
        raise Http404
    wish = request.GET.dict()
    try:
        filters = read_filters(wish, zone=agent.time_zone, now=now)
        if not is_longer(name, wish, filters, frame.access, than=AT_ONCE, now=now):
            return send_now(name, wish, filters, frame.access, form=form, by=agent, now=now)
        made = begin_export(name=name, wish=wish, form=form, by=agent, now=now)
    except BadFilter:
        # The page itself says what is wrong.
        return redirect(f"{reverse('report', args=[name])}?{urlencode(wish)}")
    except NotExportable:
        raise Http404 from None
    except TooManyExports:
        text = _("You already wait for three files. Ask again when one is ready.")
        return _page(request, None, text, status=429)
    return redirect("report-export-progress", made.public_id)


@login_required
@never_cache
@require_GET
def progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say how far a file is, and where it is once it is made; only to who asked for it."""
    made = get_object_or_404(
        Export, public_id=public_id, agent=signed_in(request), expires_at__gt=timezone.now()
    )
    return _page(request, made, "")


def _page(
    request: HttpRequest, made: Export | None, text: str, *, status: int = 200
) -> HttpResponse:
    context = {
        "frame": frame_of(request, area="reports"),
        "export": made,
        "text": text,
        "name": name_of(made) if made else "",
        "url": reverse("report-export-file", args=[link_key(made)])
        if made and made.finished_at
        else "",
    }
    return render(request, "reports/export.html", context, status=status)


@login_required
@never_cache
@require_GET
def file(request: HttpRequest, key: str) -> FileResponse:
    """Give the file of a link to whom it was signed for."""
    try:
        found = open_export(key=key, by=signed_in(request), now=timezone.now())
    except NotExportable:
        raise Http404 from None
    return stored(found)
