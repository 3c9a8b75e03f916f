"""Addresses of people: the door, the profile, pictures."""

from django.urls import include, path
from django.views.i18n import set_language

from agents.console import app, preferences
from agents.views import canned, invitations, pictures, profile

_own = [
    path("invitation/", invitations.accept, name="invitation"),
    path("invitation/<str:secret>/", invitations.follow_link, name="invitation-link"),
    path("profile/", profile.show, name="profile"),
    path("profile/picture/", profile.change_picture, name="profile-picture"),
    path("profile/notifications/", profile.change_notices, name="profile-notifications"),
    path("profile/devices/<int:pk>/remove/", profile.remove, name="profile-device-remove"),
    path("profile/canned/", canned.show, name="profile-canned"),
    path("profile/canned/<int:pk>/", canned.change, name="profile-canned-change"),
    path("profile/canned/<int:pk>/remove/", canned.remove, name="profile-canned-remove"),
    path("profile/tokens/", profile.create, name="profile-tokens"),
    path("profile/tokens/<int:pk>/revoke/", profile.revoke, name="profile-token-revoke"),
    path("avatars/<str:public_id>/<str:version>.webp", pictures.avatar, name="avatar"),
    path("logos/<str:site_key>/<str:version>.webp", pictures.logo, name="logo"),
]

urlpatterns = [
    path("accounts/", include("agents.account_urls")),
    path("console/sw.js", app.worker, name="console-worker"),
    path("console/manifest.webmanifest", app.manifest, name="console-manifest"),
    path("console/offline/", app.offline, name="console-offline"),
    path("console/preferences/", preferences.change_preferences, name="console-preferences"),
    path("language/", set_language, name="set_language"),
    path("", include((_own, "agents"))),
]
