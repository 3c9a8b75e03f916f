"""Settings of the HTTP API and of its description; a part of `config.settings`."""

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.web.api.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.web.api.JSONOnly",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "agents.signin.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["agents.signin.authentication.IsAgent"],
    "DEFAULT_THROTTLE_CLASSES": ["agents.api.throttling.PerCaller"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.web.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "İmece",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    # Names of choices that several answers share.
    "ENUM_NAME_OVERRIDES": {
        "AgentStatus": "agents.models.Status",
        "AuthorKind": "chat.models.Entry.AuthorKind",
        "ChatKind": "chat.models.Conversation.Kind",
        "ChatStatus": "chat.models.Conversation.Status",
        "DeviceKind": "agents.models.Device.Kind",
        "EntryKind": "chat.models.Entry.Kind",
        "Language": "agents.models.Language",
        "ShownStatus": ["online", "break", "offline"],
        "State": ["online", "busy", "offline"],
        "TicketStatus": "tickets.models.Ticket.Status",
    },
}
