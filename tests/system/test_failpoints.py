"""Every failpoint is reached by a service at work, and dying there costs nothing but the restart."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.failpoints import FAILPOINTS
from actors.messages.market import Hold
from actors.messages.orders import CancelOrder, GetOrders, Halt, ModifyOrder, PlaceOrder, Resume
from actors.messages.state import Reconcile
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import VARIABLE
from supervision.message import Ask
from tests.support.whole import Whole, whole

SETTINGS = {
    "strategies": [],
    "orders.unanswered_after": 1.0,
    "supervision.intensity": 1000,
    "supervision.period": 1e9,
    "supervision.backoff.base": 0.001,
    "supervision.backoff.ceiling": 0.001,
    "gateway.backoff.base": 0.05,
    "gateway.backoff.ceiling": 0.05,
}
SYMBOLS = itertools.cycle(("AAPL", "MSFT", "NVDA", "SPY", "TSLA", "AMZN"))
keys = (f"key-{number}" for number in itertools.count(1))


def tried(service: Whole, message: Ask[object]) -> None:
    """Ask Order or MarketData, whatever comes of it."""
    asked = service.desk.market_data if isinstance(message, Hold) else service.desk.order
    with contextlib.suppress(DeliveryError, Rejected):
        asked.ask(message, timeout=1.0)


def rest(service: Whole) -> str:
    key = next(keys)
    tried(service, PlaceOrder("AAPL", "BUY", 1, limit=1.0, key=key))
    return key


def fill(service: Whole) -> None:
    tried(service, PlaceOrder("AAPL", "BUY", 10, key=next(keys)))


def modify(service: Whole) -> None:
    tried(service, ModifyOrder(rest(service), quantity=2))


def cancel(service: Whole) -> None:
    tried(service, CancelOrder(rest(service)))


def halt(service: Whole) -> None:
    tried(service, Halt("test"))
    tried(service, Resume("test"))


def watch(service: Whole) -> None:
    tried(service, Hold(next(SYMBOLS)))


def wait(_: Whole) -> None:
    """It comes by itself after the restart."""


Act = Callable[[Whole], object]
CHAINS: dict[str, dict[str, Act]] = {
    "order": {
        "actor.start[order]": wait,
        "actor.handle[PlaceOrder]": rest,
        "order.intent.checked": rest,
        "order.intent.journalled": rest,
        "order.transmit.handed": rest,
        "order.transmitted.heard": rest,
        "order.journal.lingered": rest,
        "order.modify.journalled": modify,
        "order.cancel.handed": cancel,
        "order.execution.heard": fill,
        "order.execution.journalled": fill,
        "order.cut.heard": wait,
        "order.cut.applied": wait,
        "order.halt.heard": halt,
        "order.halt.journalled": halt,
        "order.journal.commit": wait,
        "order.journal.rows": wait,
        "actor.hand": rest,  # in an incarnation that no other actor comes to
    },
    "connection": {
        "connection.session.up": wait,
        "connection.order.encoded": rest,
        "connection.order.written": rest,
        "connection.order.report": rest,
        "connection.line.requested": watch,
    },
    "market_data": {"market_data.ticks": watch, "market_data.subscribe": watch},
    "account": {"account.value": wait, "account.downloaded": wait},
    "state": {
        "state.journal.ask": wait,
        "state.journal.heard": rest,
        "state.journal.stored": rest,
        "state.commit": wait,
        "state.cut.part": wait,
        "state.cut.collected": wait,
        "state.cut.finished": wait,
        "state.positions.heard": wait,
    },
}
"""Of each actor: where its incarnations die, from the second on, and what is done until they do."""


def armed() -> list[str]:
    return [f"{name}=kill@1/{number}" for chain in CHAINS.values() for number, name in enumerate(chain, 2)]


def died_at(log: str) -> list[str]:
    return re.findall(r"failpoint (\S+) acts", log)


def test_each_failpoint_is_reached_and_nothing_is_lost_or_doubled_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {name.partition("[")[0] for chain in CHAINS.values() for name in chain} == {*FAILPOINTS}
    monkeypatch.setenv(VARIABLE, ",".join(armed()))
    with whole(SETTINGS, tmp_path) as service:
        service.wait_open()
        for actor, chain in CHAINS.items():
            service.kill(actor)
            for incarnation, (name, act) in enumerate(chain.items(), 2):

                def died(actor: str = actor, act: Act = act, incarnation: int = incarnation) -> bool:
                    act(service)
                    return service.actors()[actor].incarnation > incarnation

                service.until(f"{actor} dies at {name}", died)
            service.until("no kill switch is left", lambda: service.desk.order.ask(Resume("test")))
            service.wait_open()
        service.settle()
        service.until("nothing is open to question", lambda: not unresolved(service))
        service.until("positions agree", lambda: service.our_positions() == service.ledger_positions())
        service.assert_nothing_doubled()
        reconciled = service.reached(
            "State, just restarted, has heard of the session",
            lambda: service.desk.state.ask(Reconcile("test"), timeout=20.0),
        )
        assert reconciled.differences == ()
        restarts = {name: child.restarts for name, child in service.actors().items() if name in CHAINS}
        assert restarts == {actor: len(chain) + 1 for actor, chain in CHAINS.items()}
    log = (tmp_path / "service.log").read_text()
    assert died_at(log) == armed()
    assert f"{VARIABLE} is set, this service breaks on purpose" in log


def unresolved(service: Whole) -> list[str]:
    doubtful = ("INTENT", "SENDING", "SENT", "UNKNOWN")
    return [order.key for order in service.desk.order.ask(GetOrders(all=True)).items if order.status in doubtful]
