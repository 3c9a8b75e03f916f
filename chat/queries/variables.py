"""What the variables of texts stand for in a chat."""

from agents.queries.canned import without_variables
from chat.models import Conversation
from chat.queries.people import given_name


def chat_values(conversation: Conversation) -> dict[str, str]:
    """Return what variables stand for, whoever speaks; wants visitor, contact, brand and topic."""
    visitor = conversation.visitor
    topic = conversation.topic
    email = str(conversation.fields.get("email") or "") or (visitor.email if visitor else "")
    values = {
        "visitor.name": given_name(conversation),
        "visitor.email": email,
        "brand.name": conversation.brand.name,
        "topic": topic.label(conversation.language) if topic else conversation.topic_text,
        "chat.id": conversation.public_id,
    }
    return without_variables(values)
