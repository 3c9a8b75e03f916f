"""Addresses of the API."""

from django.urls import path

from reports import api
from reports.exports import api as exports
from reports.wall import api as wall

urlpatterns = [
    path("reports/<slug:name>", api.OneReport.as_view(), name="api-report"),
    path("reports/<slug:name>.csv", exports.ReportCsv.as_view(), name="api-report-csv"),
    path("reports/<slug:name>.xlsx", exports.ReportXlsx.as_view(), name="api-report-xlsx"),
    path("reports/<slug:name>/rows", api.ReportRows.as_view(), name="api-report-rows"),
    path("reports/<slug:name>/exports", exports.ReportExports.as_view(), name="api-exports"),
    path("exports/<str:public_id>", exports.OneExport.as_view(), name="api-export"),
    path("exports/<str:public_id>/file", exports.ExportFile.as_view(), name="api-export-file"),
    path("wallboard/targets", wall.WallTargets.as_view(), name="api-wall-targets"),
]
