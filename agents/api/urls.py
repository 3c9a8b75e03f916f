"""The organisation's part of the API."""

from django.urls import path

from agents.api import canned, devices, hours, notices, organisation, people, tags, tokens

urlpatterns = [
    path("tokens", tokens.TokensView.as_view(), name="api-tokens"),
    path("agents", people.AgentsView.as_view(), name="api-agents"),
    path("teams", people.TeamsView.as_view(), name="api-teams"),
    path("brands", organisation.Brands.as_view(), name="api-brands"),
    path("brands/<int:pk>/hours", hours.BrandHours.as_view(), name="api-brand-hours"),
    path("brands/<int:pk>/hours/preview", hours.BrandPreview.as_view(), name="api-brand-preview"),
    path("teams/<int:pk>/hours", hours.TeamHours.as_view(), name="api-team-hours"),
    path("teams/<int:pk>/hours/preview", hours.TeamPreview.as_view(), name="api-team-preview"),
    path("topics", organisation.Topics.as_view(), name="api-topics"),
    path("notifications", notices.Notices.as_view(), name="api-notifications"),
    path("devices", devices.Devices.as_view(), name="api-devices"),
    path("devices/<int:pk>", devices.OneDevice.as_view(), name="api-device"),
    path("tags", tags.Tags.as_view(), name="api-tags"),
    path("canned-replies", canned.CannedReplies.as_view(), name="api-canned-replies"),
    path("canned-replies/<int:pk>", canned.OneCannedReply.as_view(), name="api-canned-reply"),
    path("canned-replies/<int:pk>/files", canned.CannedFiles.as_view(), name="api-canned-files"),
    path(
        "canned-replies/<int:pk>/files/<str:public_id>",
        canned.OneCannedFile.as_view(),
        name="api-canned-file",
    ),
]
