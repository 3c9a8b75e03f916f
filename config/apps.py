"""The ground's own app (commands, template tags) and the admin site's configuration."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class GroundConfig(AppConfig):
    """Holds what belongs to no room."""

    name = "config"
    default = True


class ImeceAdminConfig(admin_apps.AdminConfig):
    """Put our admin site (login through allauth, grouped index) in the stock one's place."""

    default = False
    default_site = "agents.admin_site.ImeceAdminSite"
