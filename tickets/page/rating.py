"""What a customer thought of the chat that their ticket came from, asked on the ticket's page.

The room of chats says of which tickets that can be asked, and keeps it.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket

_WORDS = (_("Very bad"), _("Bad"), _("So-so"), _("Good"), _("Very good"))


class Rating(NamedTuple):
    """A rating; with the score 0 one that is still to come."""

    score: int = 0
    comment: str = ""


class Ratings(Protocol):
    """What the page of a ticket asks of the room of chats."""

    def of(self, ticket: Ticket, *, now: datetime) -> Rating | None:
        """Return how the ticket's chat was rated; None where it can't be rated now."""

    def rate(self, ticket: Ticket, rating: Rating, *, now: datetime) -> None:
        """Keep a rating; nothing where the chat can't be rated any more."""


_ratings: Ratings | None = None


def use(ratings: Ratings) -> None:
    """Ask these ratings from now on."""
    global _ratings
    _ratings = ratings


class RatingForm(forms.Form):
    """One to five, and words if they like."""

    score = forms.TypedChoiceField(
        label=_("How was this chat?"),
        choices=[(number, word) for number, word in enumerate(_WORDS, start=1)],
        coerce=int,
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(
        label=_("Do you want to add something?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    @property
    def rating(self) -> Rating:
        """Return what was said."""
        return Rating(self.cleaned_data["score"], self.cleaned_data["comment"].strip())


def form_for(ticket: Ticket, *, now: datetime) -> RatingForm | None:
    """Return the form as it was filled in last; None where nothing can be rated."""
    rating = _ratings.of(ticket, now=now) if _ratings is not None else None
    return RatingForm(initial=rating._asdict()) if rating is not None else None


def rate(ticket: Ticket, rating: Rating, *, now: datetime) -> None:
    """Keep a rating."""
    if _ratings is not None:
        _ratings.rate(ticket, rating, now=now)
