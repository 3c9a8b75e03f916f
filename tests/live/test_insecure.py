"""Pages over plain http, as inside a company's own network, have less of a browser."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

MOUNT = """async () => {
  document.body.innerHTML = `<section id="ticket-pane" data-number="7">
    <form id="ticket-composer"><input name="cid"><input name="mode">
    <textarea id="ticket-text"></textarea></form></section>`;
  const { mountComposer } = await import("/static/console/tickets/composer.js");
  mountComposer();
  return [isSecureContext, document.querySelector("[name=cid]").value];
}"""


def test_a_ticket_can_be_answered_over_plain_http(modules: Page) -> None:
    is_secure, first = modules.evaluate(MOUNT)
    assert not is_secure
    _, second = modules.evaluate(MOUNT)
    assert len(first) == len(second) == 36
    assert first != second
