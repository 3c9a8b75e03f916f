"""Where I am signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.callers import signed_in
from agents.credentials.browsers import device_name
from agents.operations import end_sessions
from agents.signin.adapter import session_rows


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """List the sessions of the person."""
    agent = signed_in(request)
    sessions = [
        {
            "key": row.pk,
            "device": device_name(row.user_agent),
            "ip": row.ip,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "is_this": row.session_key == request.session.session_key,
        }
        for row in session_rows(agent)
    ]
    return render(request, "usersessions/usersession_list.html", {"sessions": sessions})


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one session by its row, or all but this one."""
    agent = signed_in(request)
    this = request.session.session_key
    wanted = request.POST.get("session", "")
    if wanted == "others":
        end_sessions(agent=agent, keep=this)
    else:
        keys = [row.session_key for row in session_rows(agent) if str(row.pk) == wanted]
        end_sessions(agent=agent, keep=this, only=keys)
    messages.success(request, _("Signed out there."))
    return redirect("usersessions_list")
