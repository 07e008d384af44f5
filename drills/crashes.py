"""Processes killed with SIGKILL: actors alone, in pairs, with work in hand and before they have started; the
supervisor itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from functools import partial
from itertools import combinations
from statistics import median
from typing import Final

from actors.messages.market import GetMarketData, GetQuote, GetQuotes, Hold
from actors.messages.orders import GetOrder
from drills import leaks
from drills.drill import drill
from drills.errors import expect
from drills.ground import OFTEN, Ground
from drills.stage import FIVE, Stage, rows
from drills.traffic import SYMBOLS, trading
from simulator.market.listings import LISTINGS
from supervision.errors import AskTimeout

ROUNDS: Final = 10
SLOW_START: Final = "sleep:60"
"""An incarnation that never gets as far as `started` within a drill."""
BELOW_THE_MARKET: Final = 0.8
"""Part of the price at which an order waits."""
LINES: Final = tuple(one.symbol for one in LISTINGS if one.kind == "COMMON" and one.currency == "USD")[:30]
BURST_ROUNDS: Final = 3
ASKS_BETWEEN: Final = 10
"""Asks of clients between two pairs."""


@drill(1, "kill-each", "SIGKILL each of the five in turn, idle", about="I1 I7 I8 I9 I11", quick=True)
def kill_each(ground: Ground) -> None:
    rebuilt: dict[str, list[float]] = {name: [] for name in FIVE}
    with ground.service(OFTEN) as stage:
        for number in range(ROUNDS):
            for name in ground.rng.sample(FIVE, len(FIVE)):
                ground.progress(number / ROUNDS, name)
                blow = stage.strike(name)
                stage.recovers(blow)
                stage.wait_open()
                rebuilt[name].append(time.monotonic() - blow.at)
        stage.expect_restarts(**dict.fromkeys(FIVE, ROUNDS))
    words = ", ".join(f"{name} {median(times) * 1e3:.0f} ms" for name, times in rebuilt.items())
    ground.record.figures["orders may leave again (median)"] = words


@drill(3, "order-in-flight", "SIGKILL Connection with an order in flight, at each instant", about="I3 I4 I5 I7")
def order_in_flight(ground: Ground) -> None:
    """Before its first byte left, after its last, with the broker's first word in hand; and while one works."""
    instants = ("encoded", "written", "report[OrderReport]")
    points = [f"connection.order.{instant}=kill@1/{number}" for number, instant in enumerate(instants, 1)]
    away = f"actor.start[connection]=sleep:1@1/{len(instants) + 2}"
    with ground.service(OFTEN, failpoints=",".join((*points, away))) as stage:
        keys = []
        for number, instant in enumerate(instants, 1):
            key, outcome = stage.attempt(quantity=5)
            expect(outcome == "ok", f"the client is told that {key} may be there, it was {outcome}")
            stage.recovers(stage.fell("connection", number), cause=f"killed: {instant}")
            stage.wait_open()
            stage.wait_unlocked()
            keys.append(key)
        arrived = [stage.placed(key) for key in keys]
        expect(arrived == [0, 1, 1], f"at the broker none of the first order and one of each other, not {arrived}")
        unknown = "select key from journal where json_extract(data, '$.status') = 'UNKNOWN'"
        doubted = {key for (key,) in rows(stage.directory / "orders.db", unknown)}
        expect(doubted == set(keys), f"each was UNKNOWN in the journal until its fate was known, {doubted} were")
        _fills_unheard(stage)
        stage.expect_restarts(connection=len(instants) + 1)


def _fills_unheard(stage: Stage) -> None:
    """An order waits at the broker and fills while Connection is dead: the next session tells."""
    price = stage.desk.market_data.ask(GetQuote("AAPL")).last
    assert price is not None
    waiting = stage.place(quantity=7, limit=round(price * BELOW_THE_MARKET, 2)).key
    stage.until("it waits at the broker", lambda: stage.placed(waiting))
    blow = stage.strike("connection")
    stage.market(f"price AAPL {price * BELOW_THE_MARKET - 5:.2f}")
    filled = "select count(*) from executions where order_ref = ?"
    stage.until("it fills", lambda: stage.ledger(filled, waiting)[0][0])
    expect(not stage.answers("connection", 0.01), "Connection is still away when the order fills")
    stage.recovers(blow, within=2.0, cause="SIGKILL, slow start")
    stage.until("the fill is known", lambda: stage.desk.order.ask(GetOrder(waiting)).status == "FILLED")


@drill(5, "tick-burst", "SIGKILL MarketData in a burst of ticks of many lines", about="I6 I7 I8")
def tick_burst(ground: Ground) -> None:
    """The second incarnation dies with a batch in hand, the others from outside."""
    longest = 0.0
    with ground.service({**OFTEN, "simulator.speed": 100}, failpoints="market_data.ticks=kill@40/2") as stage:
        for symbol in LINES:
            stage.ask("market_data", Hold(symbol))
        for number in range(BURST_ROUNDS):
            ground.progress(number / BURST_ROUNDS, f"{len(LINES)} lines")
            stage.until("every line has ticks", lambda: _ticking(stage))
            blow = stage.strike("market_data")
            stage.recovers(blow)
            if number == 0:
                blow = stage.fell("market_data", 2)
                stage.recovers(blow, cause="killed: batch of ticks in hand")
                (death,) = (one for one in stage.tree().deaths if one.incarnation == 2)
                expect(death.in_hand == "TickBatch", f"a TickBatch in hand at its death, not {death.in_hand!r}")
            stage.until("every line has ticks again", lambda: _ticking(stage))
            longest = max(longest, time.monotonic() - blow.at)
        stage.expect_restarts(market_data=BURST_ROUNDS + 1)
    ground.record.figures[f"{len(LINES)} lines live again after"] = f"{longest * 1e3:.0f} ms at most"


def _ticking(stage: Stage) -> bool:
    live = {quote.symbol for quote in stage.desk.market_data.ask(GetQuotes()).items if quote.state == "live"}
    return live.issuperset(LINES)


@drill(8, "kill-pairs", "SIGKILL every two of the five at once, while clients trade", about="I1 I3 I4 I8")
def kill_pairs(ground: Ground) -> None:
    pairs = [*combinations(FIVE, 2)]
    with ground.service({**OFTEN, "orders.state_grace": 0.05}) as stage:
        for symbol in SYMBOLS:
            stage.ask("market_data", Hold(symbol))  # so that no line is one that nobody wants any more
        with trading(stage, ground.seed, pause=0.02):
            for number, pair in enumerate(ground.rng.sample(pairs, len(pairs))):
                ground.progress(number / len(pairs), " and ".join(pair))
                stage.until("clients trade", partial(_asked, stage, len(stage.record.operations) + ASKS_BETWEEN))
                actors = stage.actors()
                for blow in [stage.strike_pid(actors[name]) for name in pair]:
                    stage.recovers(blow)
                stage.wait_open()
        stage.expect_restarts(**dict.fromkeys(FIVE, len(FIVE) - 1))


def _asked(stage: Stage, number: int) -> bool:
    return len(stage.record.operations) >= number


@drill(9, "killed-before-started", "SIGKILL an actor again and again before it has started", about="I1 I7 I8 I11")
def killed_before_started(ground: Ground) -> None:
    """Each try counts: one more than the intensity, and its supervisor restarts its four, and them alone."""
    name = ground.rng.choice(("connection", "account", "order", "market_data"))
    unfinished = (2, 3, 4)
    points = [f"actor.start[{name}]={SLOW_START}@1/{incarnation}" for incarnation in unfinished]
    settings = {"supervision.intensity": len(unfinished)}
    with ground.service(settings, failpoints=",".join(points)) as stage:
        blow = stage.strike(name)
        for incarnation in unfinished:
            stage.becomes(name, "starting", incarnation)
            stage.strike(name)
        stage.recovers(blow, within=3.0, cause="killed 4 times")
        expect(stage.logged(f"more than {len(unfinished)} restarts in 300 s under broker"), "the log says why")
        stage.wait_open()
        family = dict.fromkeys(("connection", "account", "order", "market_data"), 1)
        stage.expect_restarts(**{**family, name: len(unfinished) + 1})


@drill(
    26, "kill-supervisor", "SIGKILL the supervisor, one child stopped, one busy in C code", about="I3 I4 I9", quick=True
)
def kill_supervisor(ground: Ground) -> None:
    """The children die with it, whatever they do; the next service clears up and finds every order."""
    with ground.service(failpoints="actor.handle[GetMarketData]=spin", judged=False) as stage:
        epoch, run_dir = stage.session().epoch, stage.run_dir
        waiting = stage.place(limit=1.0).key
        stage.until("it waits at the broker", lambda: stage.placed(waiting))
        with trading(stage, ground.seed):
            stage.until("clients have traded", lambda: stage.ledger("select 1 from executions limit 1"))
            stage.strike("account", signal.SIGSTOP)
            with contextlib.suppress(AskTimeout):
                stage.ask("market_data", GetMarketData(), timeout=0.2)
            expect(stage.logged("failpoint actor.handle"), "MarketData is busy in C code")
            family = leaks.footprint(stage).processes
            stage.note("SIGKILL to the supervisor")
            os.kill(stage.pid, signal.SIGKILL)
            seconds = leaks.gone_after(family)
    ground.record.figures["all gone after"] = f"{seconds * 1e3:.0f} ms"
    expect(seconds < leaks.GONE_SECONDS, f"everything gone within 1 s of the supervisor's end, not {seconds:.2f} s")
    with ground.service() as stage:
        expect(not run_dir.exists(), "the next service removes the run directory of the killed one")
        expect(stage.session().epoch == epoch + 1, "the first try brings a session: nobody else has the client id")
        expect(stage.desk.order.ask(GetOrder(waiting)).status == "SUBMITTED", "the waiting order works as before")
