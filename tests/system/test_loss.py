"""The loss limit of a whole service: prices fall at the simulated gateway, and nobody tells Order but Account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.messages.market import GetQuote
from supervision.errors import Rejected
from tests.support.whole import Whole, whole

SHARES = 100
LIMITS = {"risk.daily_loss.reduce_at": 500, "risk.daily_loss.halt_at": 1500}


@pytest.fixture
def service() -> Iterator[Whole]:
    with whole({"strategies": [], **LIMITS}) as service:
        service.wait_open()
        yield service


def status(service: Whole, key: str) -> str:
    """What the broker has of the order with this key; empty before it has got there."""
    return "".join(found for (found,) in service.ledger("select status from orders where order_ref = ?", key))


def test_a_growing_loss_first_lets_only_exits_through_and_then_halts_and_leaves_the_exits(service: Whole) -> None:
    service.place("AAPL", quantity=SHARES)
    service.until("Account holds them", lambda: service.our_positions() == {"AAPL": SHARES})
    last = service.desk.market_data.ask(GetQuote("AAPL")).last
    assert last is not None
    entry = service.place("MSFT", limit=1.0).key
    service.settle()
    service.market(f"price AAPL {last - 8:.2f}")
    service.until("the loss is reached", lambda: service.gate() == "reducing")
    orders = service.ledger("select count(*) from orders")
    with pytest.raises(Rejected, match=r"daily loss of DU\d+ was \d+\.\d\d USD and reached 500 \(risk.daily_loss.red"):
        service.place("MSFT", limit=1.0)
    with pytest.raises(Rejected, match="reduce"):
        service.place("AAPL", "SELL", quantity=SHARES + 1, limit=10_000.0)
    assert service.ledger("select count(*) from orders") == orders
    exit_key = service.place("AAPL", "SELL", quantity=SHARES, limit=10_000.0).key
    service.until("the exit works", lambda: status(service, exit_key) == "Submitted")
    service.market(f"price AAPL {last - 20:.2f}")
    service.until("the kill switch fell", lambda: service.gate() == "halted")
    service.until("the entry is cancelled", lambda: status(service, entry) == "Cancelled")
    assert status(service, exit_key) == "Submitted"
    with pytest.raises(
        Rejected, match=r"kill switch: daily loss of DU\d+ was .* reached 1500 \(risk.daily_loss.halt_at"
    ):
        service.place("MSFT", limit=1.0)
    service.desk.resume("accepted")
    service.until("only exits pass again", lambda: service.gate() == "reducing")
