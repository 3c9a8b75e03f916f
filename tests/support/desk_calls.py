"""All calls of the desk's API, as the tests of its refusals make them."""

from typing import Any

from tests.support.http import cid

# Every route and method with a body that would be accepted.
CALLS: dict[tuple[str, str], Any] = {
    ("conversations", "GET"): None,
    ("conversations/{chat}", "GET"): None,
    ("conversations/{chat}/entries", "GET"): None,
    ("conversations/{chat}/messages", "POST"): {"cid": cid(), "text": "x"},
    ("conversations/{chat}/notes", "POST"): {"cid": cid(), "text": "x"},
    ("conversations/{chat}/read", "POST"): {"seq": 3},
    ("conversations/{chat}/accept", "POST"): {},
    ("conversations/{chat}/decline", "POST"): {},
    ("conversations/{chat}/end", "POST"): {},
    ("conversations/{chat}/resolve", "POST"): {"topic": "1"},
    ("conversations/{chat}/topic", "POST"): {"topic": "1"},
    ("conversations/{chat}/reopen", "POST"): {},
    ("conversations/{chat}/transfer", "POST"): {"team": "1"},
    ("conversations/{chat}/convert", "POST"): {"email": "vera@example.com"},
    ("conversations/{chat}/spam", "POST"): {},
    ("conversations/{chat}/spam", "DELETE"): None,
    ("conversations/{chat}/tags", "GET"): None,
    ("conversations/{chat}/tags", "POST"): {"add": ["x"]},
    ("tags", "GET"): None,
    ("attachments", "POST"): None,
    ("attachments/{file}", "GET"): None,
    ("tickets", "GET"): None,
    ("tickets", "POST"): {"subject": "x", "text": "x"},
    ("tickets/many", "POST"): {"tickets": [1], "status": "open"},
    ("tickets/{ticket}", "GET"): None,
    ("tickets/{ticket}", "PATCH"): {"subject": "x"},
    ("tickets/{ticket}/entries", "GET"): None,
    ("tickets/{ticket}/messages", "POST"): {"cid": cid(), "text": "x"},
    ("tickets/{ticket}/notes", "POST"): {"cid": cid(), "text": "x"},
    ("tickets/{ticket}/take-back", "POST"): {"seq": 1},
    ("tickets/{ticket}/block", "POST"): {"reason": "x"},
    ("tickets/{ticket}/block", "DELETE"): None,
    ("contacts", "GET"): None,
    ("contacts/{contact}", "GET"): None,
    ("contacts/{contact}", "PATCH"): {"language": "tr"},
    ("contacts/{contact}/notes", "POST"): {"cid": cid(), "text": "x"},
    ("contacts/{contact}/dismiss", "POST"): {"conversation": "{chat}"},
    ("contacts/{contact}/identities/{identity}", "DELETE"): None,
    ("contacts/{contact}/link", "POST"): {"conversation": "{chat}"},
    ("brands", "GET"): None,
    ("topics", "GET"): None,
    ("teams", "GET"): None,
    ("agents", "GET"): None,
    ("canned-replies", "GET"): None,
    ("canned-replies", "POST"): {"shortcut": "y", "title": "y", "body": "y", "language": "en"},
    ("canned-replies/{reply}", "GET"): None,
    ("canned-replies/{reply}", "PATCH"): {"title": "y"},
    ("canned-replies/{reply}", "DELETE"): None,
    **dict.fromkeys([("devices", "GET"), ("devices/{device}", "DELETE"), ("notifications", "GET")]),
    ("devices", "POST"): {"kind": "fcm", "platform": "android", "token": "t" * 40},
    ("notifications", "PATCH"): {"classes": {"team": False}},
    ("status", "GET"): None,
    ("status", "POST"): {"status": "break"},
    ("status/heartbeat", "POST"): {},
}
# What only an admin may call.
OF_ADMINS = {
    *(("brands/{brand}/hours", method) for method in ("GET", "PUT")),
    *(("teams/{team}/hours", method) for method in ("GET", "PUT", "DELETE")),
    ("brands/{brand}/hours/preview", "GET"),
    ("teams/{team}/hours/preview", "GET"),
}
# The only call without a token; its refusals are proved beside it.
OPEN = {("tokens", "POST")}
NAMES = {
    "brands": "{brand}",
    "teams": "{team}",
    "conversations": "{chat}",
    "attachments": "{file}",
    "tickets": "{ticket}",
    "contacts": "{contact}",
    "canned-replies": "{reply}",
    "devices": "{device}",
}
