"""Actors that stand still or are slow: a hang is cured within its limit, slowness is shown and never punished.

The hang limit is small here, so that a night has room for many; everything else is as users have it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from typing import Any

from actors.messages.orders import GetOrder
from drills.drill import drill
from drills.errors import Broken, expect
from drills.ground import Ground
from drills.meanwhile import meanwhile
from drills.messages import POISON
from drills.saboteur import saboteur, told
from drills.stage import CHEAPEST, Blow, Stage
from drills.traffic import trading
from supervision.errors import ActorDied, DeliveryError
from supervision.lifecycle import DeathRecord, GetTree, StopChild
from supervision.message import Ask

HANG_LIMIT = 1.5
CURED = HANG_LIMIT + 2.0
"""Seconds from the beginning of a hang to the next answer."""
HANGING = {"supervision.hang_limit": HANG_LIMIT}
PATIENCE = (0.3, 1.0, 8.0)
"""Seconds that clients are ready to wait for an actor that hangs."""
FLOOD = 50_000
FLOODERS = 16
LONG = 500
"""Messages that wait: more than a second's work, and than one connection may have in the mailbox."""
ORDER_EVERY = 0.03
FAIR = 0.1
"""Seconds that half of what is asked beside a flood may take at most; behind the flood it would be more."""
ON_TIME = 0.5
"""Seconds a supervisor may take to answer on two cores that are both kept busy; usually it takes a few ms."""


@drill(14, "hang", "a handler never returns, in one of the five and in a strategy", about="I2 I8 I11")
def hang(ground: Ground) -> None:
    name = ground.rng.choice(sorted(POISON))
    kind = type(POISON[name]).__name__
    settings = {**HANGING, "strategies": [saboteur()]}
    with ground.service(settings, failpoints=f"actor.handle[{kind}]=hang") as stage:
        with _clients(stage, name, CHEAPEST[name], PATIENCE):
            blow = _tell(stage, name, POISON[name], "failpoint actor.handle")
        _cured(stage, blow, in_hand=kind, culprit="failpoints.py")
        stage.wait_open()
        ground.progress(0.5, "strategy")
        with _clients(stage, "saboteur", told("nothing"), PATIENCE):
            blow = _tell(stage, "saboteur", told("hang"), "sabotage: hang")
        _cured(stage, blow, in_hand="Publish", culprit="saboteur.py")
        stage.expect_restarts(saboteur=1, **{name: 1})


@drill(15, "stopped", "SIGSTOP to Order and to an idle actor, SIGCONT when it is too late", about="I1 I2 I8")
def stopped(ground: Ground) -> None:
    idle = ground.rng.choice(("account", "state"))
    with ground.service(HANGING) as stage, trading(stage, ground.seed):
        with ThreadPoolExecutor() as pool, _clients(stage, "order", CHEAPEST["order"], (8.0,)) as ended:
            blows = [stage.strike(name, signal.SIGSTOP) for name in ("order", idle)]
            back = [pool.submit(stage.recovers, blow, CURED, cause="SIGSTOP") for blow in blows]
        expect(isinstance(ended[0], ActorDied), f"who waited for the stopped Order is told that it died, not {ended}")
        for one in back:
            one.result()
        for blow in blows:
            with contextlib.suppress(ProcessLookupError):
                os.kill(blow.pid, signal.SIGCONT)
                expect(False, f"process {blow.pid} was to be gone when its successor answered")
            death = death_of(stage, blow)
            expect(death.exit_code == -signal.SIGKILL, f"a stopped process ends by SIGKILL alone, not: {death}")
        stage.wait_open()
        stage.expect_restarts(order=1, **{idle: 1})


@drill(16, "busy", "computing for ever: Order in C with the interpreter locked, a strategy in Python", about="I8 I11")
def busy(ground: Ground) -> None:
    settings = {**HANGING, "strategies": [saboteur()]}
    with ground.service(settings, failpoints="actor.handle[GetOrder]=spin") as stage:
        with _supervisor_asked(stage) as answers:
            order = _tell(stage, "order", GetOrder("an order to think about for ever"), "failpoint actor.handle")
            strategy = _tell(stage, "saboteur", told("spin"), "sabotage: spin")
            _cured(stage, order, in_hand="GetOrder", culprit="failpoints.py")
            _cured(stage, strategy, in_hand="Publish", culprit="saboteur.py")
        slowest = max(answers)
        ground.record.figures["supervisor answered beside two busy actors"] = (
            f"{len(answers)} times, median {median(answers) * 1000:.1f} ms, slowest {slowest * 1000:.0f} ms"
        )
        expect(slowest < ON_TIME, f"the supervisor is on time whoever hangs; it took {slowest:.2f} s to answer")
        stage.wait_open()
        stage.expect_restarts(order=1, saboteur=1)


@drill(18, "slow", "messages that take 80 % of the hang limit each, in a long queue", about="I7")
def slow(ground: Ground) -> None:
    settings = {"supervision.hang_limit": 1.0, "strategies": [saboteur()]}
    with ground.service(settings) as stage:
        ref = stage.desk.ref("saboteur")
        for _ in range(8):
            ref.tell(told("sleep", seconds=0.8))
        flagged = stage.until("the slow one is flagged", lambda: _state(stage, "saboteur") == "overloaded")
        cleared = stage.until("the flag goes away", lambda: _state(stage, "saboteur") == "running")
        ground.record.figures["overload shown"] = f"after {flagged:.1f} s, for {cleared:.1f} s"
        for text in ("saboteur is overloaded", "saboteur is no longer overloaded"):
            expect(stage.logged(text), f"the log says: {text}")
        stage.expect_restarts()


@drill(24, "flood", "50,000 messages at once: others are served meanwhile, a stop is obeyed", about="I2 I7")
def flood(ground: Ground) -> None:
    with ground.service({"strategies": [saboteur()]}) as stage:
        stage.place(limit=1.0)  # the first order of a symbol waits for its quote
        stage.desk.ref("saboteur").tell(told("tells", whom="order", count=FLOOD))
        orders, asks = _served(stage, until=f"{FLOOD} tells are out")
        stage.until("the whole flood is handled", lambda: stage.actors()["order"].handled > FLOOD)
        expect(orders and asks, "nobody at all is served beside the flood")
        ground.record.figures["beside a flood of Order"] = f"orders took {_spread(orders)}, asks {_spread(asks)}"
        for name, took in (("an order", orders), ("an ask", asks)):
            expect(max(took) < 1.0, f"{name} is served within a second beside the flood, not in {max(took):.2f} s")
            expect(median(took) < FAIR, f"{name} does not queue behind the flood; half took over {median(took):.3f} s")
        expect(len(orders) >= 5, f"the flood was over after {len(orders)} orders, too soon to tell anything")
        obeyed = _stopped_in_a_flood(stage)
        ground.record.figures["flooded strategy stopped after"] = f"{obeyed * 1000:.0f} ms"
        expect(obeyed < 1.0, f"Stop was obeyed after {obeyed:.2f} s, behind what waited")
        stage.expect_restarts(saboteur=0)


# --- what happens to an actor ----------------------------------------------------------------------


def _tell(stage: Stage, name: str, message: Ask[Any], logged: str) -> Blow:
    """Tell an actor what it will not come back from; returns once it says that it begins."""
    child = stage.actors()[name]
    assert child.pid is not None
    stage.note(f"{name} is told {message}")
    at = time.monotonic()
    stage.desk.ref(name).tell(message)
    stage.until(f"{name} logs {logged!r}", lambda: stage.logged(logged))
    return Blow(name, child.incarnation, child.pid, at)


def _cured(stage: Stage, blow: Blow, *, in_hand: str, culprit: str) -> None:
    """It is back in time, and the death record says what it did: `culprit` is a file on its stack."""
    stage.recovers(blow, within=CURED, cause="hang")
    death = death_of(stage, blow)
    expect(death.reason.startswith("hung"), f"the reason of the death is that it hung, not {death.reason!r}")
    expect(death.in_hand.startswith(in_hand), f"{in_hand} was in hand, not {death.in_hand!r}")
    expect(culprit in death.stacks, f"the stacks show {culprit}: {death.stacks or 'there are none'}")
    dumped = [line for line in stage.log() if str(line.get("message", "")).startswith(f"stacks of {blow.name} ")]
    expect(any(culprit in line["message"] for line in dumped), f"the stacks of {blow.name} are in the log")


def death_of(stage: Stage, blow: Blow) -> DeathRecord:
    """The record of the incarnation that a blow ended. Raises Broken."""
    for death in stage.tree().deaths:
        if (death.name, death.incarnation) == (blow.name, blow.incarnation):
            return death
    raise Broken(f"there is no death record of {blow.name} (incarnation {blow.incarnation})")


def _state(stage: Stage, name: str) -> str:
    return stage.actors()[name].state


# --- clients meanwhile -----------------------------------------------------------------------------


@contextmanager
def _clients(
    stage: Stage, name: str, message: Ask[Any], limits: tuple[float, ...]
) -> Iterator[list[DeliveryError | None]]:
    """Clients that were connected before the body, and ask after it; how their asks ended is there at the end."""
    ended: list[DeliveryError | None] = []
    connected = threading.Barrier(len(limits) + 1)
    begun = threading.Event()

    def client(limit: float) -> DeliveryError | None:
        stage.ask(name, message)
        connected.wait()
        begun.wait()
        try:
            stage.ask(name, message, limit)
        except DeliveryError as error:
            return error
        return None

    with ThreadPoolExecutor(len(limits)) as pool:
        asks = [pool.submit(client, limit) for limit in limits]
        try:
            connected.wait(timeout=10.0)
            yield ended
        finally:
            begun.set()
            ended += [ask.result() for ask in asks]
    expect(all(ended), f"{name} hangs and cannot have answered: {ended}")


@contextmanager
def _supervisor_asked(stage: Stage) -> Iterator[list[float]]:
    """Ask the supervisor every few milliseconds while the body runs; the seconds each answer took."""
    took: list[float] = []

    def client(over: threading.Event) -> None:
        while not over.wait(0.02):
            began = time.monotonic()
            stage.desk.supervisor.ask(GetTree())
            took.append(time.monotonic() - began)

    with meanwhile(client):
        yield took


def _served(stage: Stage, until: str) -> tuple[list[float], list[float]]:
    """Place orders, no faster than the broker takes them, and ask meanwhile, until the log says `until`.

    The seconds that each order and each ask took.
    """
    orders: list[float] = []
    asks: list[float] = []
    due = time.monotonic()
    while not stage.logged(until):
        began = time.monotonic()
        if began >= due:
            due = began + ORDER_EVERY
            stage.place(limit=1.0)
            orders.append(time.monotonic() - began)
        else:
            stage.ask("order", CHEAPEST["order"])
            asks.append(time.monotonic() - began)
    return orders, asks


def _spread(took: list[float]) -> str:
    return f"{median(took) * 1000:.1f} ms, at most {max(took) * 1000:.0f} ms ({len(took)})"


def _stopped_in_a_flood(stage: Stage) -> float:
    """The seconds until a strategy that has a long backlog, and gets more, has obeyed a stop."""
    ref = stage.desk.ref("saboteur")
    connected = threading.Barrier(FLOODERS, timeout=10.0)

    def flood() -> None:
        stage.ask("saboteur", told("nothing"))
        connected.wait()
        with contextlib.suppress(DeliveryError):  # it is gone in the middle of it
            for _ in range(FLOOD // FLOODERS):
                ref.tell(told("sleep", seconds=0.005))

    with ThreadPoolExecutor(FLOODERS) as pool:
        for _ in range(FLOODERS):
            pool.submit(flood)
        stage.until("its backlog is long", lambda: stage.actors()["saboteur"].mailbox > LONG)
        began = time.monotonic()
        stage.ask("supervisor", StopChild("saboteur"))
        stage.until("it is parked", lambda: _state(stage, "saboteur") == "parked")
        return time.monotonic() - began
