"""A gateway that sends a prepared burst of ticks at full speed: the simulator with its market stopped.

`python -m benchmarks.gateway` prints its port, then obeys lines on standard input: `burst N` waits until
the one client has LINES quote lines, sends N tick messages over them, prices and sizes in turn, then one
last price, the sentinel, and prints the monotonic time at which the first byte was written.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from simulator.server import Simulator
from simulator.session import Session
from simulator.settings import Settings
from simulator.wire.fields import message
from simulator.wire.framing import frame
from supervision.reactor import Reactor

SYMBOLS = (
    *("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "AMD", "INTC", "NFLX"),
    *("JPM", "BAC", "XOM", "CVX", "KO", "PEP", "WMT", "DIS", "CSCO", "SPY"),
)
LINES = len(SYMBOLS)
PRICE_FIELDS = (1, 2, 4)
SIZE_FIELDS = (0, 3, 5)


def sentinel(burst: int) -> float:
    """The last price of the last symbol in the burst with this number, the first being 1."""
    return 4321.25 + burst


def frames(request_ids: list[int], count: int, end: float) -> Iterator[bytes]:
    """Tick messages as a gateway sends them, a price with its size, then a size alone; `end` is the last price."""
    for number in range(count):
        request = request_ids[number % len(request_ids)]
        turn = number // 2 % 3
        if number % 2:
            yield frame(message(2, 6, request, SIZE_FIELDS[turn], 100 + number % 900))
        else:
            yield frame(message(1, 6, request, PRICE_FIELDS[turn], f"{100 + number % 500 / 100:.2f}", 100, 1))
    yield frame(message(1, 6, request_ids[-1], 4, end, 1, 0))


def main() -> None:
    """Serve until standard input ends."""
    reactor = Reactor()
    simulator = Simulator(reactor, Settings(), Path(sys.argv[1]))
    simulator.gateway.market.frozen = True
    count = 0

    def command() -> None:
        nonlocal count
        line = sys.stdin.readline()
        if not line:
            os._exit(0)
        count = int(line.split()[1])

    reactor.watch(sys.stdin.fileno(), command)
    print(simulator.port, flush=True)
    burst = 0
    while True:
        reactor.poll(None)
        if count:
            target = _client_with_all_lines(simulator)
            if target is not None:
                session, request_ids = target
                burst += 1
                data = b"".join(frames(request_ids, count, sentinel(burst)))
                counts = {1: count - count // 2 + 1, 2: count // 2}  # ours to know: to count them is not what is timed
                count = 0
                print(time.monotonic(), flush=True)
                session.send_frames(data, counts)


def _client_with_all_lines(simulator: Simulator) -> tuple[Session, list[int]] | None:
    for session in simulator.gateway.sessions:
        watched = simulator.gateway.quotes.watched(session)
        if len(watched) >= LINES:
            return session, sorted(watched)
    return None


if __name__ == "__main__":
    main()
