"""A position that no execution explains: named, heard of, its contract locked, and unlocked when it is at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.messages.orders import GetOrdersView, Lock, PlaceOrder
from actors.messages.state import Reconcile
from actors.messages.system import CustomEvent
from actors.status import gather
from supervision.errors import Rejected
from tests.support.whole import Whole, whole

WATCHER = {"name": "watcher", "target": "tests.system.watchers:Watcher"}


def locks(service: Whole) -> tuple[Lock, ...]:
    return service.desk.order.ask(GetOrdersView()).locks


def test_a_fill_that_the_broker_never_tells_locks_the_contract_until_its_position_is_at_rest(tmp_path: Path) -> None:
    with whole({"strategies": [WATCHER]}, tmp_path) as service:
        service.wait_open()
        service.becomes("watcher", "running")
        ask = service.desk.order.ask
        service.desk.state.ask(Reconcile("before"))
        heard = service.desk.stream("differences", timeout=10.0)
        service.market("drop execDetails")
        service.market("external BUY 100 AAPL client 9")
        service.until("the position moved", lambda: service.our_positions().get("AAPL") == 100)

        (found,) = [one for one in service.desk.state.ask(Reconcile("test")).differences if one.kind == "position"]
        assert (found.scope, found.ours, found.theirs, found.locks) == ("AAPL in DU1000001", "0", "100", True)
        (lock,) = locks(service)
        with pytest.raises(Rejected, match=r"AAPL is locked in .*its position is 100, executions make it 0"):
            ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="locked"))
        assert any("AAPL" in problem and lock.unlock in problem for problem in gather(service.desk).problems)
        ask(PlaceOrder("MSFT", "BUY", 1, limit=1.0, key="elsewhere"))
        service.until("it is at rest", lambda: not locks(service))
        ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="unlocked"))
        assert service.placed("locked") == 0
        told = next(event for event in heard if isinstance(event, CustomEvent) and found.subject in event.data)
        assert told.topic == "differences"
