"""Addresses of the widget."""

from django.urls import path

from chat.widget import views

urlpatterns = [
    path("widget.js", views.loader, name="widget-loader"),
    path("widget/frame/", views.frame, name="widget-frame"),
    path("demo/", views.demo, name="demo"),
    path("demo/cloud/", views.demo, {"name": "cloud"}, name="demo-cloud"),
]
