"""placeOrder to the first status callback, and cancel likewise, beside ib_async on the same simulated gateway.

Both sides are connected to one simulator whose market stands still; they take turns, so that a noisy neighbour
disturbs both. Ours is the whole service: from `buy` in a strategy, through the durable intent, to that strategy's
`on_order` with the broker's acknowledgement. ib_async is one process and keeps nothing; its clock runs to statusEvent.
The steps are those of a second service, which stamps them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson

from actors.desk import Desk
from actors.messages.orders import GetOrders, GetOrdersView
from actors.messages.system import CustomEvent
from benchmarks import order_steps
from benchmarks.order_terms import PRICE, SYMBOL
from benchmarks.report import Row, percentile
from benchmarks.ticks import line_of
from drills.generous import GENEROUS
from simulator.control import ControlClient
from supervision.failpoints import STAMPS, VARIABLE

TITLE = "an order, from placing it to the broker's first word, and its cancel"
ROUNDS = 6
PAIRS = 40
"""Orders a round, each placed and cancelled."""
BURST = 100
RATE = 45
"""Messages a second, the pacing of both sides."""
ERRAND_SECONDS = 60.0
ROOT = Path(__file__).resolve().parent.parent
Pair = dict[str, float]
"""When an order was placed, on its way, acknowledged, and the same of its cancel; of a burst how many `seconds`."""


def measure() -> list[Row]:
    """Latencies of both sides, their bursts, and the share of each step."""
    with tempfile.TemporaryDirectory(prefix="nd-") as home, _service(Path(home)) as ours, _peer(ours.port) as peer:
        pairs: list[Pair] = []
        theirs: list[Pair] = []
        for number in range(ROUNDS + 1):
            mine, other = ours.errand("pairs", PAIRS), peer.errand("pairs", PAIRS)
            if number:  # the first round warms both up
                pairs += mine
                theirs += other
        rows = _compared("placeOrder to first status", "place", "acknowledged", pairs, theirs)
        rows += _compared("cancelOrder to Cancelled", "cancel", "cancelled", pairs, theirs)
        rows += _compared("placeOrder, until it returns", "place", "place_sent", pairs, theirs)
        rows.append(_burst(ours, peer))
    return [*rows, *_steps()]


class Ours:
    """A service with a strategy that runs errands; `port` is its simulated gateway's."""

    def __init__(self, desk: Desk, result: Path, port: int) -> None:
        self.port = port
        self._desk = desk
        self._result = result

    def errand(self, what: str, count: int) -> list[Pair]:
        """Have the strategy do it; what it wrote down."""
        self._result.unlink(missing_ok=True)
        self._desk.ref("placer").tell(CustomEvent("errand", [what, count], "bench", datetime.now(UTC)))
        return self.written()

    def written(self) -> list[Pair]:
        """What the strategy writes next."""
        deadline = time.monotonic() + ERRAND_SECONDS
        while not self._result.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the strategy wrote nothing within {ERRAND_SECONDS:g} s")
            time.sleep(0.05)
        return list(orjson.loads(self._result.read_bytes()))

    def working(self) -> int:
        """How many different orders the service knows to work at the broker."""
        orders = self._desk.order.ask(GetOrders()).items
        return len({order.key for order in orders if order.status in ("PRESUBMITTED", "SUBMITTED")})


class Peer:
    """ib_async in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def errand(self, what: str, count: int) -> list[Pair]:
        """Have it do it; what it printed."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what} {count}\n")
        self._process.stdin.flush()
        return list(orjson.loads(line_of(self._process)))


@contextmanager
def _service(home: Path) -> Iterator[Ours]:
    result = home / "result.json"
    config = home / "bench.yaml"
    config.write_text(
        "strategies:\n- name: placer\n  target: benchmarks.order_strategy:Placer\n"
        f"  params: {{result: {result}}}\nlogging: {{level: warning}}\n"
    )
    with Desk.start(config, state_dir=home / "state", settings=GENEROUS) as desk:
        simulator = _simulator(desk)
        with ControlClient("127.0.0.1", simulator["control_port"]) as steering:
            steering.do(f"price {SYMBOL} {PRICE}")
            steering.do("freeze on")
        ours = Ours(desk, result, simulator["port"])
        ours.written()
        while desk.order.ask(GetOrdersView()).gate.state != "open":
            time.sleep(0.05)
        yield ours


def _simulator(desk: Desk) -> dict[str, int]:
    assert desk.service is not None
    return dict(orjson.loads((Path(desk.service.directory) / "simulator.json").read_bytes()))


@contextmanager
def _peer(port: int) -> Iterator[Peer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.order_peer", str(port)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        line_of(process)
        yield Peer(process)
    finally:
        process.kill()
        process.wait()


def _compared(what: str, begin: str, end: str, ours: list[Pair], theirs: list[Pair]) -> list[Row]:
    rows = []
    for share in (0.5, 0.99):
        mine, other = (percentile([pair[end] - pair[begin] for pair in pairs], share) for pairs in (ours, theirs))
        rows.append(
            Row(
                f"{what}, p{share * 100:.0f} ({len(ours)})",
                f"{mine * 1e6:.0f} us", "ib_async", f"{other * 1e6:.0f} us", f"{mine / other:.2f}x",
            )
        )  # fmt: skip
    return rows


def _burst(ours: Ours, peer: Peer) -> Row:
    (theirs,), (mine,) = peer.errand("burst", BURST), ours.errand("burst", BURST)
    lost = BURST - ours.working()
    pace = (BURST - 1) // RATE * 1.0
    return Row(
        f"{BURST} orders at once, all acknowledged, {lost} lost",
        f"{mine['seconds']:.2f} s",
        f"ib_async {theirs['seconds']:.2f} s; the pacing allows",
        f"{pace:.2f} s",
        f"{mine['seconds'] / pace:.2f}x",
    )


def _steps() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="nd-") as directory:
        home = Path(directory)
        stamps = home / "stamps"
        os.environ |= {VARIABLE: order_steps.armed(), STAMPS: str(stamps)}
        try:
            with _service(home) as ours:
                ours.errand("pairs", PAIRS)
                pairs = ours.errand("pairs", 2 * PAIRS)
                found = order_steps.read(stamps.read_text().splitlines())
        finally:
            del os.environ[VARIABLE], os.environ[STAMPS]
    placed = [(pair["place"], pair["acknowledged"]) for pair in pairs]
    cancelled = [(pair["cancel"], pair["cancelled"]) for pair in pairs]
    bytes_out = order_steps.until("connection.order.written", placed, found)
    return [
        Row("from the strategy's ask to the bytes on the socket, durable, stamped, p50", f"{bytes_out * 1e6:.0f} us"),
        *order_steps.shares("place", order_steps.PLACING, placed, found),
        *order_steps.shares("cancel", order_steps.CANCELLING, cancelled, found),
    ]
