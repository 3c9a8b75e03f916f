"""Elif at the ticket desk of a brand."""

import pytest

from agents.models import Role
from tests.support.factories import make_agent, make_brand, make_role, make_team


@pytest.fixture
def elif_():
    return make_agent(
        role=make_role(scope=Role.Scope.TEAM), name="Elif Kaya", language="en", online=True
    )


@pytest.fixture
def team(elif_):
    return make_team(elif_)


@pytest.fixture
def brand(team):
    return make_brand(default_team=team)


@pytest.fixture
def desk(client, elif_, brand):
    client.force_login(elif_)
    return client
