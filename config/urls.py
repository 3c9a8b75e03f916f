"""Every address of the product."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from config.web.schema import SchemaView

static_url = lazy(static, str)

urlpatterns = [
    path("", RedirectView.as_view(url="/console/"), name="home"),
    path("", include("agents.urls")),
    path("", include("tickets.console.urls")),
    path("", include("tickets.page.urls")),
    path("", include("tickets.webhooks.urls")),
    path("", include("chat.urls")),
    path("api/widget/v1/", include("chat.api.widget_urls")),
    path("api/v1/", include("agents.api.urls")),
    path("api/v1/", include("tickets.api.urls")),
    path("api/v1/", include("chat.api.desk_urls")),
    path("api/v1/", include("automation.api.urls")),
    path("api/v1/", include("reports.api_urls")),
    path("", include("reports.urls")),
    path("api/schema/", SchemaView.as_view(), name="api-schema"),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static_url("console/icon.svg"))),
]

handler400 = "config.web.errors.bad_request"
handler403 = "config.web.errors.permission_denied"
handler404 = "config.web.errors.page_not_found"
handler429 = "config.web.errors.too_many_requests"
handler500 = "config.web.errors.server_error"
