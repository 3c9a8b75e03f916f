"""Accepting an invitation."""

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from agents.operations import InvitationInvalid, accept_invitation, open_invitation
from agents.signin.forms import AcceptInvitationForm

_KEY = "invitation"


@never_cache
@require_GET
def follow_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Move the secret from the address into the session, so that it can't leak from there.

    A guess leaves nothing behind: sessions are rows.
    """
    if open_invitation(secret, now=timezone.now()) is None:
        return render(request, "agents/invitation_invalid.html", status=404)
    request.session[_KEY] = secret
    response = redirect("agents:invitation")
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Ask for name and password, make the account and sign in."""
    if limited := ratelimit.consume_or_429(request, action="reset_password_from_key"):
        return limited  # type: ignore[no-any-return]
    secret = request.session.get(_KEY, "")
    invitation = open_invitation(secret, now=timezone.now())
    if invitation is None:
        return render(request, "agents/invitation_invalid.html", status=404)
    if not request.user.is_authenticated and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        # Until the person has chosen one here, who invited them knows better than the browser.
        translation.activate(invitation.language)
        request.LANGUAGE_CODE = invitation.language
    initial = {"name": invitation.name, "language": translation.get_language()}
    form = AcceptInvitationForm(
        request.POST if request.method == "POST" else None, email=invitation.email, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            agent = accept_invitation(secret=secret, now=timezone.now(), **form.cleaned_data)
        except InvitationInvalid:
            return render(request, "agents/invitation_invalid.html", status=404)
        # Whoever was signed in here is somebody else.
        logout(request)
        get_adapter().login(request, agent)
        # The usual door writes it down by itself; without it nobody could end this session.
        UserSession.objects.create_from_request(request)
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "agents/invitation.html", {"form": form, "invitation": invitation})
