"""Signing in as a person does."""

from typing import Any

from django.test import Client

PASSWORD = "imece-demo-9"
LOGIN = "/accounts/login/"


def sign_in(
    client: Client, password: str = PASSWORD, email: str = "elif@example.com", **more: Any
) -> Any:
    """Send the sign-in form."""
    return client.post(LOGIN, {"login": email, "password": password} | more)


def is_in(client: Client) -> bool:
    """Whether the browser is signed in."""
    return client.get("/profile/").status_code == 200
