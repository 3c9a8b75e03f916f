"""The profile: name, picture, language, time zone, theme, tokens."""

from functools import partial
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.credentials.tokens import Scope
from agents.models import Agent, ApiToken, Device
from agents.operations import (
    ScopeNotAllowed,
    TooManyTokens,
    create_token,
    revoke_tokens,
    set_avatar,
    update_profile,
)
from agents.operations.devices import remove_device
from agents.operations.notices import set_digest, set_notices
from agents.queries.notices import wanted_by
from agents.views.profile_forms import NoticesForm, ProfileForm, TokenForm, quiet_initial
from config.files.kinds import ACCEPT_PICTURES
from config.web.rate_limits import PICTURE_SECONDS, TooMany, place_of, spend


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show the profile, or save what was changed in it."""
    agent = signed_in(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=_shown(agent))
    if request.method == "POST" and form.is_valid():
        update_profile(agent=agent, **form.cleaned_data)
        with translation.override(agent.language):
            messages.success(request, _("Saved."))
        return redirect("agents:profile")
    return _page(request, agent, form=form)


@login_required
@require_POST
def change_picture(request: HttpRequest) -> HttpResponse:
    """Set or remove the picture."""
    agent = signed_in(request)
    upload = request.FILES.get("picture")
    if upload is None and "remove" not in request.POST:
        return _page(request, agent, picture_error=_("Choose a picture first."))
    try:
        set_avatar(
            agent=agent,
            upload=None if "remove" in request.POST else upload,
            pay=partial(spend, PICTURE_SECONDS, place_of(request)),
        )
    except ValidationError as error:
        return _page(request, agent, picture_error=" ".join(error.messages))
    except TooMany:
        words = _("Too many requests. Please wait a moment.")
        return _page(request, agent, picture_error=words)
    messages.success(request, _("Saved."))
    return redirect("agents:profile")


@login_required
@require_POST
def change_notices(request: HttpRequest) -> HttpResponse:
    """Save what the agent is told of."""
    agent = signed_in(request)
    form = NoticesForm(request.POST)
    if not form.is_valid():
        return _page(request, agent, notices_form=form)
    set_notices(agent=agent, wanted=form.cleaned_data["wanted"], quiet=form.quiet)
    set_digest(agent=agent, is_wanted=form.cleaned_data["digest"], now=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("agents:profile")


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell me nothing on one of my devices any more."""
    device = get_object_or_404(Device, agent=signed_in(request), pk=pk)
    remove_device(device=device)
    messages.success(request, _("Device removed."))
    return redirect("agents:profile")


@never_cache
@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Make an API token and show it this once."""
    agent = signed_in(request)
    form = TokenForm(request.POST, access=access_of(agent))
    if form.is_valid():
        try:
            _token, raw = create_token(agent=agent, by=agent, **form.cleaned_data)
            return _page(request, agent, new_token=raw)
        except ScopeNotAllowed:
            form.add_error("scopes", _("Your roles don't allow this."))
        except TooManyTokens:
            form.add_error(None, _("Revoke a token first; there are too many."))
    return _page(request, agent, token_form=form)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of my API tokens."""
    agent = signed_in(request)
    if revoke_tokens(agent=agent, now=timezone.now(), only=pk, by=agent):
        messages.success(request, _("Token revoked."))
    return redirect("agents:profile")


def _page(request: HttpRequest, agent: Agent, **context: Any) -> HttpResponse:
    context.setdefault("form", ProfileForm(initial=_shown(agent)))
    context.setdefault("token_form", TokenForm(access=access_of(agent)))
    context.setdefault("notices_form", NoticesForm(initial=_notices(agent)))
    forms = ("form", "token_form", "notices_form")
    has_error = any(context[name].is_bound for name in forms)
    context |= {
        "agent": agent,
        "accept": ACCEPT_PICTURES,
        "tokens": [
            (token, ", ".join(str(Scope(scope).label) for scope in token.scopes))
            for token in ApiToken.objects.filter(agent=agent, revoked_at=None).order_by("-pk")
        ],
        "devices": Device.objects.filter(agent=agent).order_by("-seen_at", "-pk"),
        "has_two_step": is_mfa_enabled(agent),
    }
    status = 400 if has_error or "picture_error" in context else 200
    return render(request, "agents/profile.html", context, status=status)


def _shown(agent: Agent) -> dict[str, Any]:
    return {name: getattr(agent, name) for name in ("name", "language", "time_zone", "theme")}


def _notices(agent: Agent) -> dict[str, Any]:
    return {
        "wanted": wanted_by(agent),
        **quiet_initial(agent.quiet),
        "digest": agent.digest,
    }
