"""Addresses of the widget."""

from django.urls import path

from chat.views import widget

urlpatterns = [
    path("widget.js", widget.loader, name="widget-loader"),
    path("widget/frame/", widget.frame, name="widget-frame"),
    path("demo/", widget.demo, name="demo"),
    path("demo/cloud/", widget.demo, {"name": "cloud"}, name="demo-cloud"),
]
