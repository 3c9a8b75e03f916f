"""A picture that does not come at once."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.once]

SHOW = """async (answers) => {
  const { fileNode } = await import("/static/live/files.js");
  const { ApiError } = await import("/static/widget/api.js");
  window.asked = 0;
  document.body.replaceChildren(fileNode(
    { id: "1", name: "a.png", size: 9, width: 40, height: 40 },
    {
      locale: "en",
      texts: { enlarge: "", download: "", image: "Image: {name}", fileGone: "No longer available" },
      fileUrl: async () => {
        const answer = answers[Math.min(asked++, answers.length - 1)];
        if (answer === 0) throw new TypeError("network");
        if (answer !== 200) throw new ApiError(answer, null, 0);
        return "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
      },
    },
  ));
}"""


@pytest.mark.parametrize("answer", [0, 429, 503])
def test_a_picture_that_did_not_come_is_asked_for_again_after_a_pause(
    modules: Page, answer: int
) -> None:
    modules.clock.install()
    modules.evaluate(SHOW, [answer, 200])
    image = modules.locator("img")
    modules.wait_for_function("asked === 1")
    expect(image).to_have_attribute("alt", "Image: a.png")
    modules.clock.run_for(60_000)
    expect(image).to_have_attribute("src", "data:image/gif;base64,R0lGODlhAQABAAAAACw=")
    expect(modules.locator(".is-gone")).to_have_count(0)


def test_a_picture_is_asked_for_as_soon_as_the_network_is_back(modules: Page) -> None:
    modules.clock.install()
    modules.evaluate(SHOW, [0, 200])
    modules.wait_for_function("asked === 1")
    modules.evaluate("dispatchEvent(new Event('online'))")
    expect(modules.locator("img")).to_have_attribute(
        "src", "data:image/gif;base64,R0lGODlhAQABAAAAACw="
    )


@pytest.mark.parametrize("answer", [403, 404, 410])
def test_a_picture_that_is_gone_is_said_to_be(modules: Page, answer: int) -> None:
    modules.clock.install()
    modules.evaluate(SHOW, [answer])
    expect(modules.locator(".is-gone img")).to_have_attribute("alt", "No longer available")
    modules.clock.run_for(60_000)
    assert modules.evaluate("asked") == 1
