"""Addresses of the pages."""

from django.urls import path

from reports import pages
from reports.exports import pages as exports

urlpatterns = [
    path("reports/", pages.report, name="reports"),
    path("reports/exports/<str:public_id>/", exports.progress, name="report-export-progress"),
    path("reports/exports/file/<str:key>/", exports.file, name="report-export-file"),
    path("reports/<slug:name>/", pages.report, name="report"),
    path("reports/<slug:name>/export/", exports.export, name="report-export"),
]
