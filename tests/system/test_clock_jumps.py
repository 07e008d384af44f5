"""The clock on the wall is set while the service works, and the machine sleeps: nobody notices but the log."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from queue import Empty, Queue

import pytest

from actors.messages.market import Gap, GetQuote, Hold
from actors.messages.orders import GetOrder, PlaceOrder
from actors.messages.state import CutFinished, Reconcile
from supervision import clock
from supervision.message import Message
from tests.support.whole import Whole, whole

HOUR = 3600.0
EVERY = 1.0  # seconds between two scheduled reconciliations
JUMPS = {
    "forward": (HOUR, 0.0),
    "back": (-HOUR, 0.0),
    "true again": (0.0, 0.0),
    "suspended": (HOUR, HOUR),
}


def live(service: Whole) -> bool:
    quote = service.desk.market_data.ask(GetQuote("AAPL"))
    return quote.state == "live" and quote.age is not None and quote.age < 10.0


def works(service: Whole, key: str) -> bool:
    return service.desk.order.ask(GetOrder(key)).status == "SUBMITTED"


def drained(queue: Queue[Message]) -> list[Message]:
    """What has arrived, taken out."""
    return [queue.get() for _ in range(queue.qsize())]


def wait_scheduled(cuts: Queue[Message], limit: float) -> None:
    """Two cuts of the schedule end within the limit, so that one of them was due after this began."""
    found = 0
    while found < 2:
        try:
            event = cuts.get(timeout=limit)
        except Empty:
            raise AssertionError(f"no scheduled reconciliation for {limit:g} s") from None
        if isinstance(event, CutFinished) and "schedule" in event.cut.cause:
            assert event.cut.confirmed
            found += 1


def test_a_clock_that_is_set_and_a_suspend_restart_nobody_shut_no_gate_and_put_off_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "clock"))
    settings = {"strategies": [], "state.reconcile_every": EVERY, "gateway.heartbeat_interval": HOUR}
    with whole(settings) as service:
        service.wait_open()
        service.desk.market_data.ask(Hold("AAPL"))
        service.until("quotes are live", lambda: live(service))
        before = {name: (child.pid, child.incarnation) for name, child in service.actors().items()}
        session = service.session()
        assert session.last_heartbeat is not None, "the time was not asked at the start"
        cuts: Queue[Message] = Queue()
        gaps: Queue[Message] = Queue()
        service.desk.listen(("risk",), cuts.put)
        service.desk.listen(("market",), gaps.put)
        for name, (calendar, suspended) in JUMPS.items():
            service.market("freeze on")
            beat = service.session().last_heartbeat
            clock.set_shift(tmp_path / "clock", calendar=calendar, suspended=suspended)
            assert live(service) == (suspended == 0.0)
            service.market("freeze off")
            service.until("the gateway is asked at once", lambda beat=beat: service.session().last_heartbeat != beat)
            drained(cuts)
            key = name.replace(" ", "-")
            service.desk.order.ask(PlaceOrder("AAPL", "BUY", Decimal(1), limit=1.0, key=key))
            service.until("the order works", lambda key=key: works(service, key))
            wait_scheduled(cuts, 2 * EVERY + 1.0)
            service.market("code 1100")
            service.until("the gate pauses", lambda: service.gate() == "paused")
            service.market("code 1102")
            assert service.wait_open(5.0) < 5.0
            cut = service.desk.state.ask(Reconcile(name), timeout=10.0)
            assert (cut.confirmed, cut.differences) == (True, ())
            service.until("quotes are live", lambda: live(service))
        assert {name: (child.pid, child.incarnation) for name, child in service.actors().items()} == before
        assert service.session().reconnects == session.reconnects
        lost = [event.reason for event in drained(gaps) if isinstance(event, Gap)]
        assert [reason for reason in lost if "1100" not in reason] == ["the machine was suspended for 3600 s"]
