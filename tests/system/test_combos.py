"""Combos in the whole service with the simulated gateway, whose ledger is the truth."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from actors.domain.combos import vertical
from actors.messages.market import Combo, Contract, GetReference, Leg, Reference, ResolveContract
from actors.messages.orders import CancelOrder, GetExecutions, GetOrder, ModifyOrder, OrderView, PlaceOrder
from actors.messages.state import Reconcile
from simulator.market.expiries import third_friday
from supervision.errors import Rejected
from tests.support.whole import Whole, whole

TODAY = date.today()  # noqa: DTZ011 # any day whose third Friday is still to come
EXPIRY = f"{third_friday(TODAY.year + TODAY.month // 12, TODAY.month % 12 + 1):%Y%m%d}"
SPREAD = vertical("AAPL", EXPIRY, "C", 200.0, 210.0)


@pytest.fixture
def service() -> Iterator[Whole]:
    with whole({"strategies": []}) as running:
        running.wait_open()
        yield running


def order(service: Whole, key: str) -> OrderView:
    return service.desk.order.ask(GetOrder(key))


def filled(service: Whole, key: str) -> OrderView:
    service.until(f"{key} is filled", lambda: order(service, key).status == "FILLED")
    return order(service, key)


def priced(service: Whole, contract: str | Contract | Combo) -> Reference:
    return service.desk.market_data.ask(GetReference(contract), timeout=10.0)


def positions(service: Whole) -> dict[int, Decimal]:
    return {con_id: Decimal(quantity) for con_id, quantity in service.ledger("select con_id, quantity from positions")}


def test_a_vertical_is_filled_once_as_a_combo_moves_its_legs_and_is_sold_again_in_words(service: Whole) -> None:
    reference = priced(service, SPREAD)
    assert service.desk.market_data.ask(ResolveContract(SPREAD)) == reference.details
    assert reference.quote.ask is not None
    limit = round(reference.quote.ask + 0.5, 2)
    placed = service.desk.order.ask(PlaceOrder(SPREAD, "BUY", 2, limit=limit, key="vertical"))
    assert (placed.symbol, placed.con_id) == ("AAPL", 0)
    bought = filled(service, "vertical")
    told = [one for one in service.desk.order.ask(GetExecutions()).items if one.key == "vertical"]
    assert sorted((one.sec_type, one.side, one.quantity) for one in told) == [
        ("BAG", "BUY", Decimal(2)),
        ("OPT", "BUY", Decimal(2)),
        ("OPT", "SELL", Decimal(2)),
    ]
    assert (bought.filled, bought.average_price) == (
        Decimal(2),
        next(one.price for one in told if one.sec_type == "BAG"),
    )
    service.until(
        "the legs are charged",
        lambda: order(service, "vertical").commission == sum_of(service, "commission", "vertical"),
    )
    legs = {leg.con_id: Decimal(2 if leg.side == "BUY" else -2) for leg in reference.details.contract.legs}
    assert positions(service) == legs
    assert service.desk.state.ask(Reconcile("test")).differences == ()
    service.desk.order.ask(PlaceOrder(f"AAPL {EXPIRY} 200/210C", "SELL", 2, type="MKT", key="closed"))
    filled(service, "closed")
    assert not any(positions(service).values())
    assert service.desk.state.ask(Reconcile("test")).differences == ()


def test_a_covered_call_is_priced_per_share_and_makes_a_position_of_each_leg(service: Whole) -> None:
    words = f"100x AAPL - AAPL {EXPIRY} 210C"
    reference = priced(service, words)
    assert reference.quote.ask is not None
    placed = service.desk.order.ask(
        PlaceOrder(words, "BUY", 1, limit=round(reference.quote.ask + 0.5, 2), key="covered")
    )
    assert placed.contract == words
    filled(service, "covered")
    share, call = reference.details.contract.legs
    assert positions(service) == {share.con_id: 100, call.con_id: -1}
    assert service.desk.state.ask(Reconcile("test")).differences == ()


def test_a_combo_for_a_credit_is_changed_cancelled_and_known_again_by_an_order_that_restarts(service: Whole) -> None:
    credit = vertical("AAPL", EXPIRY, "C", 210.0, 200.0)
    service.desk.order.ask(PlaceOrder(credit, "BUY", 1, limit=-9.95, key="credit"))
    service.until("it works", lambda: order(service, "credit").status == "SUBMITTED")
    service.desk.order.ask(ModifyOrder("credit", limit=-9.9))
    service.until("it is changed", lambda: order(service, "credit").limit == -9.9)
    for name in ("order", "market_data"):  # so that its legs are asked for by their ids
        service.recovers(service.strike(name))
    service.wait_open()
    service.desk.order.ask(ModifyOrder("credit", limit=-9.85))
    service.until("it is changed again", lambda: order(service, "credit").limit == -9.85)
    assert service.ledger("select limit_price from orders where order_ref = 'credit'") == [("-9.85",)]
    service.desk.order.ask(CancelOrder("credit"))
    service.until("it is cancelled", lambda: order(service, "credit").status == "CANCELLED")
    assert service.desk.state.ask(Reconcile("test")).differences == ()


def test_a_combo_that_is_filled_while_order_is_away_is_counted_once(service: Whole) -> None:
    before = positions(service)
    low = round((priced(service, SPREAD).quote.bid or 0.0) - 3.0, 2)
    service.desk.order.ask(PlaceOrder(SPREAD, "BUY", 1, limit=low, key="away"))
    service.until("it works", lambda: order(service, "away").status == "SUBMITTED")
    service.strike("order", signal.SIGSTOP)
    service.market("price AAPL 150")
    service.until("the broker filled it", lambda: service.ledger("select 1 from executions where order_ref = 'away'"))
    service.kill("order")
    assert filled(service, "away").filled == 1
    assert sum_of(service, "quantity", "away") == Decimal(3)  # the combo and its two legs
    assert sum(positions(service).values()) == sum(before.values())
    assert service.desk.state.ask(Reconcile("test")).differences == ()


def test_a_combo_that_makes_no_sense_is_refused_and_nothing_is_sent(service: Whole) -> None:
    sent = service.ledger("select count(*) from orders")
    for combo, why in (
        (Combo((Leg("AAPL", "BUY"),)), "a combo of 1 legs"),
        (f"AAPL {EXPIRY} 200C - AAPL {EXPIRY} 200C", "in the combo twice"),
        (f"AAPL {EXPIRY} 200C - AAPL {EXPIRY} 201C", "knows no contract for AAPL OPT"),
        (f"AAPL {EXPIRY} 200C - EUR.USD", "type CASH"),
        (f"AAPL {EXPIRY} 200C - AAPL next year 200C", "an option is SYMBOL YYYYMMDD STRIKE"),
    ):
        with pytest.raises(Rejected, match=why):
            service.desk.order.ask(PlaceOrder(combo, "BUY", 1, limit=1.0))
    with pytest.raises(Rejected, match=r"not on the tick of 0\.01"):
        service.desk.order.ask(PlaceOrder(SPREAD, "BUY", 1, limit=1.005))
    assert service.ledger("select count(*) from orders") == sent


def sum_of(service: Whole, column: str, key: str) -> Decimal:
    rows = service.ledger(f"select {column} from executions where order_ref = '{key}'")
    return sum((Decimal(value) for (value,) in rows), Decimal(0))
