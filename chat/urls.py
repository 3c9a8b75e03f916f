"""Addresses."""

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("chat.views.widget_urls")),
    path("", include("chat.views.console_urls")),
]
