"""Addresses of customers' pages."""

from django.urls import path

from tickets.page import views

urlpatterns = [
    path("t/<int:number>/", views.ticket, name="ticket-page"),
    path("t/<int:number>/colors.css", views.colors, name="ticket-colors"),
    path("t/<int:number>/close/", views.close, name="ticket-close"),
    path("t/<int:number>/rating/", views.rate, name="ticket-rating"),
    path("t/<int:number>/files/<str:public_id>", views.file, name="ticket-file"),
    path("t/<int:number>/<str:token>/", views.follow, name="ticket-link"),
]
