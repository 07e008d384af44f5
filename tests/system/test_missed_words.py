"""What the broker says of an order while Order is dead, in the whole service."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.messages.orders import GetOrder
from supervision.failpoints import VARIABLE
from tests.support.whole import whole


def test_a_rejection_that_comes_while_order_is_dead_is_heard_from_connections_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither open nor completed orders list it: without the log it would be NOT_PLACED at last, nobody knew why."""
    monkeypatch.setenv(VARIABLE, "order.transmitted.heard[lost]=kill@1/1")
    with whole({"strategies": []}, tmp_path) as service:
        service.wait_open()
        service.market('reject 1 orders with 201 "no margin, says the script"')
        key, _ = service.attempt(key="lost", limit=1.0)
        service.until("it is decided", lambda: service.desk.order.ask(GetOrder(key)).status != "UNKNOWN")
        order = service.desk.order.ask(GetOrder(key))
        assert (order.status, "no margin, says the script" in order.reason) == ("REJECTED", True)
        assert service.placed(key) <= 1
