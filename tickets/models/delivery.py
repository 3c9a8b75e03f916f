"""What left by mail, and what became of it."""

from django.db import models

from tickets.models.entry import Entry
from tickets.models.sending import Sending
from tickets.models.ticket import Ticket


class Delivery(Sending):
    """One answer on its way to one address."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="deliveries")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "address"], name="one_mail_to_an_address"),
        ]
        indexes = [
            # A bounce names the mail that came back.
            models.Index(fields=["message_id"], name="delivery_by_message"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.state}"


class MailId(models.Model):
    """A Message-ID that belongs to a ticket: of its mails, and of those that they refer to."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="mail_ids", db_index=False)
    # Nobody's line: a mail that we never saw, or one that a rule sent.
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, related_name="+")
    message_id = models.CharField(max_length=250)
    is_ours = models.BooleanField()

    class Meta:
        constraints = [
            # A mail names its ticket by one that it refers to.
            models.UniqueConstraint(fields=["message_id", "ticket"], name="mail_of_a_ticket"),
        ]
        indexes = [
            # What an answer refers to, oldest first.
            models.Index(fields=["ticket", "id"], name="mails_of_a_ticket"),
        ]

    def __str__(self) -> str:
        return self.message_id
