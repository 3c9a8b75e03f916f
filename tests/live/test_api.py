"""What the widget asks of the server, and when it knows better than to ask."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

ASK = """async ([module, isOnline]) => {
  let asked = 0;
  window.fetch = async () => {
    asked += 1;
    return new Response('{"token": "t", "expires_in": 900}');
  };
  const { Api } = await import(module);
  const api = new Api({ api: "/", site: "shop", language: "en" });
  await api.open();
  Object.defineProperty(navigator, "onLine", { get: () => isOnline, configurable: true });
  const answer = await api.call("conversations/one").then(() => "answered", String);
  return [asked, answer];
}"""


def test_a_page_that_lost_its_network_asks_nothing_until_it_is_back(modules: Page) -> None:
    assert modules.evaluate(ASK, ["/static/widget/api.js", True]) == [2, "answered"]
    assert modules.evaluate(ASK, ["/static/widget/api.js", False]) == [1, "TypeError: network"]


def test_a_page_of_a_machine_without_any_network_asks_all_the_same(modules: Page) -> None:
    offline = "Object.defineProperty(navigator, 'onLine', { get: () => false, configurable: true })"
    modules.evaluate(offline)
    assert modules.evaluate(ASK, ["/static/widget/api.js", False]) == [2, "answered"]
