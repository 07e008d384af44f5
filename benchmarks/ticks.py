"""Ticks per second from the gateway's socket to a strategy's callback, beside ib_async on the same burst.

Ours crosses two process borders (connection, market_data, strategy); ib_async decodes and calls back in
one process. Both get the same bytes from the same gateway process, in turns; the clock runs from the first
byte written to the callback that sees the last tick. For quotes every tick is decoded and booked, and each
symbol's newest state delivered; for ticks each message reaches the callback.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import orjson

from actors.desk import Desk
from benchmarks.report import Row

TITLE = "ticks from the socket to a strategy's callback"
BURST = 200_000
ROUNDS = 3
LIMIT = 60.0
ROOT = Path(__file__).resolve().parent.parent


def measure() -> list[Row]:
    """Rates of ib_async, and of ours for quotes and for ticks."""
    peer, _ = _peer_rates()
    quotes, quote_count, quote_growth = _our_rates(ticks=False)
    ticks, tick_count, tick_growth = _our_rates(ticks=True)
    beside = "ib_async, pendingTickersEvent, one process"
    return [
        Row(
            f"quotes: {BURST:,} ticks booked, {quote_count:,} conflated quotes delivered",
            f"{quotes:,.0f} ticks/s", beside, f"{peer:,.0f} ticks/s", f"{quotes / peer:.2f}x",
        ),
        Row(
            f"ticks: {tick_count:,} of {BURST + 1:,} delivered, the mark included",
            f"{ticks:,.0f} ticks/s", beside, f"{peer:,.0f} ticks/s", f"{ticks / peer:.2f}x",
        ),
        Row("growth of the strategy's memory, first to last burst", f"{quote_growth:+.1f} / {tick_growth:+.1f} MiB"),
    ]  # fmt: skip


@contextmanager
def _gateway() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    with tempfile.TemporaryDirectory(prefix="nd-") as directory:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gateway", directory],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield int(line_of(process)), process
        finally:
            process.kill()
            process.wait()


def _burst(gateway: subprocess.Popen[str], count: int) -> float:
    assert gateway.stdin is not None
    gateway.stdin.write(f"burst {count}\n")
    gateway.stdin.flush()
    return float(line_of(gateway))


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], LIMIT)
    if not ready:
        raise TimeoutError(f"nothing from {process.args} within {LIMIT:g} s")
    line = process.stdout.readline()
    if not line:
        raise ChildProcessError(f"{process.args} ended; its last words are above")
    return line


def _peer_rates() -> tuple[float, int]:
    with _gateway() as (port, gateway):
        peer = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.ib_async_peer", str(port)], cwd=ROOT, text=True, stdout=subprocess.PIPE
        )
        try:
            line_of(peer)
            rates, count = [], 0
            for _ in range(ROUNDS + 1):
                began = _burst(gateway, BURST)
                end, counted = line_of(peer).split()
                rates.append(BURST / (float(end) - began))
                count = int(counted)
            return median(rates[1:]), count
        finally:
            peer.kill()
            peer.wait()


def _our_rates(*, ticks: bool) -> tuple[float, int, float]:
    with _gateway() as (port, gateway), tempfile.TemporaryDirectory(prefix="nd-") as state_dir:
        result = Path(state_dir) / "result.json"
        config = Path(state_dir) / "bench.yaml"
        config.write_text(
            "mode: paper\naccounts: [DU1000001]\n"
            f"gateway: {{port: {port}}}\n"
            "strategies:\n- name: counter\n  target: benchmarks.strategies:Counter\n"
            f"  params: {{result: {result}, ticks: {str(ticks).lower()}}}\n"
        )
        with Desk.start(config, state_dir=Path(state_dir) / "state"):
            outcomes = []
            for _ in range(ROUNDS + 1):
                result.unlink(missing_ok=True)
                began = _burst(gateway, BURST)
                outcome = _wait_for(result)
                outcomes.append((BURST / (outcome["end"] - began), outcome["count"], outcome["rss"]))
        rates, counts, memory = zip(*outcomes[1:], strict=True)
        return median(rates), int(min(counts)), (memory[-1] - memory[0]) / 2**20


def _wait_for(path: Path) -> dict[str, float]:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if path.exists():
            return dict(orjson.loads(path.read_bytes()))
        os.sched_yield()
        select.select([], [], [], 0.01)
    raise TimeoutError(f"the strategy saw no end of the burst within {LIMIT:g} s")
