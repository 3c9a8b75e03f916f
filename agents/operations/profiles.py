"""What people change about themselves."""

from django.db import transaction

from agents.images import Upload, square_picture
from agents.models import Agent
from config.files.pictures import Pay, pay_nothing
from config.text.folding import sort_key


@transaction.atomic
def update_profile(*, agent: Agent, name: str, language: str, time_zone: str, theme: str) -> None:
    """Save name and preferences."""
    agent.name = name.strip()
    agent.sort_name = sort_key(agent.name)[:400]
    agent.language = language
    agent.time_zone = time_zone
    agent.theme = theme
    agent.save(update_fields=["name", "sort_name", "language", "time_zone", "theme"])


def set_avatar(*, agent: Agent, upload: Upload | None, pay: Pay = pay_nothing) -> None:
    """Draw the picture anew and keep it; None removes it."""
    # Drawing takes its time, and no transaction waits for it.
    picture = square_picture(upload, pay=pay) if upload else None
    with transaction.atomic():
        old, storage = agent.avatar.name, agent.avatar.storage
        if picture is None:
            agent.avatar = ""
        else:
            agent.avatar.save(str(picture.name), picture, save=False)
        agent.save(update_fields=["avatar"])
        if old:
            transaction.on_commit(lambda: storage.delete(old), robust=True)
