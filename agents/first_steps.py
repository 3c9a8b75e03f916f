"""What has to be set up before the first chat finds somebody, and how far that is."""

from collections.abc import Callable
from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Brand, HoursWeek, Invitation, Role, Team, Topic


class Step(NamedTuple):
    """One thing to do, and where."""

    label: Promise
    url: str
    is_done: bool


# What rooms above have to be set up with.
_more: list[Callable[[], Step]] = []


def add_first_step(step: Callable[[], Step]) -> None:
    """Have another room's step stand at the end of the list."""
    _more.append(step)


def first_steps() -> list[Step]:
    """Return the steps in the order in which to do them; none once all are done."""
    brands = list(Brand.objects.filter(is_active=True).order_by("pk"))
    with_topics = set(Topic.objects.filter(is_active=True).values_list("brand", flat=True))
    with_hours = set(HoursWeek.objects.current().values_list("brand", flat=True))
    has_others = Invitation.objects.exists() or Agent.objects.filter(is_active=True)[1:2].exists()
    steps = [
        Step(_("Add a brand"), reverse("admin:agents_brand_add"), bool(brands)),
        _of_brands(
            _("Name the pages of the site and put the snippet there"),
            brands,
            lambda brand: bool(brand.allowed_origins),
        ),
        Step(_("Add a team"), reverse("admin:agents_team_add"), Team.objects.exists()),
        _of_brands(
            _("Choose the brand's default team"),
            brands,
            lambda brand: brand.default_team_id is not None,
        ),
        Step(
            _("Add topics that visitors choose from"),
            reverse("admin:agents_topic_add"),
            bool(brands) and all(brand.pk in with_topics for brand in brands),
        ),
        Step(_("Add a role for agents"), reverse("admin:agents_role_add"), Role.objects.exists()),
        Step(_("Invite agents"), reverse("admin:agents_invitation_add"), has_others),
        _of_brands(
            _("Set the business hours, or say that it is always open"),
            brands,
            lambda brand: brand.pk in with_hours,
            page="hours",
        ),
        *(step() for step in _more),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _of_brands(
    label: Promise, brands: list[Brand], is_done: Callable[[Brand], bool], *, page: str = "change"
) -> Step:
    """Return a step on the page of the first brand that lacks it."""
    lacking = [brand for brand in brands if not is_done(brand)]
    for brand in [*lacking, *brands][:1]:
        url = reverse(f"admin:agents_brand_{page}", args=[brand.pk])
        return Step(label, url, not lacking)
    return Step(label, reverse("admin:agents_brand_add"), False)
