"""Two hundred rules and one event, measured inside the product: CPU for each look at a chat.

`python -m benchmarks.inside benchmarks.many_rules` prints them as JSON; the database is its own.
"""

import json
import statistics
import time
from uuid import uuid4

from django.utils import timezone

from agents.models import Brand, Team
from automation.rules.engine import look_at
from automation.rules.writing import add_rule
from chat.models import Conversation, Visitor
from chat.posting.messages import Author, Outgoing, post_message

RULES = 200
ROUNDS = 60


def _fill() -> tuple[Conversation, Visitor]:
    """Make a chat, and rules that each read its words and never hold."""
    now = timezone.now()
    brand = Brand.objects.create(name="Rules", default_team=Team.objects.create(name="Rules"))
    visitor = Visitor.objects.create(brand=brand, secret_hash=uuid4().hex, language="en")
    for number in range(RULES):
        add_rule(
            by=None,
            now=now,
            name=f"Rule {number}",
            mode="on",
            when="updated",
            fires="every",
            all=[
                {"field": "change", "operator": "is", "value": "customer_word"},
                {"field": "text", "operator": "contains", "value": f"word{number}"},
                {"any": [{"field": "page_url", "operator": "matches", "value": f"/p{number}/.+"}]},
            ],
            actions=[{"action": "note", "text": {"en": "Hello"}}],
        )
    chat: Conversation = Conversation.objects.create(
        brand=brand, visitor=visitor, channel="web", language="en", queued_at=now
    )
    return chat, visitor


def main() -> None:
    """Print the median and the highest CPU of a look, in milliseconds: of this thread, for another
    one tells workers meanwhile of what was written.
    """
    (chat, visitor), took = _fill(), []
    text = "Where is my order? I have waited for it for more than a week by now. " * 4
    for _ in range(ROUNDS):
        words = Outgoing(chat.public_id, Author.of_visitor(visitor), text, str(uuid4()))
        post_message(words, now=timezone.now())
        seq = Conversation.objects.values_list("last_seq", flat=True).get(pk=chat.pk)
        began = time.thread_time()
        look_at(chat.pk, begin=seq)
        took.append((time.thread_time() - began) * 1000)
    ranked = sorted(took[5:])
    print(json.dumps({"median": statistics.median(ranked), "highest": ranked[-1]}))


if __name__ == "__main__":
    main()
