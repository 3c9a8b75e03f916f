"""Addresses of the pages."""

from django.urls import path
from django.views.generic import RedirectView

from reports.exports import pages as exports
from reports.pages import views as pages
from reports.wall import pages as wall
from reports.wall import screens

urlpatterns = [
    path("console/wallboard/", wall.wall, name="wall"),
    path("console/wallboard/board/", wall.board, name="wall-board"),
    path("console/wallboard/agents/<str:public_id>/", wall.person, name="wall-agent"),
    path("console/wallboard/screens/", wall.screens, name="wall-screens"),
    path("console/wallboard/targets/", wall.targets, name="wall-targets"),
    path("wall/", screens.screen, name="wall-screen"),
    path("wall/board/", screens.board, name="wall-screen-board"),
    path("wall/<str:secret>/", screens.link, name="wall-link"),
    path("reports/", pages.report, name="reports"),
    path("reports/exports/<str:public_id>/", exports.progress, name="report-export-progress"),
    path("reports/exports/file/<str:key>/", exports.file, name="report-export-file"),
    path(
        "reports/status/",
        RedirectView.as_view(url="/reports/agent-status/", query_string=True),
    ),
    path("reports/<slug:name>/", pages.report, name="report"),
    path("reports/<slug:name>/export/", exports.export, name="report-export"),
]
