"""Orders of the last minute and of the day, and the last of its kind; what never left is none of them."""

from __future__ import annotations

from datetime import timedelta

from actors.domain.order_state import OrderState
from actors.domain.risk.flow_rules import fingerprint
from actors.domain.risk.rates import OrderRates, Rates
from tests.domain.order_builders import START, order, terms

TODAY = START.date()


def placed(key: str, strategy: str = "s", days: int = 0) -> OrderState:
    return order(key=key, strategy=strategy, terms=terms(key=key), created=START + timedelta(days=days))


def like(one: OrderState) -> tuple[object, ...]:
    return fingerprint(one.contract, one.terms, one.strategy)


def test_orders_count_for_a_minute_and_for_the_day_each_for_its_strategy() -> None:
    rates = OrderRates()
    for at, key, strategy in ((0.0, "a", "s"), (1.0, "b", "t"), (2.0, "c", "s")):
        rates.placed(placed(key, strategy), at)
    assert rates.counts("s", 59.9, TODAY) == Rates(3, 2, 3, 2)
    assert rates.counts("s", 60.0, TODAY) == Rates(2, 1, 3, 2)
    assert rates.counts("t", 62.0, TODAY) == Rates(0, 0, 3, 1)


def test_what_never_left_counts_nowhere_and_is_nobodys_twin() -> None:
    rates, one = OrderRates(), placed("a")
    rates.placed(one, 0.0)
    rates.refused("a")
    rates.refused("a")
    assert rates.counts("s", 1.0, TODAY) == Rates(0, 0, 0, 0)
    assert rates.twin(like(one), 1.0) is None


def test_a_day_that_begins_counts_anew_and_one_that_comes_back_does_not() -> None:
    rates = OrderRates()
    rates.placed(placed("a"), 0.0)
    tomorrow = TODAY + timedelta(days=1)
    assert rates.counts("s", 1.0, tomorrow) == Rates(1, 1, 0, 0)
    rates.placed(placed("b", days=1), 2.0)
    assert rates.counts("s", 3.0, TODAY) == Rates(2, 2, 1, 1)


def test_the_newest_order_that_says_the_same_is_found_with_its_age() -> None:
    rates = OrderRates()
    rates.placed(placed("a"), 0.0)
    rates.placed(placed("b"), 3.0)
    twin = rates.twin(like(placed("c")), 5.0)
    assert twin is not None
    assert (twin.key, twin.age) == ("b", 2.0)
    assert rates.twin(like(placed("c", "another")), 5.0) is None


def test_an_order_of_a_calendar_that_was_set_back_counts_on_the_day_that_has_begun() -> None:
    rates = OrderRates()
    rates.placed(placed("a", days=1), 0.0)
    rates.placed(placed("b"), 1.0)
    assert rates.counts("s", 2.0, TODAY) == Rates(2, 2, 2, 2)
    rates.refused("b")
    assert rates.counts("s", 2.0, TODAY) == Rates(1, 1, 1, 1)
