"""Addresses of the pages."""

from django.urls import path

from reports import pages

urlpatterns = [
    path("reports/", pages.report, name="reports"),
    path("reports/<str:name>/", pages.report, name="report"),
]
