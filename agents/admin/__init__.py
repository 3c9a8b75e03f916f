"""The organisation's pages in the administration."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

from agents.admin import brands, canned, invitations, log, people, roles, tags, teams, topics

__all__ = ["brands", "canned", "invitations", "log", "people", "roles", "tags", "teams", "topics"]

# Not ours to edit by hand: secrets, other people's sessions, and groups that mean nothing here.
for model in (Authenticator, EmailAddress, Group, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
