"""Who opens the administration, and who works at the desk of a shop."""

import pytest

from agents.models import Agent, Permission
from tests.support.factories import make_agent, make_role
from tests.support.http import make_shop


@pytest.fixture
def boss():
    agent = make_agent(role=make_role(Permission.ADMIN), language="en", name="Ayşe")
    Agent.objects.filter(pk=agent.pk).update(is_staff=True)
    agent.refresh_from_db()
    return agent


@pytest.fixture
def boss_client(client, boss):
    client.force_login(boss)
    return client


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def elif_(shop, client):
    client.force_login(shop.elif_)
    return shop.elif_
