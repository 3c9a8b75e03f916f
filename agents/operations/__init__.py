"""Every write about people."""

from agents.operations.accounts import (
    change_email,
    change_password,
    disable_agent,
    enable_agent,
    end_sessions,
    remove_second_step,
    revoke_tokens,
)
from agents.operations.identity_secrets import (
    TooManySecrets,
    add_identity_secret,
    delete_identity_secret,
)
from agents.operations.invitations import (
    AlreadyAgent,
    InvitationInvalid,
    accept_invitation,
    create_agent,
    invite_agent,
    open_invitation,
    renew_link,
    revoke_invitation,
    send_invitation,
)
from agents.operations.passwords import request_password_reset
from agents.operations.profiles import set_avatar, update_profile
from agents.operations.roles import (
    access_changed,
    give_role,
    make_first_roles,
    role_edited,
    set_members,
    set_roles,
    set_teams,
    take_role,
)
from agents.operations.sockets import revoke_sockets
from agents.operations.statuses import AgentDisabled, renew_limits, set_status
from agents.operations.tokens import ScopeNotAllowed, TooManyTokens, create_token

__all__ = [
    "AgentDisabled",
    "AlreadyAgent",
    "InvitationInvalid",
    "ScopeNotAllowed",
    "TooManySecrets",
    "TooManyTokens",
    "accept_invitation",
    "access_changed",
    "add_identity_secret",
    "change_email",
    "change_password",
    "create_agent",
    "create_token",
    "delete_identity_secret",
    "disable_agent",
    "enable_agent",
    "end_sessions",
    "give_role",
    "invite_agent",
    "make_first_roles",
    "open_invitation",
    "remove_second_step",
    "renew_limits",
    "renew_link",
    "request_password_reset",
    "revoke_invitation",
    "revoke_sockets",
    "revoke_tokens",
    "role_edited",
    "send_invitation",
    "set_avatar",
    "set_members",
    "set_roles",
    "set_status",
    "set_teams",
    "take_role",
    "update_profile",
]
