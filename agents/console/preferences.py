"""How the console looks to an agent: theme and language."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from agents.callers import signed_in
from agents.console.rail import home_of
from agents.models import Agent, Language
from agents.operations import update_profile


@login_required
@require_POST
def change_preferences(request: HttpRequest) -> HttpResponse:
    """Change theme or language, and go back to the page."""
    agent = signed_in(request)
    theme, language = request.POST.get("theme", ""), request.POST.get("language", "")
    update_profile(
        agent=agent,
        name=agent.name,
        time_zone=agent.time_zone,
        theme=theme if theme in Agent.Theme.values else agent.theme,
        language=language if language in Language.values else agent.language,
    )
    to = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        to, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Not `redirect`, which takes what is no path for the name of a page.
    return HttpResponseRedirect(to if ours else reverse(home_of("").url_name))
