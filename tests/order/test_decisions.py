"""Decisions of a running Order: what they rest on, what stays of them, and what becomes of margin and questions."""

from __future__ import annotations

import queue
import threading
from decimal import Decimal
from typing import Any

import msgspec
import orjson
import pytest

from actors.messages.broker import FetchPreview, Transmit
from actors.messages.broker_account import PositionReport
from actors.messages.market import Contract
from actors.messages.orders import (
    GetOrders,
    Halt,
    ModifyOrder,
    OrderPreview,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
)
from actors.messages.risk import Decision, ExplainOrder, Mark
from actors.messages.state import FollowJournal, JournalRow
from config.settings import LossSettings, RiskSettings, StrategyRisk
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, execution_report, order_report, quote, terms
from tests.order.neighbours import NO_LOSS_LIMIT, RICH, House, mine
from tests.order.scripted import held

HELD = PositionReport(1, "DU1", AAPL, Decimal(10), 100.0)


def rows(house: House, kind: str) -> list[JournalRow]:
    return [row for row in house.ref.ask(FollowJournal(0)).items if row.kind == kind]


def why(house: House, **order: Any) -> Decision:
    values = {"contract": "AAPL", "side": "BUY", "quantity": Decimal(10), "limit": 150.0}
    return house.ref.ask(ExplainOrder(PlaceOrder(**(values | order))))


def refused_by(decision: Decision) -> list[str]:
    return [one.rule for one in decision.verdicts if not one.passed]


# --- what stays ---------------------------------------------------------------------------------------


def test_an_order_that_leaves_has_its_decision_with_the_facts_in_the_row_of_its_intent(house: House) -> None:
    house.place()
    (row,) = rows(house, "intent")
    decision = orjson.loads(row.data)["decision"]
    quoted = decision["facts"]["quote"]
    assert {**quoted, "age": 0.0} == {"bid": 149.9, "ask": 150.1, "last": 150.0, "state": "live", "age": 0.0}
    assert decision["facts"]["position"] == "AAPL 0 at not valued"
    assert decision["facts"]["orders"]["together"] == 1
    assert [Decimal(number) for number in decision["rules"]["max_order_value"]] == [1500, 25000]
    assert decision["rules"]["max_open_orders"] == [1, 50]


def test_what_stays_of_an_order_and_what_why_says_of_it_name_the_same_rules_facts_and_limits(house: House) -> None:
    explained = why(house)
    house.place()
    (row,) = rows(house, "intent")
    decision = orjson.loads(row.data)["decision"]
    worded = {one.rule: one for one in explained.verdicts if one.limit != "none" and one.rule not in ("gate", "lock")}
    assert decision["rules"].keys() == worded.keys()
    assert worded["max_order_value"].value == "1500.00 USD"
    assert worded["max_order_value"].limit == "up to 25000 USD"
    told = {name for name, fact in decision["facts"].items() if fact}
    assert told == explained.facts.keys() - {"order", "kind", "account", "strategy"}
    assert decision["facts"]["figures"] == explained.facts["figures"]


def test_a_refusal_is_a_row_of_its_own_with_reasons_and_facts_and_no_order(house: House) -> None:
    with pytest.raises(Rejected) as refused:
        house.place(quantity=200)
    (row,) = rows(house, "refused")
    told = orjson.loads(row.data)
    assert (row.key, told["kind"], told["reasons"]) == ("k1", "limit", [*refused.value.reasons])
    assert told["decisions"]["k1"]["facts"]["order"] == "BUY 200 AAPL limit 150"
    assert rows(house, "intent") == []


def test_a_change_and_its_refusal_are_kept_with_their_decisions(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine(), terms=terms(key="k1")))
    with pytest.raises(Rejected, match="max_order_value"):
        house.ref.ask(ModifyOrder("k1", quantity=200))
    house.ref.ask(ModifyOrder("k1", quantity=20))
    assert "max_order_value" in orjson.loads(rows(house, "refused")[0].data)["decisions"]["k1"]["rules"]
    asked = orjson.loads(rows(house, "modify_asked")[0].data)
    assert [Decimal(number) for number in asked["decision"]["rules"]["max_order_value"]] == [3000, 25000]


def test_a_strategy_that_loops_fills_no_disk_the_rest_of_a_second_is_one_row_that_counts(house: House) -> None:
    for number in range(50):
        with pytest.raises(Rejected):
            house.place(key=f"k{number}", quantity=200)
    while not rows(house, "refused_more"):
        house.heard.get(timeout=5.0)  # a page of the journal is published when it is written
    told, more = (
        len(rows(house, "refused")),
        sum(orjson.loads(one.data)["count"] for one in rows(house, "refused_more")),
    )
    assert told + more == 50
    assert 15 <= told < 50


# --- why ----------------------------------------------------------------------------------------------


def test_why_says_what_an_order_would_meet_and_leaves_nothing_behind(house: House) -> None:
    assert why(house).allowed
    decision = why(house, quantity=2000)
    assert not decision.allowed
    assert refused_by(decision) == ["max_order_quantity", "max_order_value", "max_position_value", "max_gross_exposure"]
    with pytest.raises(Rejected) as refused:
        house.place(quantity=2000)
    assert refused.value.reasons == tuple(one.text for one in decision.verdicts if one.text)
    assert house.sent.empty()
    assert house.ref.ask(GetOrders(all=True)).items == ()
    assert len(rows(house, "refused")) == 1, "of the order that was placed, none of the questions"


def test_why_names_a_gate_that_is_not_open_beside_every_rule(house: House) -> None:
    house.ref.ask(Halt("a test"))
    decision = why(house, quantity=2000)
    assert refused_by(decision)[0] == "gate"
    assert "kill switch: a test" in decision.verdicts[0].text
    assert "max_order_quantity" in refused_by(decision)


def test_why_of_words_that_make_no_order_is_refused_as_the_order_would_be(house: House) -> None:
    with pytest.raises(Rejected, match="quantity 0"):
        why(house, quantity=0)


# --- positions ----------------------------------------------------------------------------------------


@pytest.fixture
def losing(idle: House) -> House:
    """Ten shares are held, and only orders pass that reduce them."""
    idle.risk = RiskSettings(
        daily_loss=LossSettings(reduce_at=Decimal(1000), halt_at=None), duplicate_window=0, max_order_value=Decimal(100)
    )
    mark = Mark(AAPL.con_id, "AAPL", "STK", "USD", Decimal(10), Decimal(1500))
    idle.figures = msgspec.structs.replace(RICH, daily=Decimal(-1500), marks=(mark,))
    house = idle.start()
    house.wait_gate("reconciling")
    house.cut(positions=(HELD,))
    house.wait_gate("reducing")
    return house


def test_while_only_reducing_orders_pass_one_leaves_as_such_up_to_what_is_held_whatever_it_is_worth(
    losing: House,
) -> None:
    for order in ({"side": "BUY"}, {"side": "SELL", "quantity": 11}):
        with pytest.raises(Rejected, match="daily loss of DU1") as refused:
            losing.place(key="not", **order)
        assert refused.value.kind == "gate"
    losing.place(key="exit", side="SELL")
    sent = losing.sent.get(timeout=5.0)
    assert isinstance(sent, Transmit)
    assert sent.reducing
    with pytest.raises(Rejected, match="daily loss of DU1"):
        losing.place(key="more", side="SELL", quantity=1)  # the exit that works takes off all there is


def test_while_only_reducing_orders_pass_no_bracket_does_as_the_exits_of_one_that_closes_would_open(
    losing: House,
) -> None:
    closes = PlaceOrder("AAPL", "SELL", Decimal(10), limit=150.0, key="closes")
    with pytest.raises(Rejected, match="gate reducing: daily loss of DU1") as refused:
        losing.ref.ask(PlaceBracket(closes, take_profit=140.0, stop_loss=160.0))
    assert refused.value.kind == "gate"
    losing.ref.ask(closes)


def test_an_execution_counts_at_once_before_account_or_a_cut_knows_of_it(losing: House) -> None:
    assert why(losing, side="SELL", quantity=10).allowed
    losing.says(execution_report("e1.01", 4, side="SLD", key="by hand", order_id=0, client_id=0, perm_id=7))
    with pytest.raises(Rejected, match="daily loss of DU1"):
        losing.place(side="SELL", quantity=7)
    losing.place(side="SELL", quantity=6)


def test_a_cut_and_an_execution_that_it_has_count_once(losing: House) -> None:
    report = execution_report("e1.01", 4, side="SLD", key="by hand", order_id=0, client_id=0, perm_id=7)
    left = msgspec.structs.replace(HELD, quantity=Decimal(6))
    losing.says(report)
    losing.cut(executions=(report,), positions=(left,), asked=0.001)  # begun before it: still it is in the positions
    losing.place(side="SELL", quantity=6)


def test_a_strategys_own_position_is_counted_from_its_executions_also_those_before_a_restart(idle: House) -> None:
    idle.strategies = {"light": StrategyRisk(max_position_value=Decimal(3000))}
    house = idle.start().open()
    house.place(strategy="light")
    house.says(execution_report("e1.01", 10, order_id=1))
    with pytest.raises(Rejected, match=r"3150\.00 USD is above max_position_value of light"):
        house.place(key="k2", strategy="light", quantity=11)
    house.restart()
    house.wait_gate("reconciling")
    house.cut(positions=(HELD,))
    with pytest.raises(Rejected, match="max_position_value of light"):
        house.place(key="k2", strategy="light", quantity=11)
    house.place(key="k2", strategy="light")


def test_a_bracket_counts_as_many_orders_and_its_exits_as_no_position(idle: House) -> None:
    idle.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, duplicate_window=0, max_open_orders=4)
    house = idle.start().open()
    entry = PlaceOrder("AAPL", "BUY", 100, limit=150.0, key="a")
    house.ref.ask(PlaceBracket(entry, take_profit=160.0, stop_loss=140.0))
    with pytest.raises(Rejected, match=r"entry: it would be order 6 open at once.*up to 4"):
        house.ref.ask(PlaceBracket(msgspec.structs.replace(entry, key="b"), take_profit=160.0, stop_loss=140.0))
    house.place(quantity=100)  # the exits of the bracket take nothing off before it fills, and add nothing
    assert "AAPL 0 at" in orjson.loads(rows(house, "intent")[-1].data)["decision"]["facts"]["position"]


def test_money_in_a_currency_without_a_rate_is_refused_by_name(house: House) -> None:
    pound = Contract("VOD", currency="GBP", con_id=7)
    house.market.details = msgspec.structs.replace(house.market.details, contract=pound)
    house.market.quote = quote(symbol="VOD", con_id=7)
    with pytest.raises(Rejected, match="no rate of GBP in USD, the base currency of account DU1, was told"):
        house.place(contract="VOD")


# --- prices -------------------------------------------------------------------------------------------


def test_without_market_data_no_order_leaves_of_which_a_rule_needs_the_price(house: House) -> None:
    house.place()
    house.service.kill("market_data")
    while why(house).allowed:
        pass  # what was told a moment ago is of use for a moment
    with pytest.raises(Rejected, match="limit 150 cannot be measured: no price of AAPL is known"):
        house.place(key="k2")


def test_without_a_collar_an_order_that_names_its_price_asks_market_data_for_its_contract_alone(idle: House) -> None:
    idle.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, duplicate_window=0, price_collar=None)
    house = idle.start().open()
    house.market.quote = quote(state="stale", age=99.0)
    house.place()
    house.place(key="k2")
    assert house.market.asked == ["AAPL"]
    with pytest.raises(Rejected, match=r"the quote of AAPL is stale \(last tick 99 s ago\)"):
        house.place(key="k3", limit=None)
    assert house.market.asked == ["AAPL", "AAPL"]


# --- what is waited for -------------------------------------------------------------------------------


def test_an_order_waits_a_little_for_the_first_word_of_what_its_account_is_worth(idle: House) -> None:
    known = idle.figures
    idle.figures = msgspec.structs.replace(RICH, currency="", live=False, rates={})
    house = idle.start().open()
    placed: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=lambda: placed.put(house.place())).start()
    while not house.market.asked:
        house.settle()
    house.settle()
    assert placed.empty()
    house.worth(currency=known.currency, live=True, rates=known.rates)
    assert placed.get(timeout=5.0).status == "SENT"


def test_an_order_whose_account_nobody_knows_is_refused_in_words(idle: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.orders.preparing.FIGURES_SECONDS", 0.05)
    idle.figures = msgspec.structs.replace(RICH, account="another")
    house = idle.start().open()
    with pytest.raises(Rejected, match="nothing is known yet of what account DU1 is worth; max_order_value cannot be"):
        house.place()


def test_an_account_that_has_just_started_takes_nothing_of_what_is_known_but_funds_are_not_trusted(
    house: House,
) -> None:
    house.place()
    house.worth(currency="", live=False, rates={})
    while why(house).allowed:
        pass
    assert refused_by(why(house)) == ["buying_power"]


# --- the broker's margin ------------------------------------------------------------------------------


def preview(equity: int | None, margin: int | None) -> OrderPreview:
    figures = msgspec.structs.replace(OrderPreview(*[Decimal(1)] * 12, currency="USD"))
    after = {"equity_after": equity, "initial_after": margin}
    return msgspec.structs.replace(figures, **{k: None if v is None else Decimal(v) for k, v in after.items()})


@pytest.mark.parametrize(
    ("equity", "margin", "words"),
    [
        (999, 1000, r"equity of 999\.00 USD .* initial margin of 1000\.00 USD, available funds would be -1\.00"),
        (None, 1000, "the broker does not say what margin the order would need"),
        (1000, None, "the broker does not say what margin the order would need"),
    ],
)
def test_an_order_that_the_account_cannot_bear_by_the_brokers_margin_is_not_sent(
    house: House, equity: int | None, margin: int | None, words: str
) -> None:
    house.script[FetchPreview] = lambda *_: preview(equity, margin)
    with pytest.raises(Rejected, match=words):
        house.place(what_if=True)
    assert house.sent.empty()
    assert rows(house, "refused")[0].key == "k1"


def test_an_order_that_it_can_bear_is_sent_though_our_buying_power_would_not_do(house: House) -> None:
    house.worth(available_funds=Decimal(1000))
    while why(house).allowed:
        pass
    house.script[FetchPreview] = lambda *_: preview(1000, 1000)
    assert house.place(what_if=True).status == "SENT"
    assert house.transmitted().terms.key == "k1"


def test_while_the_broker_is_asked_a_halt_still_comes_before_the_order(house: House) -> None:
    box: queue.Queue[Sender] = queue.Queue()
    house.script[FetchPreview] = held(box)
    refused: queue.Queue[Rejected] = queue.Queue()

    def place() -> None:
        try:
            house.place(what_if=True)
        except Rejected as error:
            refused.put(error)

    threading.Thread(target=place).start()
    asked = box.get(timeout=5.0)
    house.ref.ask(Halt("a test", cancel="none"))
    house.connection.call(lambda: asked.reply(preview(1000, 1000)))
    assert "kill switch: a test" in str(refused.get(timeout=5.0))
    assert house.sent.empty()


def test_of_a_group_the_broker_is_asked_about_one_order_at_most(house: House) -> None:
    orders = tuple(PlaceOrder("AAPL", "BUY", 1, limit=price, what_if=True) for price in (149.0, 148.0))
    with pytest.raises(Rejected, match="what_if of 2 orders that go together"):
        house.ref.ask(PlaceOneCancelsAll(orders))
