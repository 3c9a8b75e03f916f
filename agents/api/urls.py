"""The organisation's part of the API."""

from django.urls import path

from agents.api import people, tokens

urlpatterns = [
    path("tokens", tokens.TokensView.as_view(), name="api-tokens"),
    path("agents", people.AgentsView.as_view(), name="api-agents"),
    path("teams", people.TeamsView.as_view(), name="api-teams"),
]
