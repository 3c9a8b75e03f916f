"""Addresses at which mail is brought."""

from django.urls import path

from tickets.webhooks import views

urlpatterns = [
    path("hooks/mail/<uuid:hook_id>/", views.bring, name="mail-hook"),
    path("hooks/mail/<uuid:hook_id>/<int:pk>/", views.became, name="mail-hook-became"),
]
