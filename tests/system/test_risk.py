"""Each rule on a whole service: an order just inside leaves, one just outside is refused with rule, value and limit.

That nothing was sent is what the simulated broker's ledger proves. The market stands still, so that prices are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

import pytest

from actors.messages.market import GetReference
from actors.messages.orders import CancelOrder, GetOrder, GetOrders, ModifyOrder, PlaceBracket, PlaceOrder
from supervision.errors import Rejected
from tests.support.whole import Whole, whole

STILL: dict[str, object] = {"market_data.stale_after": 3600.0}


def strategy(name: str, **risk: object) -> dict[str, object]:
    return {"name": name, "enabled": False, "risk": risk}


ACCOUNTS = tuple(f"DU{1000001 + number}" for number in range(20))
"""Positions and exposure are those of an account: each test has its own."""
LIMITS: dict[str, object] = STILL | {
    "simulator.account": ",".join(ACCOUNTS),
    "risk.max_order_quantity": 100,
    "risk.max_order_value": 5000,
    "risk.max_position_value": 6000,
    "risk.max_gross_exposure": 8000,
    "risk.price_collar": 5.0,
    "risk.duplicate_window": 3600.0,
    "risk.restricted": ["TSLA"],
    "strategies": [
        strategy("few", max_order_quantity=10),
        strategy("small", max_order_value=500),
        strategy("light", max_position_value=500),
        strategy("busy", max_open_orders=1),
        strategy("slow", orders_per_minute=1),
        strategy("daily", orders_per_day=1),
        strategy("apple", allowed=["AAPL"]),
    ],
}


def standing_still(service: Whole) -> Whole:
    for symbol in ("AAPL", "MSFT", "IBM", "TSLA"):
        service.market(f"price {symbol} 110")
    service.settle()
    service.wait_open()
    return service


@pytest.fixture(scope="module")
def accounts() -> Iterator[str]:
    return iter(ACCOUNTS)


@pytest.fixture
def account(accounts: Iterator[str]) -> str:
    return next(accounts)


@pytest.fixture(scope="module")
def service() -> Iterator[Whole]:
    with whole(LIMITS) as running:
        running.desk.market_data.ask(GetReference("AAPL"))  # its connection is the fixture's, not a test's
        yield standing_still(running)


def place(service: Whole, **order: Any) -> str:
    """An order for one share far below the market unless told; its key."""
    terms = {"contract": "AAPL", "side": "BUY", "quantity": 1, "limit": 1.0, "key": service.new_key()}
    placed = service.desk.order.ask(PlaceOrder(**(terms | order)), timeout=20.0)
    return placed.key


def sent(service: Whole, key: str) -> bool:
    return bool(service.ledger("select 1 from orders where order_ref = ?", key))


def assert_leaves(service: Whole, **order: Any) -> str:
    key = place(service, **order)
    service.until(f"the broker has {key}", lambda: sent(service, key))
    return key


def assert_refused(service: Whole, *words: str, **order: Any) -> None:
    """By this rule alone, in these words; what leaves after it has overtaken nothing."""
    key = service.new_key()
    with pytest.raises(Rejected) as refused:
        place(service, **(order | {"key": key}))
    (reason,) = refused.value.reasons
    assert all(word in reason for word in words), reason
    assert not sent(service, key)
    assert key not in {one.key for one in service.desk.order.ask(GetOrders(all=True)).items}


def modify(key: str, quantity: int, limit: float | None = None) -> ModifyOrder:
    return ModifyOrder(key, quantity=quantity, limit=limit)


def cancelled(service: Whole, keys: list[str]) -> None:
    for key in keys:
        service.desk.order.ask(CancelOrder(key))

    def gone() -> bool:
        return not {one.key for one in service.desk.order.ask(GetOrders()).items}.intersection(keys)

    service.until("they are cancelled", gone)


class Case(NamedTuple):
    """What is refused, in which words, and what leaves all the same."""

    words: tuple[str, ...]
    outside: dict[str, Any]
    inside: dict[str, Any]


CASES = {
    "tick": Case(("limit 1.005", "tick of 0.01", "1 or 1.01"), {"limit": 1.005}, {"limit": 1.01}),
    "quantity": Case(("101", "max_order_quantity", "up to 100"), {"quantity": 101}, {"quantity": 100}),
    "quantity of a strategy": Case(
        ("11", "max_order_quantity of few", "up to 10"),
        {"quantity": 11, "strategy": "few"},
        {"quantity": 10, "strategy": "few"},
    ),
    "value": Case(
        ("5000.50 USD", "max_order_value", "up to 5000 USD"),
        {"quantity": 50, "limit": 100.01},
        {"quantity": 50, "limit": 100.0},
    ),
    "value of a strategy": Case(
        ("500.05 USD", "max_order_value of small", "up to 500 USD"),
        {"quantity": 5, "limit": 100.01, "strategy": "small"},
        {"quantity": 5, "limit": 100.0, "strategy": "small"},
    ),
    "position of a strategy": Case(
        ("600.00 USD", "max_position_value of light", "up to 500 USD"),
        {"quantity": 6, "limit": 100.0, "strategy": "light"},
        {"quantity": 5, "limit": 100.0, "strategy": "light"},
    ),
    "stop": Case(
        ("stop 100", "trigger at once", "above"),
        {"limit": None, "stop": 100.0},
        {"limit": None, "stop": 120.0},
    ),
    "restricted": Case(("TSLA", "restricted"), {"contract": "TSLA"}, {"contract": "IBM"}),
    "allowed": Case(
        ("MSFT", "allowed of apple", "AAPL"),
        {"contract": "MSFT", "strategy": "apple"},
        {"contract": "AAPL", "strategy": "apple"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_just_outside_is_refused_and_never_sent_just_inside_leaves(service: Whole, account: str, case: Case) -> None:
    assert_refused(service, *case.words, account=account, **case.outside)
    assert_leaves(service, account=account, **case.inside)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("busy", ("order 2", "max_open_orders of busy", "up to 1")),
        ("slow", ("order 2", "orders_per_minute of slow", "up to 1")),
        ("daily", ("order 2", "orders_per_day of daily", "up to 1")),
    ],
)
def test_of_a_strategys_orders_the_one_too_many_is_refused(
    service: Whole, account: str, name: str, words: tuple[str, ...]
) -> None:
    assert_leaves(service, account=account, strategy=name)
    assert_refused(service, *words, account=account, strategy=name, quantity=2)


def test_the_same_order_is_refused_for_a_while_another_leaves(service: Whole, account: str) -> None:
    first = assert_leaves(service, account=account)
    assert_refused(service, first, "duplicate_window", "3600 s", account=account)
    assert_leaves(service, account=account, quantity=2)


def test_the_collar_is_measured_from_the_side_that_an_order_would_trade_against(service: Whole, account: str) -> None:
    quote = service.desk.market_data.ask(GetReference("MSFT")).quote
    assert quote.ask is not None
    assert quote.bid is not None
    tick, five = Decimal("0.01"), Decimal("0.05")
    most = (Decimal(repr(quote.ask)) * (1 + five)).quantize(tick, ROUND_FLOOR)
    least = (Decimal(repr(quote.bid)) * (1 - five)).quantize(tick, ROUND_CEILING)
    for side, edge, beyond, accepted in (
        ("BUY", most, most + tick, f"accepted: up to {most.normalize()}"),
        ("SELL", least, least - tick, f"accepted: {least.normalize()} or more"),
    ):
        order = {"contract": "MSFT", "side": side, "account": account}
        assert_refused(service, f"limit {beyond.normalize()}", "price_collar", accepted, limit=float(beyond), **order)
        assert_leaves(service, limit=float(edge), **order)


def test_working_orders_count_to_a_position(service: Whole, account: str) -> None:
    assert_leaves(service, account=account, quantity=40, limit=100.0)
    words = ("6100.00 USD", "max_position_value", "up to 6000 USD")
    assert_refused(service, *words, account=account, quantity=21, limit=100.0)
    assert_leaves(service, account=account, quantity=20, limit=100.0)


def test_working_orders_count_to_the_gross_exposure(service: Whole, account: str) -> None:
    for symbol in ("AAPL", "MSFT"):
        assert_leaves(service, account=account, contract=symbol, quantity=35, limit=100.0)
    words = ("8100.00 USD", "max_gross_exposure", "up to 8000 USD")
    assert_refused(service, *words, account=account, contract="IBM", quantity=11, limit=100.0)
    assert_leaves(service, account=account, contract="IBM", quantity=10, limit=100.0)


def test_each_leg_of_a_combo_counts_with_its_own_price_to_position_and_exposure(
    service: Whole, accounts: Iterator[str]
) -> None:
    sold, bought = service.desk.market_data.ask(GetReference("MSFT - AAPL"), timeout=10.0).legs
    assert sold.quote.bid is not None
    assert bought.quote.ask is not None
    pair = (Decimal(repr(sold.quote.bid)) + Decimal(repr(bought.quote.ask))).quantize(Decimal("0.01"))
    fits = int(8000 / pair)
    order = {"contract": "MSFT - AAPL", "side": "SELL", "limit": 0.5, "account": next(accounts)}
    words = (f"gross exposure {pair * (fits + 1)} USD", "max_gross_exposure", "up to 8000 USD")
    assert_refused(service, *words, quantity=fits + 1, **order)
    assert_leaves(service, quantity=fits, **order)

    five = "5x MSFT - AAPL"
    net = service.desk.market_data.ask(GetReference(five), timeout=10.0).quote.bid
    assert net is not None
    order = {"contract": five, "side": "SELL", "limit": round(net + 1.0, 2), "account": next(accounts)}
    each = 5 * Decimal(repr(sold.quote.bid)).quantize(Decimal("0.01"))
    words = (f"position in MSFT worth {each * 11} USD", "max_position_value", "up to 6000 USD")
    assert_refused(service, *words, quantity=11, **order)
    assert_leaves(service, quantity=10, **order)


def test_a_change_passes_the_same_rules_with_itself_taken_out(service: Whole, account: str) -> None:
    key = assert_leaves(service, account=account, quantity=50, limit=100.0)
    service.until("it works", lambda: service.desk.order.ask(GetOrder(key)).status == "SUBMITTED")
    with pytest.raises(Rejected, match=r"5100\.00 USD is above max_order_value \(accepted: up to 5000 USD\)"):
        service.desk.order.ask(modify(key, 51))
    service.desk.order.ask(modify(key, 50, limit=99.0))
    service.until("it is changed", lambda: service.desk.order.ask(GetOrder(key)).limit == 99.0)


def test_of_a_bracket_the_entry_is_judged_and_the_exits_only_end_it(service: Whole, account: str) -> None:
    entry = PlaceOrder("IBM", "BUY", 51, limit=100.0, account=account, key=service.new_key())
    with pytest.raises(Rejected) as refused:
        service.desk.order.ask(PlaceBracket(entry, take_profit=150.0, stop_loss=90.0))
    assert refused.value.reasons == ("entry: value 5100.00 USD is above max_order_value (accepted: up to 5000 USD)",)
    assert not sent(service, entry.key)
    entry = PlaceOrder("IBM", "BUY", 50, limit=100.0, account=account, key=service.new_key())
    placed = service.desk.order.ask(PlaceBracket(entry, take_profit=150.0, stop_loss=90.0)).items
    assert len(placed) == 3
    service.until("the broker has all", lambda: all(sent(service, one.key) for one in placed))


def test_rates_and_open_orders_of_all_are_counted_over_strategies() -> None:
    with whole(STILL | {"risk.orders_per_minute": 3, "risk.orders_per_minute_each": 2}) as service:
        standing_still(service)
        for _ in range(2):
            assert_leaves(service, strategy="a")
        assert_refused(service, "order 3", "orders_per_minute_each", "up to 2", strategy="a")
        assert_leaves(service, strategy="b")
        assert_refused(service, "order 4", "orders_per_minute ", "up to 3", strategy="b")


def test_orders_of_the_day_are_counted_over_a_restart_of_order_and_open_ones_while_they_work() -> None:
    with whole(STILL | {"risk.max_open_orders": 2, "risk.orders_per_day": 3}) as service:
        standing_still(service)
        keys = [assert_leaves(service) for _ in range(2)]
        assert_refused(service, "order 3", "max_open_orders", "up to 2")
        cancelled(service, keys)
        service.recovers(service.strike("order"))
        service.wait_open()
        keys = [assert_leaves(service)]
        assert_refused(service, "order 4", "orders_per_day", "up to 3")


def test_buying_power_is_what_the_account_has_or_what_the_broker_says_of_its_margin_when_asked() -> None:
    settings = STILL | {"risk.buying_power": True, "simulator.cash": 1000, "gateway.pacing.what_if_interval": 0.001}
    with whole(settings) as service:
        standing_still(service)
        probe = PlaceOrder("AAPL", "BUY", 1, limit=1.0)
        service.until("funds are known", lambda: service.desk.why(probe).allowed)
        assert_refused(service, "1000.10 USD", "buying_power", "up to 1000", quantity=10, limit=100.01)
        key = assert_leaves(service, quantity=10, limit=100.0)
        cancelled(service, [key])
        assert_refused(service, "what_if", "initial margin", quantity=100, limit=100.0, what_if=True)
        assert_leaves(service, quantity=15, limit=100.0, what_if=True)


def test_without_a_fresh_quote_no_market_order_leaves() -> None:
    with whole({"market_data.stale_after": 0.5, "risk.price_collar": 5.0}) as service:
        service.wait_open()
        assert_leaves(service, limit=None)
        service.settle()
        asked = GetReference("AAPL")
        service.until("the quote is stale", lambda: service.desk.market_data.ask(asked).quote.state == "stale")
        with pytest.raises(Rejected, match=r"the quote of AAPL is stale .* needs a quote younger than 0\.5 s"):
            place(service, limit=None, quantity=2)
        service.market("freeze off")
        service.until("it is live", lambda: service.desk.market_data.ask(asked).quote.state == "live")
        assert_leaves(service, limit=None, quantity=2)
