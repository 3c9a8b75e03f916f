"""What is refused before anything looks at it."""

import pytest
from django.conf import settings
from django.test import AsyncClient, Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/widget/frame/?site=%00",
        "/widget/frame/?site=a%00b",
        "/widget/logo/%00/",
        "/avatars/%00/x.webp",
        "/console/chats/%00/",
        "/api/widget/v1/conversations/%00",
        "/api/v1/attachments/%00",
    ],
)
def test_a_nul_in_an_address_is_refused(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400


async def test_a_nul_is_refused_asynchronously_too(async_client: AsyncClient) -> None:
    assert (await async_client.get("/widget/frame/?site=%00")).status_code == 400


def test_a_nul_in_the_session_cookie_is_refused(client: Client) -> None:
    cookie = rf'{settings.SESSION_COOKIE_NAME}="\000abcdefghijk"'
    assert client.get("/console/", headers={"cookie": cookie}).status_code == 400
