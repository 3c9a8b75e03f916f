"""The part of the API about tickets and customers."""

from django.urls import path

from tickets.api import contacts, tickets

urlpatterns = [
    path("tickets", tickets.Tickets.as_view(), name="api-tickets"),
    path("tickets/<int:pk>", tickets.OneTicket.as_view(), name="api-ticket"),
    path("contacts", contacts.Contacts.as_view(), name="api-contacts"),
    path("contacts/<int:pk>", contacts.OneContact.as_view(), name="api-contact"),
]
