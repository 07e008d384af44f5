"""Recorded frames through transport, framing, decoder and translation: nothing lost at any chunking."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.ib.framing import frame
from tests.ib.scripted import ACCOUNTS, GREETING, NEXT_ID, Conversation
from tests.support.frames import text_frame

PROJECT = Path(__file__).parents[2]
OWN = Path(__file__).parent / "frames" / "simulated_176.jsonl"
REAL = PROJECT.parent / "shared" / "wire" / "real_frames_176.jsonl"

# What each message must become; messages of other names are for features nobody asks for yet.
BECOMES = {
    "ERR_MSG": ("error", None),
    "OPEN_ORDER": ("order_report", "OrderReport"),
    "ORDER_STATUS": ("order_report", "StatusReport"),
    "COMMISSION_AND_FEES_REPORT": ("order_report", "CommissionReport"),
    "EXECUTION_DATA": ("execution", "ExecutionReport"),
    "ACCOUNT_SUMMARY": ("account_report", "AccountValueReport"),
    "ACCT_VALUE": ("account_report", "AccountValueReport"),
    "PORTFOLIO_VALUE": ("account_report", "PortfolioReport"),
    "POSITION_DATA": ("account_report", "PositionReport"),
    "CONTRACT_DATA": ("item", "ContractDetails"),
    "COMPLETED_ORDER": ("item", "OrderReport"),
    "MARKET_DATA_TYPE": ("data_type", None),
    "PNL": ("profit_and_loss", None),
}


def load(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        pytest.skip(f"the recorded frames are not beside this project: {path.name} in {path.parent.name}/ is missing")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if line["dir"] == "s2c"]


def expected(frames: list[dict[str, Any]]) -> Counter[tuple[str, str | None]]:
    return Counter(BECOMES[frame["name"]] for frame in frames if frame["name"] in BECOMES)


def told(talk: Conversation) -> Counter[tuple[str, str | None]]:
    counts: Counter[tuple[str, str | None]] = Counter()
    for what, details in talk.owner.heard:
        if what in ("order_report", "account_report"):
            kind = type(details).__name__
            counts["execution" if kind == "ExecutionReport" else what, kind] += 1
        elif what == "item":
            kind = type(details[1]).__name__
            if kind == "ExecutionReport":
                counts["execution", kind] += 1
            elif kind == "ContractDetails" or details[0] == "completed orders":
                counts[what, kind] += 1
        elif what in ("error", "data_type", "profit_and_loss"):
            counts[what, None] += 1
    return counts


def replay(frames: list[dict[str, Any]], chunk: int) -> Conversation:
    """All frames in pieces of `chunk` bytes, each looked at before the next is sent; 0 is one write."""
    stream = b"".join(text_frame(*frame["fields"]) for frame in frames)
    talk = Conversation()
    server = talk.start()
    if chunk > 1:
        stream = _padded(frames, stream, chunk)
    size = chunk or len(stream)
    for start in range(0, len(stream), size):
        server.sendall(stream[start : start + size])
        if chunk:
            talk.reactor.poll(1.0)
    talk.sentinel()
    return talk


def _padded(frames: list[dict[str, Any]], stream: bytes, chunk: int) -> bytes:
    """A frame before the others, of a length that makes every cut fall inside one of them."""
    edges = [0]
    for entry in frames:
        edges.append(edges[-1] + len(text_frame(*entry["fields"])))
    for fill in range(1, chunk):
        pad = text_frame(49, 1, "1".zfill(fill))
        if all((edge + len(pad)) % chunk for edge in edges) and (len(stream) + len(pad)) % chunk:
            return pad + stream
    raise AssertionError("no padding keeps the cuts off the edges")


@pytest.mark.parametrize("path", [OWN, REAL], ids=["own", "real"])
def test_recorded_frames_become_our_messages_without_loss_at_any_chunking(path: Path) -> None:
    frames = load(path)
    heard = []
    for chunk in (0, 1, 4096):
        with replay(frames, chunk) as talk:
            assert talk.gateway.bad_frames == 0
            assert told(talk) == expected(frames)
            heard.append([entry for entry in talk.owner.heard if entry[0] not in ("ticks", "current_time")])
    assert msgspec.to_builtins(heard[0]) == msgspec.to_builtins(heard[1]) == msgspec.to_builtins(heard[2])


def test_a_burst_of_exactly_4096_bytes_followed_by_silence_arrives_at_once() -> None:
    tick = text_frame(2, 6, 1_000_000_000, 8, 12345)
    rest = 4096 - 100 * len(tick)
    burst = tick * 100 + text_frame(49, 1, "1".zfill(rest - 4 - 6))
    assert len(burst) == 4096
    with Conversation() as talk:
        talk.start().sendall(burst)
        talk.until(lambda: talk.owner.of("current_time"), timeout=1.0)
        assert sum(len(batch.sizes) for batch in talk.owner.of("ticks")) == 100


def test_the_start_up_frames_themselves_may_come_byte_by_byte() -> None:
    with Conversation() as talk:
        server = talk.dial()
        for byte in GREETING + ACCOUNTS + NEXT_ID:
            server.sendall(bytes([byte]))
            talk.reactor.poll(1.0)
        talk.until(lambda: talk.owner.up)


def test_thousands_of_mutated_frames_end_neither_the_session_nor_in_a_false_tick(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("CRITICAL")
    chance = random.Random(20261120)
    accounts = "15"  # other accounts than at the start end a session on purpose
    originals = [text_frame(*frame["fields"])[4:] for frame in load(OWN) if frame["fields"][0] != accounts]
    with Conversation() as talk:
        talk.start()
        for _ in range(5000):
            payload = bytearray(chance.choice(originals))
            for _ in range(chance.randrange(1, 4)):
                position = chance.randrange(len(payload))
                payload[position : position + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
                payload = payload or bytearray(b"?")
            talk.gateway.received(frame(bytes(payload)))
            assert talk.gateway.open
        assert talk.gateway.bad_frames > 1000
        for batch in talk.owner.of("ticks"):
            assert all(math.isfinite(price) for price in batch.prices)
            assert all(size == -1 or 0 <= size < 1e300 for size in batch.sizes)
