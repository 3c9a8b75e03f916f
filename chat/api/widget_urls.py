"""Addresses of the visitor's API."""

from django.urls import path

from chat.api.widget import attachments, conversations, events, messages, offline, sessions, tickets

app_name = "widget_api"

urlpatterns = [
    path("sessions", sessions.Sessions.as_view(), name="sessions"),
    path("conversations", conversations.Conversations.as_view(), name="conversations"),
    path(
        "conversations/<str:public_id>",
        conversations.OneConversation.as_view(),
        name="conversation",
    ),
    path("conversations/<str:public_id>/messages", messages.Messages.as_view(), name="messages"),
    path("conversations/<str:public_id>/entries", messages.Entries.as_view(), name="entries"),
    path("conversations/<str:public_id>/read", conversations.Read.as_view(), name="read"),
    path("conversations/<str:public_id>/end", conversations.End.as_view(), name="end"),
    path("conversations/<str:public_id>/rating", conversations.Rating.as_view(), name="rating"),
    path(
        "conversations/<str:public_id>/transcript",
        conversations.Transcript.as_view(),
        name="transcript",
    ),
    path("attachments", attachments.Attachments.as_view(), name="attachments"),
    path("attachments/<str:public_id>", attachments.OneAttachment.as_view(), name="attachment"),
    path("opened", events.Opened.as_view(), name="opened"),
    path("events", events.Events.as_view(), name="events"),
    path("offline-messages", offline.OfflineMessages.as_view(), name="offline-messages"),
    path("tickets", tickets.Tickets.as_view(), name="tickets"),
    path("availability", offline.Availability.as_view(), name="availability"),
]
