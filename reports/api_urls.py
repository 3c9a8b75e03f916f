"""Addresses of the API."""

from django.urls import path

from reports import api

urlpatterns = [
    path("reports/<slug:name>", api.OneReport.as_view(), name="api-report"),
    path("reports/<slug:name>.csv", api.ReportFile.as_view(), name="api-report-csv"),
    path("reports/<slug:name>/rows", api.ReportRows.as_view(), name="api-report-rows"),
]
