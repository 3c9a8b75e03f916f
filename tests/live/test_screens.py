"""Whatever happens on the way, every screen ends up with exactly the server's log."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

RUN = """async ([seed, steps]) => {
  const { run } = await import("/tests/live/simulation.js");
  return run(seed, steps);
}"""


def _is_in_order(part: list[str], whole: list[str]) -> bool:
    places = iter(whole)
    return all(word in places for word in part)


# The last two once waited for ever: a send was refused, then stored by another tab.
@pytest.mark.parametrize("seed", [*range(12), 111, 132])
def test_every_screen_ends_with_the_log(modules: Page, seed: int) -> None:
    result: dict[str, Any] = modules.evaluate(RUN, [seed, 60])
    log = result["log"]
    assert result["wrongs"] == []
    assert len(log) == len(set(log)), "something was stored twice"
    for words in result["screens"]:
        assert words == log
    assert result["pending"] == [0, 0, 0]
    assert result["kept"] == 0
    said = [word for words in result["typed"] for word in words]
    assert sorted(said) == sorted(log), "something that was typed is missing"
    for words in result["typed"]:
        assert _is_in_order(words, log), "one tab's messages changed their order"
    assert result["states"] == ["open", "open", "open"]
