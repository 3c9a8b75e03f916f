"""Tags: words that agents put on chats and tickets."""

from django.db import models
from django.utils.translation import gettext_lazy as _

NAME_MAX = 40


class Tag(models.Model):
    """A word, the same for all brands. It is written as whoever came first wrote it."""

    name = models.CharField(_("name"), max_length=NAME_MAX)
    # What two spellings of one word have in common: İADE, iade and ıade are one tag. Folding may
    # make several letters of one.
    folded = models.CharField(max_length=NAME_MAX * 4, unique=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name
