"""The form asks for a phone number where the brand wants one."""

import pytest
from playwright.sync_api import expect

from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def test_a_number_that_is_none_is_told_beside_the_field(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, language="tr", ask_phone="required")
    shop.agent()
    context = visitor_context(new_context, viewport={"width": 360, "height": 640})
    visitor = Visitor(context, shop.url).open().pick().fill(text="Kargom nerede?").submit()
    phone, error = visitor.frame.get_by_label("Telefon"), visitor.frame.locator("#phone-error")
    expect(error).to_have_text("Lütfen bu alanı doldurun.")
    expect(phone).to_be_focused()
    expect(phone).to_have_attribute("type", "tel")
    expect(phone).to_have_attribute("autocomplete", "tel")
    for wrong in ("532", "numaram yok", "0532 123 45 67 / ev"):
        phone.fill(wrong)
        expect(error).to_have_text("Lütfen telefon numarasını kontrol edin.")
    assert_accessible(visitor.page)
    phone.fill("+90 (532) 123-45-67")
    expect(error).to_be_empty()
    visitor.submit()
    visitor.frame.locator(".chat").wait_for()
    assert shop.brand.visitors.get().phone == "+90 (532) 123-45-67"
