"""Addresses of the desk."""

from django.urls import path

from chat.views import console, console_actions, console_desk, console_filing

_chat = "console/chats/<str:public_id>/"

urlpatterns = [
    path("console/", console.inbox, name="console"),
    path(_chat, console.chat, name="console-chat"),
    path(f"{_chat}accept/", console_actions.take, name="console-accept"),
    path(f"{_chat}end/", console_actions.end, name="console-end"),
    path(f"{_chat}resolve/", console_actions.resolve, name="console-resolve"),
    path(f"{_chat}topic/", console_actions.topic, name="console-topic"),
    path(f"{_chat}reopen/", console_actions.reopen, name="console-reopen"),
    path(f"{_chat}transfer/", console_filing.pass_on, name="console-transfer"),
    path(f"{_chat}convert/", console_filing.convert, name="console-convert"),
    path(f"{_chat}tags/", console_filing.tags, name="console-tags"),
    path(f"{_chat}draft/", console_actions.draft, name="console-draft"),
    path(f"{_chat}canned/", console_desk.canned, name="console-canned"),
    path(f"{_chat}canned/<int:pk>/used/", console_desk.canned_used, name="console-canned-used"),
    path("console/archive/", console.archive, name="console-archive"),
    path("console/archive/<str:public_id>/", console.archive, name="console-archived"),
    path("console/next/", console_actions.take_next, name="console-next"),
    path("console/offers/", console_actions.offers, name="console-offers"),
    path("console/offers/<int:pk>/", console_actions.answer_offer, name="console-offer"),
    path("console/status/", console_desk.status, name="console-status"),
    path("console/preferences/", console_desk.preferences, name="console-preferences"),
]
