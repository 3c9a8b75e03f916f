"""Addresses of the ticket desk."""

from django.urls import path

from tickets.console import (
    actions,
    canned,
    correcting,
    customers,
    letters,
    many,
    merging,
    new,
    pages,
)

_one = "console/tickets/<int:number>/"

urlpatterns = [
    path("console/contacts/", customers.customers, name="customers"),
    path("console/contacts/<int:pk>/", customers.customer, name="customer"),
    path("console/contacts/<int:pk>/edit/", correcting.edit, name="customer-edit"),
    path("console/contacts/<int:pk>/apart/", customers.apart, name="customer-apart"),
    path("console/contacts/<int:pk>/notes/", customers.note, name="customer-note"),
    path("console/contacts/<int:pk>/merge/", merging.merge, name="customer-merge"),
    path("console/merges/<int:pk>/undo/", merging.undo, name="customer-unmerge"),
    path("console/tickets/", pages.tickets, name="tickets"),
    path("console/tickets/new/", new.new, name="ticket-new"),
    path("console/tickets/many/", many.many, name="tickets-many"),
    path("console/tickets/many/<str:key>/undo/", many.undo, name="tickets-undo"),
    path(_one, pages.one, name="ticket"),
    path(f"{_one}say/", actions.reply, name="ticket-say"),
    path(f"{_one}say/<int:seq>/undo/", actions.take_back, name="ticket-unsay"),
    path(f"{_one}mail/<int:seq>/", letters.letter, name="ticket-mail"),
    path(f"{_one}change/", actions.change, name="ticket-change"),
    path(f"{_one}spam/", actions.spam, name="ticket-spam"),
    path(f"{_one}confirm-address/", letters.confirm, name="ticket-confirm-address"),
    path(f"{_one}block/", actions.block, name="ticket-block"),
    path(f"{_one}tags/", actions.tags, name="ticket-tags"),
    path(f"{_one}draft/", actions.draft, name="ticket-draft"),
    path(f"{_one}colleagues/", canned.colleagues, name="ticket-colleagues"),
    path(f"{_one}canned/", canned.canned, name="ticket-canned"),
    path(f"{_one}canned/<int:pk>/used/", canned.canned_used, name="ticket-canned-used"),
]
