"""What happens to a socket that speaks too fast, reads too slowly, or talks nonsense."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from chat.models import Entry
from chat.protocol import FRAMES, BadFrame, Close, decode
from chat.sockets import base, rates
from chat.sockets.rates import PINGS_MAX, REFUSALS_MAX, Bucket
from chat.sockets.watch import Watch
from tests.support.factories import make_conversation
from tests.support.sockets import db, new_cid, visitor_socket

transactional = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chat(vera):
    return make_conversation(vera)


@pytest.fixture
def limits(settings):
    """Set the limits of a socket: `limits(rate=…, burst=…)`."""

    def change(*, rate: float, burst: int) -> None:
        settings.IMECE = settings.IMECE | {"SOCKET_RATE": rate, "SOCKET_BURST": burst}

    return change


async def flood(client, conversation, count):
    cids = [new_cid() for _ in range(count)]
    for number, cid in enumerate(cids):
        await client.say(type="message.send", cid=cid, conversation=conversation, text=str(number))
    return cids, [await client.answer_to(cid) for cid in cids]


class Clock:
    """Time of the limits that passes only while a socket is kept waiting, not on a busy machine."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(rates, "time", clock)
    monkeypatch.setattr(base, "asyncio", clock)
    return clock


@transactional
async def test_a_burst_passes_and_a_little_more_is_only_slowed_down(chat, vera, limits):
    limits(rate=50, burst=5)
    async with visitor_socket(vera) as visitor:
        began = time.monotonic()
        _, answers = await flood(visitor, chat.public_id, 15)
        assert {answer["type"] for answer in answers} == {"ack"}
        assert time.monotonic() - began >= 0.19


@transactional
async def test_a_socket_that_asks_all_the_time_whether_we_are_here_is_closed(vera):
    async with visitor_socket(vera) as visitor:
        for _ in range(PINGS_MAX):
            await visitor.say(type="ping")
            await visitor.hear("pong")
        for _ in range(PINGS_MAX):
            await visitor.say(type="ping")
        assert await visitor.close_code() == Close.RATE


@transactional
async def test_a_flood_is_refused_from_one_send_on_until_that_one_comes_again(
    chat, vera, limits, clock
):
    limits(rate=4, burst=3)
    async with visitor_socket(vera) as visitor:
        cids, answers = await flood(visitor, chat.public_id, 20)
        kinds = [answer["type"] for answer in answers]
        first = kinds.index("nack")
        # The burst, and what two seconds of patience let through.
        assert first == 3 + 8
        assert set(kinds[:first]) == {"ack"}
        assert {(answer["code"], answer["retry"]) for answer in answers[first:]} == {("rate", True)}
        limits(rate=1_000_000, burst=50)
        clock.now += 1
        later = await visitor.send_message(chat.public_id, "later", cid=cids[first + 1])
        assert (later["type"], later["code"]) == ("nack", "rate")
        for cid in cids[first:]:
            again = await visitor.send_message(chat.public_id, str(cids.index(cid)), cid=cid)
            assert again["type"] == "ack"
        said = await db(lambda: list(Entry.objects.order_by("seq").values_list("body", flat=True)))
        assert said == [str(number) for number in range(20)]


@transactional
async def test_who_never_listens_is_closed_with_4429(chat, vera, limits):
    limits(rate=0.1, burst=1)
    async with visitor_socket(vera) as visitor:
        for _ in range(REFUSALS_MAX + 3):
            await visitor.say(
                type="message.send", cid=new_cid(), conversation=chat.public_id, text="x"
            )
        assert await visitor.close_code() == Close.RATE


@transactional
async def test_pings_are_not_counted(vera, limits):
    limits(rate=0.1, burst=1)
    async with visitor_socket(vera) as visitor:
        for _ in range(50):
            await visitor.say(type="ping")
        for _ in range(50):
            assert (await visitor.hear())["type"] == "pong"


@transactional
async def test_a_socket_whose_other_end_does_not_read_is_closed_with_4408(chat, vera):
    async with visitor_socket(vera) as visitor:
        (socket,) = Watch.here().sockets
        Watch.here().end_stalled()
        assert await visitor.is_silent()
        socket.sending_since = time.monotonic() - 21
        Watch.here().end_stalled()
        assert await visitor.close_code() == Close.SLOW


def test_a_bucket_fills_up_again(limits, clock):
    limits(rate=1000, burst=2)
    bucket = Bucket()
    assert [bucket.take(), bucket.take()] == [0, 0]
    missing = bucket.take()
    assert 0 < missing <= 0.001
    clock.now += missing
    assert bucket.take() == 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([chr(0xD800), "\0", "__class__", "hello", "' OR 1=1 --"]),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4)
    ),
    max_leaves=8,
)
NAMES = sorted({name for fields in FRAMES["agent"].values() for name in fields})
FRAME = st.fixed_dictionaries(
    {"type": st.sampled_from([*FRAMES["agent"], "bad"]) | JSON},
    optional=dict.fromkeys(NAMES, JSON),
).map(json.dumps)


@given(text=FRAME | st.text(max_size=200) | JSON.map(json.dumps))
def test_decoding_gives_checked_fields_or_nothing(text):
    try:
        frame = decode(text, "agent")
    except BadFrame:
        return
    fields = FRAMES["agent"][frame["type"]]
    assert set(frame) == {"type", *fields}
    for name, field in fields.items():
        assert frame[name] == field.default or field.check(frame[name])


@transactional
@given(frames=st.lists(FRAME | st.text(min_size=1, max_size=50), max_size=6))
@examples(max_examples=25)
async def test_nonsense_never_kills_the_process_nor_leaks(frames, chat, vera, caplog):
    caplog.clear()
    async with visitor_socket(vera) as visitor:
        for frame in frames:
            await visitor.send_to(text_data=frame)
        await visitor.send_to(bytes_data=b"end")
        heard = []
        while (message := await visitor.receive_output(5))["type"] != "websocket.close":
            heard.append(json.loads(message["text"]))
        assert message["code"] == Close.BAD_FRAME
        assert {frame["type"] for frame in heard} <= {"pong", "nack", "ack", "entries", "event"}
    assert "socket.failed" not in caplog.text
    async with visitor_socket(vera) as again:
        assert await again.is_silent()
