"""The part of the API about tickets and customers."""

from django.urls import path

from tickets.api import contacts, merging, replies, tickets

urlpatterns = [
    path("tickets", tickets.Tickets.as_view(), name="api-tickets"),
    path("tickets/many", tickets.ManyTickets.as_view(), name="api-tickets-many"),
    path("tickets/<int:pk>", tickets.OneTicket.as_view(), name="api-ticket"),
    path("tickets/<int:pk>/entries", replies.TicketEntries.as_view(), name="api-ticket-entries"),
    path("tickets/<int:pk>/messages", replies.TicketMessages.as_view(), name="api-ticket-messages"),
    path("tickets/<int:pk>/notes", replies.TicketNotes.as_view(), name="api-ticket-notes"),
    path("tickets/<int:pk>/take-back", replies.TakeBack.as_view(), name="api-ticket-take-back"),
    path(
        "tickets/<int:pk>/confirm-address",
        replies.ConfirmAddress.as_view(),
        name="api-ticket-confirm-address",
    ),
    path("tickets/<int:pk>/block", tickets.Block.as_view(), name="api-ticket-block"),
    path("contacts", contacts.Contacts.as_view(), name="api-contacts"),
    path("contacts/<int:pk>", contacts.OneContact.as_view(), name="api-contact"),
    path("contacts/<int:pk>/merge", merging.MergeContact.as_view(), name="api-contact-merge"),
    path("merges/<int:pk>/undo", merging.UndoMerge.as_view(), name="api-merge-undo"),
    path("contacts/<int:pk>/notes", contacts.ContactNotes.as_view(), name="api-contact-notes"),
]
