"""Mails with what a customer has not read in a chat."""

from django.db import models

from chat.models.conversation import Conversation
from tickets.models import Sending


class AnswerMail(Sending):
    """The unread answers of one moment, on their way to the customer's address."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="answer_mails")
    # Which answers, in the visitor's counter: what came after the one, up to the other.
    after = models.PositiveIntegerField()
    up_to = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "up_to"], name="answers_mailed_once"),
        ]
        indexes = [
            # A bounce names the mail that came back.
            models.Index(fields=["message_id"], name="answer_mail_by_message"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}.{self.up_to} {self.state}"
