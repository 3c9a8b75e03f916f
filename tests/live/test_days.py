"""The days of a thread, by the calendar of whoever reads it."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

BERLIN = """async (moments) => {
  const { ThreadView } = await import("/static/live/thread.js");
  const { emptyThread } = await import("/static/live/store.js");
  const element = document.createElement("div");
  document.body.replaceChildren(element);
  const view = new ThreadView({
    element, me: { kind: "visitor" }, locale: "en", timeZone: "Europe/Berlin",
    texts: { today: "Today", yesterday: "Yesterday" }, spoken: new Set(["message"]),
  });
  let thread = emptyThread("c1");
  window.say = (at) => {
    const seq = thread.entries.length + 1;
    const entry = {
      seq, id: String(seq), kind: "message", at, text: "x", data: {}, attachments: [],
      author: { kind: "agent", id: "1", name: "Elif" },
    };
    thread = { ...thread, entries: [...thread.entries, entry], last: seq };
    view.render(thread);
    return [...element.querySelectorAll(".thread-day")].map((day) => day.textContent);
  };
  return moments.map(window.say).at(-1);
}"""


def test_a_thread_that_is_open_over_midnight_has_one_today(modules: Page) -> None:
    modules.clock.set_fixed_time("2026-03-10T22:50:00Z")
    assert modules.evaluate(BERLIN, ["2026-03-10T22:40:00Z"]) == ["Today"]
    modules.clock.set_fixed_time("2026-03-10T23:10:00Z")
    days: Any = modules.evaluate("say('2026-03-10T23:05:00Z')")
    assert days == ["Yesterday", "Today"]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        # The day has 25 hours: a day of 24 before its last hour is the same day.
        ("2026-10-25T22:30:00Z", "2026-10-24T12:00:00Z"),
        # It has 23: a day of 24 before the first hour of the next is the day before.
        ("2026-03-29T22:30:00Z", "2026-03-29T12:00:00Z"),
    ],
)
def test_yesterday_is_the_day_before_also_where_clocks_change(
    modules: Page, now: str, said: str
) -> None:
    modules.clock.set_fixed_time(now)
    assert modules.evaluate(BERLIN, [said]) == ["Yesterday"]


def test_dates_are_written_as_the_server_writes_them(modules: Page) -> None:
    modules.clock.set_fixed_time("2026-10-10T12:00:00Z")
    said = ["2025-09-03T10:05:00Z", "2026-09-09T10:05:00Z"]
    assert modules.evaluate(BERLIN, said) == ["3 Sep 2025", "9 Sep"]
    titles = "[...document.querySelectorAll('.message time')].map((time) => time.title)"
    assert modules.evaluate(titles) == ["3 Sep 2025 12:05", "9 Sep 2026 12:05"]
