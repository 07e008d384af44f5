"""The kill switch of a whole service, pulled in each way a user has."""

from __future__ import annotations

import os
import signal
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
