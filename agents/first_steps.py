"""What has to be set up before the first chat finds somebody, and how far that is."""

from collections.abc import Callable
from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Brand, Invitation, Role, Team, Topic


class Step(NamedTuple):
    """One thing to do, and where."""

    label: Promise
    url: str
    is_done: bool


def first_steps() -> list[Step]:
    """Return the steps in the order in which to do them; none once all are done."""
    brands = list(Brand.objects.filter(is_active=True).order_by("pk"))
    with_topics = set(Topic.objects.filter(is_active=True).values_list("brand", flat=True))
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
    ]
    return [] if all(step.is_done for step in steps) else steps


def _of_brands(label: Promise, brands: list[Brand], is_done: Callable[[Brand], bool]) -> Step:
    """Return a step on the page of the first brand that lacks it."""
    lacking = [brand for brand in brands if not is_done(brand)]
    for brand in [*lacking, *brands][:1]:
        url = reverse("admin:agents_brand_change", args=[brand.pk])
        return Step(label, url, not lacking)
    return Step(label, reverse("admin:agents_brand_add"), False)
