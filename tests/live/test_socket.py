"""When a socket comes back, when it stays away, and what stands in for it."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]


def _run(page: Page, story: str, **options: Any) -> Any:
    return page.evaluate(
        "async (options) => { const { bench } = await import('/tests/live/harness.js');"
        " const b = bench(options); const { clock, socket } = b;"
        " socket.open(); await clock.settle();" + story + "}",
        options,
    )


@pytest.mark.parametrize("code", [4403, 4404, 4409])
def test_some_farewells_are_final(modules: Page, code: int) -> None:
    story = f"b.last.accept(); b.last.end({code}); await clock.pass(120000);"
    made, state = _run(modules, story + "return [b.made.length, socket.state];")
    assert (made, state) == (1, "stopped")


def test_an_old_script_loads_its_page_anew_but_only_once(modules: Page) -> None:
    # The farewell comes after the answer to this call: it takes the page away that would give it.
    farewell = "b.last.end(4426); sessionStorage.setItem('state', socket.state);"
    story = f"b.last.accept(); requestAnimationFrame(() => {{ {farewell} }});"
    with modules.expect_navigation():
        assert _run(modules, story + "return b.made[0].sent[0].protocol;") == 1
    assert modules.evaluate("sessionStorage.getItem('state')") == "stopped"
    loads: list[str] = []
    modules.on("framenavigated", lambda frame: loads.append(frame.url))
    story = "b.last.accept(); b.last.end(4426); await clock.pass(120000);"
    assert _run(modules, story + "return [b.made.length, socket.state];") == [1, "stopped"]
    assert not loads


@pytest.mark.parametrize("code", [1006, 1009, 1012, 4400, 4408, 4429])
def test_after_other_farewells_it_comes_back(modules: Page, code: int) -> None:
    story = f"b.last.accept(); b.last.end({code}); await clock.pass(30000);"
    made = _run(modules, story + "return b.made.length;")
    assert made >= 2


def test_a_refused_token_is_renewed_once(modules: Page) -> None:
    story = (
        "b.last.end(4401); await clock.pass(1000); b.last.end(4401); await clock.pass(60000);"
        "return [b.hellos, socket.state];"
    )
    assert _run(modules, story) == [[False, True], "stopped"]


def test_it_waits_as_long_as_the_server_asked(modules: Page) -> None:
    story = (
        "b.last.accept(); b.last.say({type: 'bye', retry_after: 7}); const from = clock.now;"
        "b.last.end(1012); await clock.pass(20000); return b.made[1].at - from;"
    )
    assert _run(modules, story) == 7000


def test_silence_is_a_dead_line(modules: Page) -> None:
    story = (
        "b.last.accept(); await clock.pass(50000);"
        "const pings = b.made[0].sent.filter(({type}) => type === 'ping').length;"
        "const before = b.made.length; await clock.pass(20000);"
        "return [pings, before, b.made.length > 1];"
    )
    assert _run(modules, story) == [2, 1, True]


def test_http_stands_in_until_a_socket_holds(modules: Page) -> None:
    story = (
        "b.last.end(1006); await clock.pass(5000); b.last.end(1006); await clock.pass(4000);"
        "const state = socket.state; const sent = socket.send({type: 'message.send', cid: 'c'});"
        "await clock.pass(10); const polls = b.polls.length; b.last.accept();"
        "await clock.pass(10); const after = b.polls.length; await clock.pass(9000);"
        "return [state, sent, b.posts.length, polls > 0, b.polls.length - after, socket.state,"
        " b.frames.some(({type}) => type === 'ack')];"
    )
    answer = _run(modules, story, fallback=True)
    assert answer == ["polling", True, 1, True, 0, "open", True]


def test_waits_grow_but_never_beyond_half_a_minute(modules: Page) -> None:
    story = (
        "const waits = []; for (let i = 0; i < 12; i += 1) {"
        " const from = clock.now; const made = b.made.length; b.last.end(1006);"
        " while (b.made.length === made) await clock.pass(100);"
        " waits.push(clock.now - from); } return waits;"
    )
    waits = _run(modules, story)
    assert all(wait <= 1100 for wait in waits[:1])
    assert max(waits) <= 30_100


def test_another_history_is_told(modules: Page) -> None:
    story = (
        "b.last.accept('one'); b.last.end(1006); await clock.pass(5000);"
        "b.last.accept('two'); return b.frames.map(({type}) => type);"
    )
    assert _run(modules, story) == ["welcome", "epoch", "welcome"]


def test_what_was_refused_for_its_rate_is_said_again_before_anything_else(modules: Page) -> None:
    say = "socket.send({type: 'message.send', cid: '%s', conversation: '%s', text: ''});"
    nack = "b.last.say({type: 'nack', cid: '%s', code: 'rate', retry: true});"
    story = "".join(
        [
            "b.last.accept();",
            *(say % ("a", "one"), say % ("b", "one"), nack % "a", nack % "b"),
            # Another chat: the visitor began anew meanwhile.
            *(say % ("c", "two"), say % ("d", "two")),
            "return b.last.sent.map(({cid}) => cid).filter(Boolean);",
        ]
    )
    assert _run(modules, story) == ["a", "b", "a", "c", "d"]


def test_a_socket_that_was_given_up_before_it_arrived_is_closed_when_it_does(modules: Page) -> None:
    # Closed on its way, the browser would report an error.
    story = (
        "const first = b.last; await clock.pass(11000); const before = first.readyState;"
        "first.accept(); return [before, first.readyState, first.sent.length];"
    )
    assert _run(modules, story) == [0, 3, 0]
