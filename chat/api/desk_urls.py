"""Addresses of the desk's API."""

from django.urls import path

from chat.api.desk import (
    attachments,
    conversations,
    customers,
    filing,
    messages,
    status,
    supervising,
)

app_name = "desk_api"

_CHAT = "conversations/<str:public_id>"

urlpatterns = [
    path("conversations", conversations.Conversations.as_view(), name="conversations"),
    path(_CHAT, conversations.OneConversation.as_view(), name="conversation"),
    path(f"{_CHAT}/entries", messages.Entries.as_view(), name="entries"),
    path(f"{_CHAT}/messages", messages.Messages.as_view(), name="messages"),
    path(f"{_CHAT}/notes", messages.Notes.as_view(), name="notes"),
    path(f"{_CHAT}/read", messages.Read.as_view(), name="read"),
    path(f"{_CHAT}/accept", conversations.Accept.as_view(), name="accept"),
    path(f"{_CHAT}/decline", conversations.Decline.as_view(), name="decline"),
    path(f"{_CHAT}/end", conversations.End.as_view(), name="end"),
    path(f"{_CHAT}/topic", conversations.SetTopic.as_view(), name="topic"),
    path(f"{_CHAT}/resolve", conversations.Resolve.as_view(), name="resolve"),
    path(f"{_CHAT}/reopen", conversations.Reopen.as_view(), name="reopen"),
    path(f"{_CHAT}/transfer", filing.Transfer.as_view(), name="transfer"),
    path(f"{_CHAT}/watch", supervising.Watch.as_view(), name="watch"),
    path(f"{_CHAT}/join", supervising.Join.as_view(), name="join"),
    path(f"{_CHAT}/leave", supervising.Leave.as_view(), name="leave"),
    path(f"{_CHAT}/take-over", supervising.TakeOver.as_view(), name="take-over"),
    path(f"{_CHAT}/convert", filing.Convert.as_view(), name="convert"),
    path(f"{_CHAT}/spam", filing.Spam.as_view(), name="spam"),
    path(f"{_CHAT}/tags", filing.ChatTags.as_view(), name="chat-tags"),
    path("contacts/<int:pk>/link", customers.LinkContact.as_view(), name="contact-link"),
    path("contacts/<int:pk>/dismiss", customers.DismissContact.as_view(), name="contact-dismiss"),
    path(
        "contacts/<int:pk>/identities/<int:identity>",
        customers.OneIdentity.as_view(),
        name="contact-identity",
    ),
    path("attachments", attachments.Attachments.as_view(), name="attachments"),
    path("attachments/<str:public_id>", attachments.OneAttachment.as_view(), name="attachment"),
    path("status", status.OwnStatus.as_view(), name="status"),
    path("agents/<str:public_id>/status", status.AgentStatus.as_view(), name="agent-status"),
    path("status/heartbeat", status.Heartbeat.as_view(), name="heartbeat"),
]
