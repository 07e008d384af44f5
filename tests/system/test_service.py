"""What the first whole thing must show: it trades, it comes back, it loses and doubles nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pytest

from actors.desk import Desk, NotRunning
from actors.messages.market import GetQuote, GetQuotes, Hold, Quote
from actors.messages.orders import CancelOrder, Fill, GetExecutions, GetOrder, OrderEvent, PlaceOrder
from actors.messages.state import GetReconciliation, Reconcile
from supervision.errors import Rejected
from tests.support.whole import FIVE, Whole, whole

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def quiet() -> Iterator[Whole]:
    """A service without strategies, its gate open."""
    with whole(NO_STRATEGIES) as service:
        service.wait_open()
        yield service


NO_STRATEGIES: dict[str, object] = {"strategies": []}


def command(state_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    return subprocess.run(
        [sys.executable, "run.py", *words, "--state-dir", str(state_dir)],
        cwd=ROOT, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_it_trades_and_its_books_equal_the_ledger_and_it_leaves_nothing_behind(tmp_path: Path) -> None:
    began = time.monotonic()
    with whole(state_dir=tmp_path) as service:
        service.wait_open()
        assert time.monotonic() - began < 10.0

        def quoted() -> tuple[Quote, ...]:
            return service.desk.market_data.ask(GetQuotes()).items

        service.until("the sample watches both", lambda: {one.symbol for one in quoted()} >= {"AAPL", "MSFT"})
        first = quoted()
        service.until("quotes move", lambda: quoted() != first)
        service.until("the sample is filled", lambda: len(service.ledger("select 1 from executions")) >= 4, 40.0)
        service.settle()
        service.until("positions agree", lambda: service.our_positions() == service.ledger_positions())
        ours = {one.exec_id for one in service.desk.order.ask(GetExecutions()).items}
        assert ours == {exec_id for (exec_id,) in service.ledger("select exec_id from executions")}
        status = command(tmp_path, "status", "--json")
        assert status.returncode == 0, status.stderr
        told = orjson.loads(status.stdout)
        assert told["gate"]["state"] == "open"
        assert {actor["name"] for actor in told["actors"]} >= {*FIVE, "simulator"}
        positions = orjson.loads(command(tmp_path, "positions", "--json").stdout)
        assert {row["symbol"]: row["quantity"] for row in positions} == {
            symbol: float(quantity) for symbol, quantity in service.ledger_positions().items()
        }
        pids = [child.pid for child in service.actors().values()]
        run_dir = service.desk.run_dir
    assert not run_dir.exists()
    assert not (tmp_path / "service.json").exists()
    assert not [pid for pid in pids if pid is not None and psutil.pid_exists(pid)]
    with pytest.raises(NotRunning):
        Desk.connect(tmp_path)
    with whole(NO_STRATEGIES, state_dir=tmp_path) as service:  # tomorrow finds yesterday's account
        service.wait_open()
        assert service.our_positions() == service.ledger_positions()
        assert len(service.desk.order.ask(GetExecutions()).items) >= 4
        assert service.desk.state.ask(Reconcile("test")).differences == ()


def test_each_actor_killed_in_turn_comes_back_alone_while_the_sample_trades() -> None:
    with whole() as service:
        service.wait_open()
        service.until("the sample trades", lambda: len(service.ledger("select 1 from executions")) >= 1, 30.0)
        for name in FIVE:
            before = service.actors()
            service.kill(name)
            service.until(
                f"{name} is back",
                lambda name=name, before=before: (
                    service.actors()[name].incarnation == before[name].incarnation + 1
                    and service.actors()[name].state == "running"
                ),
                2.0,
            )
            assert service.wait_open(5.0) < 1.0, f"healthy within a second after {name} was killed"
            after = service.actors()
            bystanders = {other: child.pid for other, child in before.items() if other != name}
            assert {other: after[other].pid for other in bystanders} == bystanders
        fills = len(service.ledger("select 1 from executions"))
        service.until("it goes on trading", lambda: len(service.ledger("select 1 from executions")) > fills, 40.0)
        service.settle()
        service.until("positions agree", lambda: service.our_positions() == service.ledger_positions())
        service.assert_nothing_doubled()
        assert service.desk.state.ask(Reconcile("test")).differences == ()


def test_a_gateway_outage_makes_one_epoch_and_everything_flows_again() -> None:
    with whole(NO_STRATEGIES) as service:
        service.wait_open()
        service.desk.market_data.ask(Hold("AAPL"))
        epoch = service.session().epoch
        actors = service.actors()
        service.market("down for 3s")
        service.until("it notices", lambda: service.session().state != "up")
        with pytest.raises(Rejected, match=r"closed|session"):
            service.desk.order.ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="in-the-outage"))
        assert service.desk.market_data.ask(GetQuote("AAPL")).state == "gap"
        service.wait_open(20.0)
        assert service.session().epoch == epoch + 1
        service.until("quotes flow", lambda: service.desk.market_data.ask(GetQuote("AAPL")).state == "live")
        last = service.desk.state.ask(GetReconciliation()).last
        assert last is not None
        assert last.differences == ()
        assert last.epoch == epoch + 1
        assert {name: child.pid for name, child in service.actors().items()} == {
            name: child.pid for name, child in actors.items()
        }


def test_an_order_by_hand_is_placed_once_filled_cancelled_and_streamed() -> None:
    with whole(NO_STRATEGIES) as service:
        service.wait_open()
        desk = service.desk
        seen: list[object] = []
        end = desk.on("fill", seen.append)
        stream = desk.stream("orders", timeout=10.0)
        placed = desk.order.ask(PlaceOrder("AAPL", "BUY", 10, key="by-hand-1"))
        again = desk.order.ask(PlaceOrder("AAPL", "BUY", 10, key="by-hand-1"))
        assert (again.key, again.order_id) == (placed.key, placed.order_id)
        service.until("it is filled", lambda: desk.order.ask(GetOrder("by-hand-1")).status == "FILLED")
        assert service.ledger("select count(*) from orders where order_ref = 'by-hand-1'") == [(1,)]
        resting = desk.order.ask(PlaceOrder("MSFT", "BUY", 5, limit=1.0, key="by-hand-2", tif="GTC"))
        service.until("it rests", lambda: desk.order.ask(GetOrder("by-hand-2")).status == "SUBMITTED")
        desk.order.ask(CancelOrder(str(resting.order_id)))
        service.until("it is cancelled", lambda: desk.order.ask(GetOrder("by-hand-2")).status == "CANCELLED")
        events = []
        for event in stream:
            events.append(event)
            if isinstance(event, OrderEvent) and event.order.key == "by-hand-2" and event.order.status == "CANCELLED":
                break
        stream.close()
        end()
        filled = sum(event.execution.quantity for event in events if isinstance(event, Fill))
        assert filled == 10
        assert seen
        executions = desk.order.ask(GetExecutions()).items
        service.until("commissions arrive", lambda: all(
            one.commission is not None for one in desk.order.ask(GetExecutions()).items
        ))  # fmt: skip
        assert sum(one.quantity for one in executions) == 10


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("order", "place", "BUY", "10", "NOSUCH"), 2, "NOSUCH"),
        (("order", "place", "BUY", "10", "AAPL", "--type", "LMT"), 2, "limit"),
        (("order", "place", "BUY", "5000000", "AAPL", "--limit", "1"), 10, "1000000"),
        (("order", "place", "BUY", "-5", "AAPL"), 2, "-5"),
        (("order", "cancel", "no-such-key"), 2, "no-such-key"),
    ],
    ids=["unknown symbol", "limit without price", "too many", "negative", "unknown order"],
)
def test_a_users_mistake_is_answered_in_words(quiet: Whole, words: tuple[str, ...], code: int, said: str) -> None:
    answer = command(quiet.state_dir, *words)
    assert (answer.returncode, said in answer.stderr) == (code, True), answer
    assert "Traceback" not in answer.stderr + answer.stdout
    assert quiet.ledger("select 1 from orders") == []


def test_a_second_service_on_the_same_state_refuses_and_leaves_the_first_alone(quiet: Whole) -> None:
    answer = command(quiet.state_dir, "start")
    assert answer.returncode == 10
    assert str(quiet.pid) in answer.stderr
    assert quiet.gate() == "open"
    os.kill(quiet.pid, 0)
