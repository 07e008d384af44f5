"""Who is at the other end of a connection: intruders with bad frames, and a reader that is too slow.

Neither may cost anybody else anything: the one is hung up on, for the other ticks are dropped and counted, quotes
conflated, and what must not be lost is kept.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from actors.messages import MESSAGES
from actors.messages.market import GetMarketData, GetQuote, Quote, Subscribe, Ticks
from actors.messages.orders import OrderEvent
from actors.messages.state import JournalRows
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.intruder import crowd, pay, visits
from drills.stage import FIVE, Stage
from supervision.boot import socket_path
from supervision.message import Message
from supervision.peer import Peer
from supervision.reactor import Reactor
from supervision.uplink import Arriving, Uplink
from supervision.wire import Codec, Tell

EVERYBODY = (*FIVE, "supervisor", "simulator")
CROWD = 200
"""Silent connections at one door: more than may wait there."""
GROWTH = 10_000_000
"""Bytes a process may have more after what should cost it nothing."""
SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "JPM")
ORDERS = 60
"""Their events are more than the kernel keeps for a reader, so that Order itself has to keep some."""
ORDER_EVERY = 0.03
"""Seconds between orders: no faster than the broker takes them."""
QUIET = 0.5
"""Seconds without a message after which a reader has everything."""


@drill(21, "bad-frames", "broken, foreign and malicious bytes at every actor's socket", about="I7 I9", quick=True)
def bad_frames(ground: Ground) -> None:
    codec = Codec(MESSAGES)
    with ground.service() as stage:
        before = _memory(stage, EVERYBODY)
        _expect_private(stage.run_dir)
        paid = visits(codec, ground.rng)
        for number, name in enumerate(EVERYBODY):
            ground.progress(number / len(EVERYBODY), name)
            for visit in paid:
                hung_up = pay(visit, socket_path(stage.run_dir, name), codec)
                expect(hung_up, f"{name} was sent {visit.name} and did not hang up")
            _crowded(stage, name)
        grown = {name: size - before[name] for name, size in _memory(stage, EVERYBODY).items()}
        ground.record.figures["bad connections"] = (
            f"{len(EVERYBODY) * (len(paid) + CROWD)}, memory up by at most {max(grown.values()) / 1e6:.1f} MB"
        )
        expect(max(grown.values()) < GROWTH, f"bad frames cost memory: {grown}")
        expect(stage.logged("hanging up on intruder"), "the log says on whom we hung up")
        stage.expect_restarts()


def _crowded(stage: Stage, name: str) -> None:
    """Who came first to a crowded door has to go, and the actor answers behind it."""
    with contextlib.ExitStack() as stack:
        members = crowd(socket_path(stage.run_dir, name), CROWD, stack)
        expect(members[0].recv(1) == b"", f"{name} lets {CROWD} strangers wait at its door")
        if name in FIVE:
            expect(stage.answers(name), f"{name} does not answer behind a crowd of strangers")
        else:
            stage.tree()


def _expect_private(run_dir: Path) -> None:
    for path in (run_dir, *run_dir.iterdir()):
        mode = path.stat().st_mode
        expect(not mode & 0o077, f"{path.name} is for its owner alone, its mode is {mode & 0o777:o}")


def _memory(stage: Stage, names: Iterable[str]) -> dict[str, int]:
    pids = {child.name: child.pid for child in stage.actors().values()} | {"supervisor": stage.pid}
    return {name: psutil.Process(pids[name]).memory_info().rss for name in names}


@drill(23, "slow-reader", "a reader of every tick that does not read, while orders go on", about="I2 I7 I12")
def slow_reader(ground: Ground) -> None:
    with ground.service({"simulator.speed": 50}) as stage:
        reader = Reader(stage)
        reader.begin()
        before = _memory(stage, ("market_data", "order"))
        began = time.monotonic()
        for _ in range(ORDERS):
            stage.place()
            time.sleep(ORDER_EVERY)
        stage.until("ticks are dropped for it", lambda: stage.actors()["market_data"].shed > 0, 30.0)
        asleep = time.monotonic() - began
        grown = max(size - before[name] for name, size in _memory(stage, before).items())
        expect(grown < GROWTH, f"a reader that slept for {asleep:.1f} s cost {grown} bytes")
        stage.settle()
        reader.catch_up()
        _expect_all_order_events(stage, reader)
        _expect_latest_quotes(stage, reader)
        view, shed = stage.ask("market_data", GetMarketData()), stage.actors()["market_data"].shed
        expect(view.conflated > 0, "quotes that waited were replaced by newer ones")
        ground.record.figures["a reader that slept"] = (
            f"for {asleep:.1f} s: {shed} messages of ticks dropped, {view.conflated} quotes conflated, all of "
            f"{len(reader.orders)} order events and {len(reader.rows)} journal rows kept, {grown / 1e6:.1f} MB more"
        )
        reader.close()
        stage.expect_restarts()


class Reader:
    """Attached to MarketData and Order over links of its own; reads only when it is told to."""

    def __init__(self, stage: Stage) -> None:
        self.orders: list[OrderEvent] = []
        self.rows: list[int] = []
        """Sequences of the journal's rows."""
        self.quotes: dict[str, Quote] = {}
        self.ticks = 0
        self._stage = stage
        self._reactor = Reactor()
        self._dirty: set[Peer] = set()
        self._heard = time.monotonic()
        self._market = self._link("market_data", "market")
        self._order = self._link("order", "orders", "journal")

    def begin(self) -> None:
        """Subscribe to the ticks of all symbols and read until they come."""
        subscribed: list[Message] = []
        for symbol in SYMBOLS:
            self._market.ask(Subscribe(symbol, ticks=True), timeout=10.0, on_reply=subscribed.append)
        self._read("every symbol ticks", lambda: len(subscribed) == len(SYMBOLS) and self.ticks > 0 and self._order.up)

    def catch_up(self) -> None:
        """Read until nothing more comes."""
        self._heard = time.monotonic()
        self._read("the reader has everything", lambda: time.monotonic() - self._heard > QUIET)

    def close(self) -> None:
        """Leave both."""
        self._market.close()
        self._order.close()
        self._reactor.close()

    def _read(self, what: str, true: Callable[[], bool]) -> None:
        def turn() -> bool:
            while self._dirty:
                self._dirty.pop().flush()
            self._reactor.poll(0.01)
            return true()

        self._stage.until(what, turn)

    def _link(self, name: str, *topics: str) -> Uplink:
        return Uplink(
            name,
            reactor=self._reactor,
            codec=Codec(MESSAGES),
            run_dir=self._stage.run_dir,
            sender=("slow-reader", os.getpid()),
            dirty=self._dirty,
            deliver=self._deliver,
            topics=topics,
        )

    def _deliver(self, link: Uplink, arrived: Arriving) -> None:
        self._heard = time.monotonic()
        if not isinstance(arrived, Tell):
            link.settle(arrived)
            return
        match arrived.body:
            case JournalRows(rows):
                self.rows += [row.sequence for row in rows]
            case OrderEvent():
                self.orders.append(arrived.body)
            case Quote():
                self.quotes[arrived.body.symbol] = arrived.body
            case Ticks():
                self.ticks += 1


def _expect_all_order_events(stage: Stage, reader: Reader) -> None:
    """The watcher of this drill reads all the time: the slow one has exactly what that has."""

    def words(events: Iterable[OrderEvent]) -> list[tuple[str, str, str]]:
        return [(one.order.key, one.event, one.order.status) for one in events]

    watched = words(seen.message for seen in stage.record.seen if isinstance(seen.message, OrderEvent))
    got = words(reader.orders)
    expect(got == watched, f"the slow reader has {len(got)} order events, a quick one {len(watched)}")
    rows = range(reader.rows[0], reader.rows[0] + len(reader.rows))
    expect(reader.rows == [*rows], f"journal rows were lost on the way to the slow reader: {reader.rows}")


def _expect_latest_quotes(stage: Stage, reader: Reader) -> None:
    for symbol in SYMBOLS:
        now = stage.ask("market_data", GetQuote(symbol))
        last = reader.quotes[symbol]
        expect(
            (last.bid, last.ask, last.last) == (now.bid, now.ask, now.last),
            f"the last quote of {symbol} that the slow reader got is {last}, the market stands at {now}",
        )
