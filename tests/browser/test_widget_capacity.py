"""At capacity, where the brand shows its form at once."""

import pytest
from playwright.sync_api import expect

from agents.models import BrandText
from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def test_the_form_at_capacity_says_so_in_the_brands_words_and_not_that_nobody_is_here(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, language="tr", capacity=1, at_capacity="form")
    words = "Yoğunuz; yazın, size döneriz."
    BrandText.objects.create(brand=shop.brand, language="tr", all_busy=words)
    shop.agent()
    first = Visitor(visitor_context(new_context), shop.url).start("Bir")
    expect(first.frame.locator(".who h1")).to_have_text("Elif Kaya")
    context = visitor_context(new_context, viewport={"width": 360, "height": 640})
    second = Visitor(context, shop.url).open()
    expect(second.frame.locator(".hero-state")).to_have_text(words)
    second.pick()
    expect(second.frame.locator(".intro").first).to_have_text(words)
