"""Canned replies in the console: the own ones to write, the shared ones to look up."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.models import Agent, CannedReply
from agents.operations.canned import (
    TooManyFiles,
    TooManyReplies,
    add_canned_reply,
    change_canned_reply,
    remove_canned_reply,
)
from agents.queries.canned import WITH_FILES, canned_for
from agents.reply_form import TOO_MANY_FILES
from agents.views.canned_forms import OwnReplyForm
from config.web.rate_limits import place_of

# Of the shared ones: as many as the picker offers of one language and brand, and then some.
SHARED_SHOWN = 1000


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """List the replies that the agent may use, or add an own one."""
    agent = signed_in(request)
    form = _form(request, agent)
    if request.method == "POST" and form.is_valid():
        try:
            add_canned_reply(by=agent, now=timezone.now(), **form.cleaned_data)
        except TooManyReplies:
            form.add_error(None, _("You have too many own canned replies."))
        else:
            messages.success(request, _("Saved."))
            return redirect("agents:profile-canned")
    return _page(request, agent, form)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an own reply, or save what was changed in it."""
    agent = signed_in(request)
    reply = get_object_or_404(CannedReply, agent=agent, pk=pk)
    form = _form(request, agent, reply)
    if request.method == "POST" and form.is_valid():
        try:
            change_canned_reply(reply=reply, now=timezone.now(), **form.cleaned_data)
        except TooManyFiles:
            form.add_error("added", TOO_MANY_FILES)
        else:
            messages.success(request, _("Saved."))
            return redirect("agents:profile-canned")
    return _page(request, agent, form)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an own reply."""
    remove_canned_reply(reply=get_object_or_404(CannedReply, agent=signed_in(request), pk=pk))
    messages.success(request, _("Canned reply deleted."))
    return redirect("agents:profile-canned")


def _form(request: HttpRequest, agent: Agent, reply: CannedReply | None = None) -> OwnReplyForm:
    is_sent = request.method == "POST"
    return OwnReplyForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        agent=agent,
        place=place_of(request),
        instance=reply,
    )


def _page(request: HttpRequest, agent: Agent, form: OwnReplyForm) -> HttpResponse:
    usable = canned_for(access_of(agent)).select_related("brand", "team")
    usable = usable.prefetch_related(WITH_FILES)
    context = {
        "form": form,
        "own": usable.filter(agent=agent),
        "shared": usable.filter(agent=None)[:SHARED_SHOWN],
    }
    return render(request, "agents/canned.html", context, status=400 if form.errors else 200)
