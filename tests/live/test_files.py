"""Files in a thread, as agents and visitors see them."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

DRAW = """async (unchecked) => {
  const { fileNode } = await import("/static/live/files.js");
  const texts = { download: "Download {name} ({size})", unchecked };
  const file = { id: "a", name: "a.zip", size: 2048, type: "application/octet-stream" };
  const node = fileNode(file, { fileUrl: () => "", texts, locale: "en" });
  return [node.textContent, node.ariaLabel];
}"""


def test_agents_read_that_nobody_looked_into_a_file_and_its_visitor_does_not(modules: Page) -> None:
    assert modules.evaluate(DRAW, "File not checked") == [
        "a.zip2 kB · File not checked",
        "Download a.zip (2 kB) · File not checked",
    ]
    assert modules.evaluate(DRAW) == ["a.zip2 kB", "Download a.zip (2 kB)"]
