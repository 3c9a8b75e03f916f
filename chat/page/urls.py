"""Addresses of customers' pages of chats."""

from django.urls import path

from chat.page import views

urlpatterns = [
    path("c/<str:public_id>/", views.chat, name="chat-page"),
    path("c/<str:public_id>/colors.css", views.colors, name="chat-colors"),
    path("c/<str:public_id>/lines/", views.lines, name="chat-lines"),
    path("c/<str:public_id>/files/<str:file_id>", views.file, name="chat-file"),
    path("c/<str:public_id>/<str:token>/", views.follow, name="chat-link"),
]
