"""The kill switch of a whole service, pulled in each way a user has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.messages.orders import PlaceOrder
from supervision.errors import Rejected
from tests.support.whole import Whole, whole


@pytest.fixture
def service() -> Iterator[Whole]:
    with whole({"strategies": []}) as service:
        service.wait_open()
        yield service


def status(service: Whole, key: str) -> str:
    """What the broker has of the order with this key."""
    return str(service.ledger("select status from orders where order_ref = ?", key)[0][0])


def refused(service: Whole) -> str:
    before = service.ledger("select count(*) from orders")
    with pytest.raises(Rejected) as error:
        service.place(limit=1.0)
    assert service.ledger("select count(*) from orders") == before
    return str(error.value)


def test_a_signal_to_the_service_pulls_it_and_cancels_what_works(service: Whole) -> None:
    key = service.place(limit=1.0).key
    os.kill(service.pid, signal.SIGUSR1)
    service.until("Order saw it", lambda: service.gate() == "halted")
    assert "kill switch: SIGUSR1 (by signal)" in refused(service)
    service.until("what worked is cancelled", lambda: status(service, key) == "Cancelled")


def test_a_desk_pulls_it_although_order_hangs_and_nothing_leaves_when_it_comes_to_itself(service: Whole) -> None:
    service.place(limit=1.0)
    pid = service.pid_of("order")
    os.kill(pid, signal.SIGSTOP)
    try:
        asked = service.desk.order.ask_future(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="while-hung"), timeout=15.0)
        with ThreadPoolExecutor(1) as pool:
            halting = pool.submit(service.desk.halt, "it hangs")
            service.until("the file is there", (service.directory / "HALT").exists)
            os.kill(pid, signal.SIGCONT)
            assert halting.result(10.0).state == "halted"
    finally:
        os.kill(pid, signal.SIGCONT)
    with pytest.raises(Rejected, match="kill switch: it hangs"):
        asked.result(15.0)
    assert service.placed("while-hung") == 0


def test_it_holds_after_everything_was_killed_until_a_resume_with_a_reason(service: Whole) -> None:
    service.desk.halt("fire", by="ann")
    service.kill("order")
    service.kill("connection")
    service.until("Order is back", lambda: service.gate() == "halted")
    assert "kill switch: fire (by ann)" in refused(service)
    with pytest.raises(Rejected, match="needs a reason"):
        service.desk.resume(" ")
    service.desk.resume("put out")
    service.wait_open()
    assert not (service.directory / "HALT").exists()


def test_with_all_orders_of_other_clients_and_by_hand_are_cancelled_too_and_with_own_they_are_not(
    service: Whole,
) -> None:
    service.market("manual BUY 10 AAPL limit 1")
    service.market("external BUY 20 MSFT limit 1 client 9")
    mine = service.place(limit=1.0).key

    def working() -> int:
        return int(service.ledger("select count(*) from orders where status not in ('Cancelled', 'Filled')")[0][0])

    service.until("three orders work", lambda: working() == 3)
    service.desk.halt("ours", cancel="own")
    service.until("ours is cancelled", lambda: status(service, mine) == "Cancelled")
    assert working() == 2
    service.desk.halt("all", cancel="all")
    service.until("every order is cancelled", lambda: working() == 0)


def test_a_halt_that_flattens_cancels_and_closes_each_position_once_although_order_dies_meanwhile(
    service: Whole,
) -> None:
    service.place("AAPL", quantity=7)
    service.place("MSFT", "SELL", quantity=3)
    service.until("both are filled", lambda: service.ledger_positions() == {"AAPL": 7, "MSFT": -3})
    service.until("Account knows", lambda: service.our_positions() == {"AAPL": 7, "MSFT": -3})
    exit_key = service.place("AAPL", "SELL", quantity=7, limit=10_000.0).key
    service.desk.halt("close all", flatten=True)
    service.kill("order")
    service.until("nothing is held any more", lambda: service.ledger_positions() == {}, 30.0)
    assert status(service, exit_key) == "Cancelled"
    service.until("Order says that it is over", lambda: service.logged("every position is closed"))
    closing = service.ledger("select symbol, quantity from orders where order_ref like 'halt-%' order by symbol")
    assert closing == [("AAPL", "7"), ("MSFT", "3")]
    assert service.gate() == "halted"
    assert "close all" in refused(service)


def test_a_halt_that_flattens_sells_nothing_that_was_sold_by_hand_a_moment_before_and_closes_what_others_opened(
    service: Whole,
) -> None:
    service.place("AAPL", quantity=10)
    service.until("Account knows", lambda: service.our_positions() == {"AAPL": 10})
    service.market("manual SELL 10 AAPL")
    service.market("external BUY 4 NVDA client 9")
    service.desk.halt("close all", flatten=True)
    service.until("Order says that it is over", lambda: service.logged("every position is closed"), 30.0)
    assert service.ledger_positions() == {}
    assert service.ledger("select symbol, quantity from orders where order_ref like 'halt-%'") == [("NVDA", "4")]


def test_the_command_line_pulls_it_with_order_dead_or_alive_and_lifts_it(service: Whole) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "run.py", *words, "--state-dir", str(service.state_dir)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60.0)

    halted = run("halt", "--reason", "fire", "--cancel", "entries")
    assert halted.returncode == 0
    assert halted.stdout.startswith("gate halted: kill switch: fire (by ")
    assert "fire" in refused(service)
    assert run("resume", "--reason", "put out").returncode == 0
    service.wait_open()
    pid = service.pid_of("order")
    os.kill(pid, signal.SIGSTOP)
    try:
        hung = run("halt", "--reason", "it hangs")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert hung.returncode == 4
    assert hung.stderr.startswith("halted by the file HALT: no new order leaves")
    service.until("Order saw it", lambda: service.gate() == "halted")
    assert "it hangs" in refused(service)
