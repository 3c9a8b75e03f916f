"""Every cell of a report opens to its rows, the worst ones first of all."""

from typing import Any

import pytest
from django.utils import timezone

from chat.models import Conversation
from chat.operations.ratings import rate_conversation
from reports.facts.keeping import rebuild
from reports.filters import known
from reports.models import StintFact
from tests.reports.test_reports import desk as desk
from tests.reports.test_reports import reader
from tests.support.desk import Desk

pytestmark = pytest.mark.django_db


def test_what_is_at_zero_and_what_has_no_topic_tag_or_agent_opens_too(desk: Desk) -> None:
    elif_, mert = desk.agents
    [lost] = Conversation.objects.filter(assignee=mert)
    rate_conversation(conversation=lost, score=1, comment="", now=timezone.now())
    Conversation.objects.filter(pk=lost.pk).update(topic=None)
    rebuild()
    client = reader()

    def opened(name: str, row: str, column: str, *, by: str = "") -> list[Any]:
        page = client.get(f"/reports/{name}/?by={by}").context
        [line] = [line for line in page["lines"] if line["name"] == row]
        at = [figure.key for figure in page["columns"]].index(column)
        found: list[Any] = client.get(line["cells"][at]["url"]).context["history"]
        return found

    # Nobody was content with Mert.
    assert len(opened("ratings", mert.name, "csat")) == 1
    assert len(opened("topics", "None", "requests")) == 1
    assert len(opened("tags", "None", "sessions")) == 3
    StintFact.objects.filter(agent=elif_).update(agent=None)
    assert len(opened("agents", "Deleted agent", "sessions")) == 2
    # By the API and in files the same.
    behind = "figure=requests&by=topic&row="
    [row] = client.get(f"/api/v1/reports/topics/rows?{behind}").json()["rows"]
    assert row["id"] == lost.public_id
    assert len(b"".join(client.get(f"/api/v1/reports/sessions.csv?{behind}")).splitlines()) == 2
    assert known({"figure": "requests", "by": "topic", "row": ""})["row"] == ""
    for name, figure, count in (("agents", "busy", 2), ("agent-status", "online", 0)):
        wish = f"/api/v1/reports/{name}/rows?figure={figure}&row="
        assert len(client.get(wish).json()["rows"]) == count
