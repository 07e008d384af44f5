"""A disk that is full for the processes of a running service: it fails closed, loses nothing, and opens by itself."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from actors.messages.orders import CancelOrder, GetExecutions, GetOrder, GetOrdersView, PlaceOrder
from actors.messages.state import GetReconciliation, Reconcile
from actors.status import gather
from supervision.errors import Rejected
from supervision.lifecycle import ChildView
from tests.support.whole import Whole, whole

WRITERS = ("order", "state")


def limit_files(service: Whole, size: int, names: tuple[str, ...] = WRITERS) -> None:
    """From now on these actors can write no byte beyond `size` into any file."""
    for name in names:
        pid = service.actors()[name].pid
        assert pid is not None
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def followed(service: Whole) -> bool:
    """State has every row of the order journal."""
    theirs = rows(service.directory / "orders.db", "select max(sequence) from journal")
    return theirs == rows(service.directory / "state.db", "select max(journal_sequence) from audit")


def test_with_a_full_disk_orders_are_refused_fills_are_kept_and_it_opens_by_itself_when_there_is_room(
    tmp_path: Path,
) -> None:
    with whole({"strategies": []}, tmp_path) as service:
        service.wait_open()
        ask = service.desk.order.ask
        for key in ("filled-meanwhile", "cancelled-meanwhile"):
            ask(PlaceOrder("AAPL", "BUY", 10, limit=1.0 if key.startswith("c") else 2.0, tif="GTC", key=key))
            service.until(f"{key} rests", lambda key=key: ask(GetOrder(key)).status == "SUBMITTED")
        pids = {name: child.pid for name, child in service.actors().items()}
        limit_files(service, 0)
        with pytest.raises(Rejected, match=r"not placed: .*orders\.db could not be written"):
            ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="refused"))
        with pytest.raises(Rejected, match="gate closed: the order journal cannot be written"):
            ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="refused"))
        assert ask(CancelOrder("cancelled-meanwhile")).key == "cancelled-meanwhile"
        service.until("cancelled", lambda: ask(GetOrder("cancelled-meanwhile")).status == "CANCELLED")
        service.market("price AAPL 1.5")
        service.until("filled", lambda: ask(GetOrder("filled-meanwhile")).filled == 10)
        service.until("State noticed", lambda: service.desk.state.ask(GetReconciliation()).trouble)
        with pytest.raises(Rejected, match="nothing can be stored"):
            service.desk.state.ask(Reconcile("test"))
        problems = "; ".join(gather(service.desk).problems)
        assert "gate closed: the order journal cannot be written" in problems
        assert "state is degraded, nothing can be stored" in problems
        assert not rows(service.directory / "orders.db", "select * from fills")
        limit_files(service, resource.RLIM_INFINITY)
        service.wait_open()
        service.until("healthy", lambda: gather(service.desk).healthy)
        service.until("State has caught up", lambda: followed(service))
        assert {name: child.pid for name, child in service.actors().items()} == pids
        for name in WRITERS:
            service.kill(name)
        service.wait_open()
        order = ask(GetOrder("filled-meanwhile"))
        assert (order.status, order.filled, ask(GetOrdersView()).working) == ("FILLED", Decimal(10), 0)
        ours = {one.exec_id for one in ask(GetExecutions()).items}
        assert ours == {exec_id for (exec_id,) in service.ledger("select exec_id from executions")}
        assert service.ledger("select 1 from orders where order_ref = 'refused'") == []
        assert ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="refused")).key == "refused"
        assert service.desk.state.ask(Reconcile("test")).differences == ()
    assert "before this one are lost: the log took nothing" in (tmp_path / "service.log").read_text()


def test_a_disk_that_is_full_for_state_alone_lets_cancels_out_and_no_new_order_until_there_is_room(
    tmp_path: Path,
) -> None:
    with whole({"strategies": [], "orders.state_grace": 0.2}, tmp_path) as service:
        service.wait_open()
        ask = service.desk.order.ask
        ask(PlaceOrder("AAPL", "BUY", 10, limit=1.0, tif="GTC", key="rests"))
        service.until("it rests", lambda: ask(GetOrder("rests")).status == "SUBMITTED")
        limit_files(service, 0, ("state",))
        with pytest.raises(Rejected, match=r"could not be stored|nothing can be stored"):
            service.desk.state.ask(Reconcile("test"))
        service.until("the gate heard of it", lambda: service.gate() == "paused")
        with pytest.raises(Rejected, match=r"gate paused: state has been unable to store \(.*state\.db could not be"):
            ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="refused"))
        assert any("state has been unable to store" in problem for problem in gather(service.desk).problems)
        ask(CancelOrder("rests"))
        service.until("cancelled", lambda: ask(GetOrder("rests")).status == "CANCELLED")
        limit_files(service, resource.RLIM_INFINITY, ("state",))
        service.wait_open()
        assert ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="placed")).key == "placed"
        assert service.placed("refused") == 0


def test_actors_restarted_while_the_disk_is_full_wait_for_room_instead_of_ending_the_service(tmp_path: Path) -> None:
    """Their files cannot even be opened. The fork server's limit is that of every child born meanwhile."""
    with whole({"strategies": [], "supervision.intensity": 1}, tmp_path) as service:
        service.wait_open()
        service.desk.order.ask(PlaceOrder("AAPL", "BUY", 10, limit=1.0, tif="GTC", key="rests"))
        before = service.actors()
        pid = before["order"].pid
        assert pid is not None
        fork_server = psutil.Process(pid).ppid()
        resource.prlimit(fork_server, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        for name in WRITERS:
            service.kill(name)
        service.until(
            "both were tried again more often than failures are allowed",
            lambda: all(child.restarts > before[name].restarts + 3 for name, child in writers(service)),
        )
        assert all("cannot start yet" in child.last_death for _, child in writers(service))
        assert all("could not be opened" in child.last_death for _, child in writers(service))
        resource.prlimit(fork_server, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        service.wait_open()
        assert service.desk.order.ask(GetOrder("rests")).status == "SUBMITTED"
        assert {name: child.pid for name, child in service.actors().items() if name not in WRITERS} == {
            name: child.pid for name, child in before.items() if name not in WRITERS
        }


def writers(service: Whole) -> list[tuple[str, ChildView]]:
    return [(name, child) for name, child in service.actors().items() if name in WRITERS]
