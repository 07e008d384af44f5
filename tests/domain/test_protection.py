"""Which positions should have a live stop, and how much of them has one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain.executions import Place
from actors.domain.fills import Totals
from actors.domain.holdings import Holdings
from actors.domain.order_state import OrderState
from actors.domain.protection import Claims, Exposure, exposures
from actors.messages.broker_account import PositionReport
from actors.messages.market import ComboLeg, Contract
from actors.messages.orders import Execution, Side
from tests.domain.order_builders import AAPL, START, later, order, terms

CON_ID = AAPL.con_id


class Known(dict[str, OrderState]):
    """The orders that are known, in the shape of the book."""

    def __iter__(self):
        return iter(self.values())

    def open_orders(self):
        return [order for order in self if order.open]


class Books:
    """Claims beside the positions that they are about, with the orders that are known."""

    def __init__(self, *strategies: str) -> None:
        self.claims, self.holdings = Claims(), Holdings()
        self.holdings.known = True
        self.claims.begin((), dict.fromkeys(strategies, ()))
        self.orders = Known()
        self._count = 0

    def fill(self, side: Side, quantity: int, *, has_stop: bool = False, **changes: Any) -> Execution:
        self._count += 1
        after = execution(f"0000e.{self._count:02}.01", side, quantity, **changes)
        self.book(None, after, has_stop=has_stop)
        return after

    def book(self, before: Execution | None, after: Execution, *, has_stop: bool = False) -> None:
        self.holdings.heard(before, after, 0.0)
        self.claims.heard(before, after, has_stop=has_stop)

    def stop(self, quantity: int, key: str = "stop", **changes: Any) -> None:
        own = {name: changes.pop(name) for name in (*changes,) if name in OrderState.__struct_fields__}
        values = {"side": "SELL", "order_type": "STP", "limit": None, "stop": 145.0, "quantity": Decimal(quantity)}
        state = {"key": key, "reported": "SUBMITTED", "terms": terms(**(values | changes))}
        self.orders[key] = order(**(state | own))

    def exposed(self, *unexplained: Place) -> tuple[Exposure, ...]:
        self.claims.ended(self.holdings, unexplained)
        return exposures(self.claims, self.holdings, self.orders)

    def missing(self) -> list[tuple[Decimal, Decimal]]:
        return [(one.claimed, one.covered) for one in self.exposed()]


def execution(exec_id: str, side: Side, quantity: int, **changes: Any) -> Execution:
    values: dict[str, Any] = {
        "exec_id": exec_id, "key": "k1", "order_id": 1, "perm_id": 1, "client_id": 17, "account": "DU1",
        "symbol": "AAPL", "con_id": CON_ID, "side": side, "quantity": Decimal(quantity), "price": 150.0,
        "exchange": "SMART", "time": START, "strategy": "s", "sec_type": "STK",
    }  # fmt: skip
    return Execution(**(values | changes))


def test_what_the_entry_of_a_bracket_has_filled_should_have_its_stop():
    books = Books()
    books.fill("BUY", 4, has_stop=True)
    books.fill("BUY", 6, has_stop=True)
    [one] = books.exposed()
    assert (one.account, one.symbol, one.quantity, one.claimed, one.covered) == ("DU1", f"contract {CON_ID}", 10, 10, 0)
    assert one.reason == "10 of it should have a live stop (strategy s), 0 has"
    books.stop(10)
    assert books.exposed() == ()


def test_what_no_bracket_opened_needs_no_stop_unless_its_strategy_wants_protection():
    plain, protected = Books(), Books("s")
    for books in (plain, protected):
        books.fill("BUY", 10)
    assert plain.missing() == []
    assert protected.missing() == [(10, 0)]


def test_a_short_position_is_covered_by_stops_that_buy_and_by_no_others():
    books = Books("s")
    books.fill("SELL", 10)
    books.stop(10)
    assert books.missing() == [(10, 0)]
    books.stop(10, side="BUY")
    assert books.missing() == []


@pytest.mark.parametrize("kind", ["STP", "STP LMT", "TRAIL", "TRAIL LIMIT"])
@pytest.mark.parametrize("status", ["PRESUBMITTED", "SUBMITTED"])
def test_every_kind_of_stop_covers_while_the_broker_says_that_it_works(kind, status):
    books = Books("s")
    books.fill("BUY", 10)
    books.stop(10, order_type=kind, reported=status)
    assert books.missing() == []


@pytest.mark.parametrize(
    "status", ["SENT", "PENDING", "PENDING_CANCEL", "INACTIVE", "UNKNOWN", "CANCELLED", "REJECTED", "NOT_PLACED"]
)
def test_a_stop_of_which_the_broker_does_not_say_that_it_works_covers_nothing(status):
    books = Books("s")
    books.fill("BUY", 10)
    books.stop(10, reported=status)
    assert books.missing() == [(10, 0)]


@pytest.mark.parametrize(
    "changes", [{"order_type": "LMT"}, {"account": "DU2"}, {"contract": Contract("MSFT", con_id=2)}]
)
def test_no_other_order_covers_a_profit_one_of_another_account_or_contract(changes):
    books = Books("s")
    books.fill("BUY", 10)
    books.stop(10, **changes)
    assert books.missing() == [(10, 0)]


def test_a_stop_that_filled_in_part_covers_the_rest_of_the_position():
    books = Books()
    books.fill("BUY", 10, has_stop=True)
    books.stop(10)
    books.fill("SELL", 4, key="k1/stop")
    books.stop(10, totals=Totals(filled=Decimal(4)))
    assert books.missing() == []
    books.stop(10, totals=Totals(filled=Decimal(4)), reported="CANCELLED", reason="by the broker", updated=later(9))
    [one] = books.exposed()
    assert (one.claimed, one.covered) == (6, 0)
    assert one.reason == "6 of it should have a live stop (strategy s), 0 has; stop is CANCELLED (by the broker)"


def test_a_stop_that_is_too_small_leaves_the_rest_exposed_and_two_may_share_a_position():
    books = Books("s")
    books.fill("BUY", 10)
    books.stop(4)
    assert books.missing() == [(10, 4)]
    books.stop(6, key="second")
    assert books.missing() == []
    books.stop(10, key="second", totals=Totals(filled=Decimal(7)))
    assert books.missing() == [(10, 7)]


def test_of_orders_of_which_one_cancels_the_others_only_the_greatest_covers():
    books = Books("s")
    books.fill("BUY", 10)
    books.stop(4, oca_group="g")
    books.stop(6, key="second", oca_group="g")
    assert books.missing() == [(10, 6)]


def test_the_stop_of_a_bracket_covers_no_more_than_its_own_entry_has_filled():
    books = Books("s")
    books.fill("BUY", 10, key="other")
    books.orders["entry"] = order(key="entry", reported="SUBMITTED")
    books.stop(10, key="entry/stop", parent="entry")
    assert books.missing() == [(10, 0)]
    books.orders["entry"] = order(key="entry", reported="SUBMITTED", totals=Totals(filled=Decimal(7)))
    assert books.missing() == [(10, 7)]
    del books.orders["entry"]  # forgotten, because it was over long ago
    assert books.missing() == []


def test_fills_on_the_other_side_of_the_same_strategy_take_the_claim_back_and_those_of_others_do_not():
    books = Books()
    books.fill("BUY", 100, strategy="other")
    books.fill("BUY", 10, has_stop=True)
    books.fill("SELL", 20, strategy="other")
    assert books.missing() == [(10, 0)]
    books.fill("SELL", 4)
    assert books.missing() == [(6, 0)]
    books.fill("SELL", 6)
    assert books.missing() == []


def test_who_sells_more_than_was_claimed_claims_nothing_on_the_other_side():
    books = Books()
    books.fill("SELL", 100, strategy="other")
    books.fill("BUY", 10, has_stop=True)
    books.fill("SELL", 15)
    assert books.missing() == []


def test_no_more_is_claimed_than_is_held():
    books = Books()
    books.fill("BUY", 10, has_stop=True)
    books.fill("SELL", 7, strategy="", client_id=0)  # by hand in TWS
    assert books.missing() == [(3, 0)]


@pytest.mark.parametrize("sold", [10, 15])
def test_whoever_closes_or_turns_a_position_ends_what_is_claimed_of_it(sold):
    books = Books("s")
    books.fill("BUY", 10, has_stop=True)
    books.fill("SELL", sold, strategy="")
    assert books.missing() == []
    books.fill("BUY", 30, strategy="")  # held again, but by nobody who wants a stop
    assert books.missing() == []


@pytest.mark.parametrize("sold", [10, 25])
@pytest.mark.parametrize("protected", [(), ("s",), ("s", "t")], ids=["bracket", "one", "both"])
def test_a_strategy_that_trades_against_anothers_position_and_back_leaves_its_claim(sold, protected):
    books = Books(*protected)
    books.fill("BUY", 10, has_stop=not protected)
    books.fill("SELL", sold, strategy="t")
    assert books.missing() == ([] if sold == 10 or "t" not in protected else [(15, 0)])
    books.fill("BUY", sold, strategy="t")
    [one] = books.exposed()
    assert (one.claimed, one.covered) == (10, 0)
    assert "(strategy s)" in one.reason


def test_a_claim_outlasts_a_position_that_nobody_can_explain():
    books = Books("s")
    bought = books.fill("BUY", 10, strategy="t", has_stop=True)
    books.fill("BUY", 10, con_id=2)
    books.holdings.confirmed((), (bought.exec_id,), 1.0)  # the broker is late: it lists none
    assert books.exposed(("DU1", CON_ID), ("DU1", 2)) == ()
    listed = [PositionReport(1, "DU1", Contract("X", con_id=con_id), Decimal(10), 150.0) for con_id in (CON_ID, 2)]
    books.holdings.confirmed(listed, (), 2.0)
    assert books.missing() == [(10, 0), (10, 0)]


def test_a_correction_counts_as_what_it_corrects_to_on_either_side():
    books = Books()
    books.fill("BUY", 100, strategy="other")
    bought = books.fill("BUY", 10, has_stop=True)
    books.book(bought, msgspec.structs.replace(bought, exec_id="0000e.02.02", quantity=Decimal(8)), has_stop=True)
    assert books.missing() == [(8, 0)]
    sold = books.fill("SELL", 5)
    assert books.missing() == [(3, 0)]
    books.book(sold, msgspec.structs.replace(sold, exec_id="0000e.03.02", quantity=Decimal(2)))
    assert books.missing() == [(6, 0)]


def test_two_strategies_want_stops_for_their_own_parts_of_one_position():
    books = Books("s")
    books.fill("BUY", 10)
    books.fill("BUY", 5, strategy="t", has_stop=True)
    books.fill("BUY", 50, strategy="u")
    [one] = books.exposed()
    assert (one.quantity, one.claimed) == (65, 15)
    assert "(strategy s, strategy t)" in one.reason


def test_a_bracket_of_a_strategy_that_wants_protection_is_not_counted_twice():
    books = Books("s")
    books.fill("BUY", 100, strategy="u")
    books.fill("BUY", 10, has_stop=True)
    assert books.missing() == [(10, 0)]


def test_accounts_are_told_apart():
    books = Books("s")
    books.fill("BUY", 10)
    books.fill("BUY", 10, account="DU2")
    books.stop(10, account="DU2")
    assert [one.account for one in books.exposed()] == ["DU1"]


def test_a_stop_in_a_combo_covers_what_its_legs_would_close():
    legs = (ComboLeg(CON_ID, 2, "BUY"), ComboLeg(99, 1, "SELL"))
    books = Books("s")
    books.fill("BUY", 10)
    books.stop(5, contract=Contract("AAPL", "BAG", legs=legs))
    assert books.missing() == []
    books.stop(5, contract=Contract("AAPL", "BAG", legs=legs), side="BUY")
    assert books.missing() == [(10, 0)]


def test_a_combo_as_a_whole_and_a_currency_trade_are_no_positions():
    books = Books("s")
    books.fill("BUY", 10, sec_type="BAG", con_id=0, has_stop=True)
    books.fill("BUY", 10, sec_type="CASH", has_stop=True)
    assert books.missing() == []
    assert not books.claims.changed


def test_what_brackets_claim_is_kept_and_what_strategies_hold_follows_from_their_executions_after_a_restart():
    books = Books("p")
    books.fill("BUY", 10, has_stop=True)
    bought = books.fill("SELL", 3, strategy="p", con_id=2)
    assert books.claims.changed
    again = Claims()
    again.begin(books.claims.kept(), {"p": (bought,)})
    assert exposures(again, books.holdings, Known()) == books.exposed()
    assert [one.claimed for one in exposures(again, books.holdings, Known())] == [10, 3]
    assert not again.changed
