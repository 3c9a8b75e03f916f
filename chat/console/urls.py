"""Addresses of the desk."""

from django.urls import path

from chat.console import (
    actions,
    composer,
    filing,
    gadget,
    linking,
    pages,
    status,
    supervising,
    undo,
)

_chat = "console/chats/<str:public_id>/"

urlpatterns = [
    path("console/", pages.chats, name="console"),
    path(_chat, pages.chat, name="console-chat"),
    path(f"{_chat}accept/", actions.take, name="console-accept"),
    path(f"{_chat}end/", actions.end, name="console-end"),
    path(f"{_chat}resolve/", actions.resolve, name="console-resolve"),
    path(f"{_chat}topic/", actions.topic, name="console-topic"),
    path(f"{_chat}reopen/", actions.reopen, name="console-reopen"),
    path(f"{_chat}join/", supervising.join_chat, name="console-join"),
    path(f"{_chat}leave/", supervising.leave_chat, name="console-leave"),
    path(f"{_chat}take-over/", supervising.take_chat_over, name="console-take-over"),
    path(f"{_chat}transfer/", filing.pass_on, name="console-transfer"),
    path(f"{_chat}convert/", filing.convert, name="console-convert"),
    path(f"{_chat}spam/", filing.spam, name="console-spam"),
    path(f"{_chat}not-spam/", filing.not_spam, name="console-not-spam"),
    path(f"{_chat}tags/", filing.tags, name="console-tags"),
    path(f"{_chat}link/", linking.link, name="console-link"),
    path(f"{_chat}customer/", linking.customer, name="console-customer"),
    path(f"{_chat}draft/", actions.draft, name="console-draft"),
    path(f"{_chat}colleagues/", composer.colleagues, name="console-colleagues"),
    path(f"{_chat}canned/", composer.canned, name="console-canned"),
    path(f"{_chat}canned/<int:pk>/used/", composer.canned_used, name="console-canned-used"),
    path("console/archive/", pages.archive, name="console-archive"),
    path("console/archive/<str:public_id>/", pages.archive, name="console-archived"),
    path("console/gadget/", gadget.gadget, name="console-gadget"),
    path("console/next/", actions.take_next, name="console-next"),
    path("console/offers/", actions.offers, name="console-offers"),
    path("console/offers/<int:pk>/", actions.answer_offer, name="console-offer"),
    path("console/undo/", undo.due_acts, name="console-undo"),
    path("console/undo/<int:pk>/", undo.take_back, name="console-take-back"),
    path("console/status/", status.status, name="console-status"),
]
