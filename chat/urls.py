"""Addresses."""

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("chat.widget.urls")),
    path("", include("chat.console.urls")),
    path("", include("chat.page.urls")),
]
