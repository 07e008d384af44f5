"""Messages that come at a bad time or do harm: circles, poison, late answers, commands that nobody waits for.

Delivery is at most once, and the sender is told. What killed its reader is not handed to the next one; what comes
again by the broker's replay and kills again is set aside by name.
"""

from __future__ import annotations

import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import psutil

from actors.domain.order_evidence import APART
from actors.messages.broker import FetchBars
from actors.messages.market import Contract, GetQuote
from actors.messages.orders import GetOrder, GetOrdersView, OrdersView
from actors.messages.state import GetCachedPositions, Reconcile
from drills.drill import drill
from drills.errors import Broken, expect
from drills.ground import Ground
from drills.saboteur import saboteur, told
from drills.stage import CHEAPEST, Blow, Stage
from supervision.errors import ActorUnavailable, AskTimeout, DeliveryError, Rejected
from supervision.lifecycle import DeathRecord
from supervision.message import Ask
from supervision.uplink import HELLO_LIMIT

LATE = 0.5
"""Seconds an ask may take beyond its limit on a machine that has other things to do."""
CIRCLE_SECONDS = 1.0
_ASKED = re.compile(r"sabotage: asking (\w+) took ([\d.]+) s, (\w+)")
POISON: dict[str, Ask[Any]] = {
    "connection": FetchBars(Contract("AAPL"), None, "1 D", "5 mins", "TRADES", rth=True),
    "market_data": GetQuote("AAPL"),
    "order": GetOrder("an order that crashes whoever looks for it"),
    "state": GetCachedPositions(),
}
"""For each a message that nobody sends here to anybody."""


@drill(17, "circle", "a strategy asks another that asks it back, and one that asks itself", about="I2 I7")
def circle(ground: Ground) -> None:
    with ground.service({"strategies": [saboteur("anna"), saboteur("bert")]}) as stage:
        back = told("ask", whom="anna", then=told("nothing").data, seconds=CIRCLE_SECONDS)
        stage.ask("anna", told("ask", whom="bert", then=back.data, seconds=CIRCLE_SECONDS))
        stage.ask("anna", told("ask", whom="anna", then=told("nothing").data, seconds=CIRCLE_SECONDS))
        stage.until("all three asks have ended", lambda: len(_asked(stage)) == 3)
        for whom, seconds, ended in _asked(stage):
            expect(ended != "answered", f"{whom} was waiting itself and cannot have answered")
            expect(seconds < CIRCLE_SECONDS + LATE, f"the ask of {whom} took {seconds} s of {CIRCLE_SECONDS:g}")
        stage.expect_restarts()


def _asked(stage: Stage) -> list[tuple[str, float, str]]:
    """The asks of saboteurs that have ended: whom, seconds, how."""
    found = [_ASKED.match(str(line.get("message", ""))) for line in stage.log()]
    return [(one[1], float(one[2]), one[3]) for one in found if one is not None]


@drill(19, "poison", "a message that always crashes its reader, told once to each of four", about="I8 I11", quick=True)
def poison(ground: Ground) -> None:
    kinds = {name: type(message).__name__ for name, message in POISON.items()}
    points = ", ".join(f"actor.handle[{kind}]=crash@*/*" for kind in kinds.values())
    with ground.service(failpoints=points) as stage:
        for number, (name, message) in enumerate(POISON.items()):
            ground.progress(number / len(POISON), name)
            blow = _poisoned(stage, name, message)
            stage.recovers(blow, cause="poison")
            (death,) = _deaths(stage, name)
            expect(death.in_hand.startswith(kinds[name]), f"{kinds[name]} was in hand, not {death.in_hand!r}")
            expect("FailpointCrash" in death.reason, f"the reason names the exception: {death.reason!r}")
            stage.wait_open()
        stage.expect_restarts(**dict.fromkeys(POISON, 1))


def _poisoned(stage: Stage, name: str, message: Ask[Any]) -> Blow:
    """Tell an actor its poison, and ask it something behind that, which must end in time."""
    child = stage.actors()[name]
    assert child.pid is not None
    stage.note(f"{name} is told {message}")
    at = time.monotonic()
    stage.desk.ref(name).tell(message)
    try:
        stage.ask(name, CHEAPEST[name], timeout=2.0)
    except DeliveryError as error:
        stage.note(f"who asked behind it: {error}")
    return Blow(name, child.incarnation, child.pid, at)


@drill(
    20, "quarantine", "an open order, replayed by the broker, crashes Order each time", about="I4 I8 I11", quick=True
)
def quarantine(ground: Ground) -> None:
    with ground.service() as stage:
        poison, other = (stage.place(limit=1.0, tif="GTC").key for _ in range(2))
        stage.until("the broker has it", lambda: stage.placed(poison))
        ((perm_id,),) = stage.ledger("select perm_id from orders where order_ref = ?", poison)
    name = f"OrderReport perm {perm_id}"
    ground.progress(0.3, "the night it is poison")
    with ground.service(failpoints=f"actor.hand[{name}]=crash@*/*", judged=False, opened=False) as stage:
        stage.until("it is quarantined", lambda: stage.actors()["order"].quarantined == (name,))
        _expect_set_aside(ground, stage, name)
        stage.cancel(other)
        stage.until("the other order is cancelled", lambda: _status(stage, other) == "CANCELLED")
        _expect_nothing_inferred(stage, poison)
        skipped = stage.actors()["order"].skipped
        stage.market("down for 0.3s")
        stage.until("it was replayed and left out", lambda: stage.actors()["order"].skipped > skipped)
        expect(len(_deaths(stage, "order")) == 2, f"Order died twice of it, not {_deaths(stage, 'order')}")
    ground.progress(0.7, "the night it is mended")
    with ground.service() as stage:
        expect(_status(stage, poison) == "SUBMITTED", f"mended, order {poison} works on: {_status(stage, poison)}")
        stage.expect_restarts()


def _expect_set_aside(ground: Ground, stage: Stage, name: str) -> None:
    """Both deaths name it, users are told, nothing is guessed of its order, and no new order leaves."""
    in_hand = [death.in_hand for death in _deaths(stage, "order")]
    expect(in_hand == [name, name], f"two deaths with {name} in hand, not {in_hand}")
    stage.until("the gate says why it is shut", lambda: name in _gate_reasons(stage))
    actors = orjson.loads(ground.command("status", "--json").stdout)["actors"]
    (shown,) = [tuple(row["quarantined"]) for row in actors if row["name"] == "order"]
    expect(shown == (name,), f"status shows that {name} is quarantined, not {shown}")
    with stage.record.window("the poison is quarantined"):
        fresh, outcome = stage.attempt(limit=1.0)
    expect(outcome == "rejected", f"order {fresh} was {outcome} although the gate is shut")


def _expect_nothing_inferred(stage: Stage, key: str) -> None:
    """Two cuts, far enough apart to count as two, in which its order is missing because nobody may look at it."""
    stage.ask("state", Reconcile("drill"), timeout=10.0)
    time.sleep(APART + 0.1)
    stage.ask("state", Reconcile("drill"), timeout=10.0)
    expect(_status(stage, key) == "SUBMITTED", f"order {key} works as before, it is not {_status(stage, key)}")


def _deaths(stage: Stage, name: str) -> list[DeathRecord]:
    return [death for death in stage.tree().deaths if death.name == name]


def _status(stage: Stage, key: str) -> str:
    return stage.ask("order", GetOrder(key)).status


def _gate_reasons(stage: Stage) -> str:
    return "; ".join(stage.ask("order", GetOrdersView()).gate.reasons)


@drill(22, "late-reply", "an answer that comes after its asker gave up, before the next answer", about="I2")
def late_reply(ground: Ground) -> None:
    settings = {"strategies": [saboteur()]}
    with ground.service(settings, failpoints="actor.handle[GetOrder]=sleep:0.2@*/*") as stage:
        first, second = stage.place(limit=1.0).key, stage.place(limit=1.0).key
        for _ in range(2):
            _expect_timeout(stage, GetOrder(first))
            reply = stage.ask("order", GetOrder(second))
            expect(reply.key == second, f"asked for order {second} after a lost ask, and got {reply}")
            _expect_timeout(stage, GetOrder(first))
            view = stage.ask("order", GetOrdersView())
            expect(isinstance(view, OrdersView), f"asked for a view after a lost ask, and got {view}")
        stage.ask("saboteur", told("lose", key=first, seconds=0.1))
        stage.until("the late reply is counted", lambda: stage.actors()["saboteur"].late_replies == 1)
        stage.expect_restarts()


def _expect_timeout(stage: Stage, message: Ask[Any]) -> None:
    try:
        reply = stage.ask("order", message, timeout=0.1)
    except AskTimeout:
        return
    raise Broken(f"Order sleeps for longer than was asked for, and answered {reply}")


@drill(
    25,
    "no-late-order",
    "orders asked for while Order restarts, waits to restart, or sleeps",
    about="I2 I3 I10",
    quick=True,
)
def no_late_order(ground: Ground) -> None:
    settings = {"supervision.backoff.base": 2.0, "supervision.backoff.ceiling": 2.0}
    with ground.service(settings) as stage:
        stage.recovers(_asked_while_it_restarts(stage))
        stage.wait_open()
        never = [_asked_while_it_waits_to_restart(stage), _asked_while_it_sleeps(stage)]
        for key in never:
            expect(stage.placed(key) == 0, f"order {key} was placed when nobody waited for it any more")
            try:
                known = stage.ask("order", GetOrder(key))
            except Rejected:
                continue
            raise Broken(f"order {key} is known, although it was never taken: {known}")
        stage.expect_restarts(order=2)


def _gone(stage: Stage) -> Blow:
    """Kill Order and wait for its end: until then a message might still reach it."""
    blow = stage.strike("order")
    stage.until("it is gone", lambda: not psutil.pid_exists(blow.pid))
    return blow


def _asked_while_it_restarts(stage: Stage) -> Blow:
    """The next incarnation answers, or nothing was delivered: never in between."""
    blow = _gone(stage)
    key, outcome = stage.attempt(limit=1.0)
    expect(outcome != "unknown", f"what became of {key} is known: Order was away, or its successor answered")
    expect(stage.placed(key) == (outcome == "ok"), f"order {key} was {outcome}, {stage.placed(key)} were placed")
    return blow


def _asked_while_it_waits_to_restart(stage: Stage) -> str:
    """The hello is not answered, so the order never leaves its sender. The key of the order."""
    blow = _gone(stage)
    key, began = stage.new_key(), time.monotonic()
    try:
        stage.place(limit=1.0, key=key)
    except ActorUnavailable:
        took = time.monotonic() - began
    else:
        raise Broken(f"Order is not there and has answered for {key}")
    expect(took < HELLO_LIMIT + LATE, f"it took {took:.2f} s to say that Order is not there")
    stage.until("Order is back", lambda: stage.actors()["order"].incarnation > blow.incarnation)
    stage.wait_open()
    return key


def _asked_while_it_sleeps(stage: Stage) -> str:
    """The order waits in the socket until nobody wants it; another, still wanted, is placed. The key of the first."""
    key = stage.new_key()
    stage.ask("order", CHEAPEST["order"])  # connected: the next message reaches the socket
    stage.strike("order", signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        wanted = pool.submit(stage.attempt, limit=1.0)
        try:
            stage.place(limit=1.0, key=key, timeout=0.3)
        except AskTimeout:
            stage.note(f"nobody waits for {key} any more")
        else:
            raise Broken(f"a stopped process has answered for {key}")
        finally:
            stage.strike("order", signal.SIGCONT)
        other, outcome = wanted.result()
    expect(outcome == "ok", f"order {other} was wanted for 5 s and was {outcome}")
    stage.until("the expired one is counted", lambda: stage.actors()["order"].expired == 1)
    return key
