"""Combos: what words mean, what may be one, what it is made of, what it is worth and what positions make of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.combos import LegQuote, check, combine, meant, net_quote, vertical, weights, whole_combos
from actors.domain.contracts import question, words
from actors.domain.order_words import facts
from actors.messages.market import Combo, ComboLeg, Contract, ContractDetails, Leg, Quote
from supervision.errors import Rejected
from tests.domain.order_builders import order


def call(strike: float, **changes: Any) -> Contract:
    return msgspec.structs.replace(
        Contract("AAPL", "OPT", last_trade_date="20261218", strike=strike, right="C"), **changes
    )


def listed(strike: float, con_id: int, **changes: Any) -> ContractDetails:
    return ContractDetails(call(strike, con_id=con_id, multiplier="100"), **changes)


SPREAD = Combo((Leg(call(150.0), "BUY"), Leg(call(160.0), "SELL")))
LISTED = (listed(150.0, 701, min_tick=0.05), listed(160.0, 702))
SHARES = ContractDetails(Contract("AAPL", con_id=265598))


@pytest.mark.parametrize(
    ("words", "combo"),
    [
        ("AAPL 20261218 150/160C", SPREAD),
        ("aapl 20261218 150c - AAPL 20261218 160C", Combo((Leg("aapl 20261218 150c", "BUY"),
                                                           Leg("AAPL 20261218 160C", "SELL")))),
        ("- AAPL + 2x BRK B 20261218 402.5P - MSFT", Combo((Leg("AAPL", "SELL"),
                                                           Leg("BRK B 20261218 402.5P", "BUY", 2),
                                                           Leg("MSFT", "SELL")))),
    ],
)  # fmt: skip
def test_words_name_the_legs_of_a_combo(words: str, combo: Combo) -> None:
    assert meant(words) == combo


def test_a_vertical_is_the_same_said_in_any_way() -> None:
    assert vertical("aapl", "20261218", "C", 150.0, 160.0) == SPREAD
    assert meant(SPREAD) is SPREAD
    legs = "AAPL 20261218 150C - AAPL 20261218 160C"
    assert combine(meant(legs), LISTED) == combine(SPREAD, LISTED)  # type: ignore[arg-type]
    assert combine(SPREAD, LISTED).contract.local_symbol == legs


@pytest.mark.parametrize(
    ("words", "contract"),
    [
        ("BRK B", Contract("BRK B")),
        ("BRK B 20261218 402.5p", Contract("BRK B", "OPT", last_trade_date="20261218", strike=402.5, right="P")),
        ("AAPL 20261218 10000.25C", call(10000.25)),
        ("EUR.USD", Contract("EUR", "CASH", "IDEALPRO", "USD")),
    ],
)
def test_words_without_signs_name_one_contract(words: str, contract: Contract) -> None:
    assert meant(words) == contract


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("AAPL 2026-12-18 150C", "an option is SYMBOL YYYYMMDD STRIKE and C or P"),
        ("AAPL 20261318 150C", "is no option"),
        ("AAPL 20261218 0C", "is no option"),
        ("AAPL 20261218 150/0C", "is no option"),
        (" ", "symbol is empty"),
        (Contract("AAPL", "BAG"), "names no legs"),
    ],
)
def test_words_that_make_no_contract_are_refused_with_what_would_be_accepted(words: str | Contract, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        meant(words)


def test_a_known_combo_is_asked_for_by_its_legs_contract_ids_and_is_the_same_again() -> None:
    known = combine(SPREAD, LISTED).contract
    again = meant(known)
    assert isinstance(again, Combo)
    assert [leg.contract for leg in again.legs] == [
        Contract("", "", "SMART", "USD", 701),
        Contract("", "", "SMART", "USD", 702),
    ]
    assert combine(again, LISTED).contract == known
    told = Contract("AAPL", "BAG", "SMART", con_id=28812380, legs=(ComboLeg(701, 1, "BUY", ""),) * 2)
    assert [leg.contract.exchange for leg in meant(told).legs] == ["SMART"] * 2  # type: ignore[union-attr]


def test_everything_that_is_wrong_with_the_legs_is_told_at_once() -> None:
    with pytest.raises(Rejected) as refusal:
        check(Combo((Leg("AAPL", "HOLD", 0),)))  # type: ignore[arg-type]
    assert [reason.partition(" (")[0] for reason in refusal.value.reasons] == [
        "a combo of 1 legs",
        "leg 1: ratio 0",
        "leg 1: side 'HOLD'",
    ]
    check(SPREAD)
    with pytest.raises(Rejected, match="AAPL 2026-12-18 150C is no option"):
        vertical("AAPL", "2026-12-18", "C", 150.0, 160.0)
    with pytest.raises(Rejected, match="ask for its legs"):
        question(combine(SPREAD, LISTED).contract)
    euro = ContractDetails(Contract("EUR", "CASH", "IDEALPRO", "EUR", con_id=701))
    with pytest.raises(Rejected) as refusal:
        combine(SPREAD, (LISTED[0], euro))
    assert [reason.partition(" (")[0] for reason in refusal.value.reasons] == [
        "leg 2: EUR is of type CASH",
        "a contract is in the combo twice; give it once, with a ratio",
        "the legs have several currencies",
        "the legs have several exchanges",
    ]


def test_a_combo_is_ordered_as_one_contract_made_of_its_legs() -> None:
    details = combine(SPREAD, LISTED)
    assert details.min_tick == 0.01
    assert details.contract == Contract(
        "AAPL",
        "BAG",
        multiplier="100",
        local_symbol="AAPL 20261218 150C - AAPL 20261218 160C",
        legs=(ComboLeg(701, 1, "BUY"), ComboLeg(702, 1, "SELL")),
    )
    pair = Combo((Leg("AAPL", "SELL"), Leg("MSFT", "BUY", 3)))
    bag = combine(pair, (SHARES, ContractDetails(Contract("MSFT", con_id=272093)))).contract
    assert (bag.symbol, bag.multiplier, bag.local_symbol) == ("AAPL,MSFT", "1", "- AAPL + 3x MSFT")


def test_what_an_order_is_for_is_told_in_words() -> None:
    bag = combine(SPREAD, LISTED).contract
    told = msgspec.structs.replace(bag, con_id=28812380, local_symbol="AAPL")
    spoken = [order(contract=one).view().contract for one in (SHARES.contract, call(150.0), bag, told)]
    assert spoken == [
        "AAPL",
        "AAPL 20261218 150C",
        "AAPL 20261218 150C - AAPL 20261218 160C",
        "AAPL combo of 2 legs",
    ]
    assert facts(order(contract=bag))["contract"] == spoken[2]
    assert words(Contract("EUR", "CASH", "IDEALPRO", "USD")) == "EUR.USD"


def priced(bid: float | None, ask: float | None, **changes: Any) -> Quote:
    return Quote(**({"symbol": "", "con_id": 0, "bid": bid, "ask": ask, "age": 0.1, "state": "live"} | changes))


def net(combo: Combo, legs: tuple[ContractDetails, ...], *quotes: Quote) -> Quote:
    details = combine(combo, legs)
    parts = zip(details.contract.legs, weights(details, legs), quotes, strict=True)
    return net_quote(details.contract, tuple(LegQuote(*part) for part in parts))


def test_a_combo_costs_what_its_legs_cost_on_the_sides_they_take() -> None:
    ratio = Combo((Leg(call(150.0), "BUY"), Leg(call(160.0), "SELL", 2)))
    quote = net(ratio, LISTED, priced(4.0, 4.25), priced(1.0, 1.5))
    assert (quote.bid, quote.ask, quote.last, quote.symbol) == (1.0, 2.25, None, "AAPL")
    assert net(ratio, LISTED, priced(4.0, 4.25), priced(1.0, None)).bid is None


def test_a_covered_call_costs_a_share_less_an_option() -> None:
    covered = Combo((Leg("AAPL", "BUY", 100), Leg(call(160.0), "SELL")))
    quote = net(covered, (SHARES, LISTED[1]), priced(150.0, 150.5), priced(2.0, 2.5))
    assert (quote.bid, quote.ask) == (147.5, 148.5)


def test_a_net_price_is_as_good_as_the_worst_of_its_parts() -> None:
    quote = net(SPREAD, LISTED, priced(4.0, 4.2, age=9.0), priced(1.0, 1.2, state="gap", note="no session"))
    assert (quote.state, quote.age, quote.note) == ("gap", 9.0, "no session")
    assert net(SPREAD, LISTED, priced(4.0, 4.2), priced(None, None, state="waiting", age=None)).age is None


@given(st.integers(-20, 20), st.tuples(st.integers(1, 5), st.integers(1, 5)), st.integers(0, 4))
def test_positions_of_the_legs_are_so_many_whole_combos(combos: int, ratios: tuple[int, int], rest: int) -> None:
    legs = (ComboLeg(701, ratios[0], "BUY"), ComboLeg(702, ratios[1], "SELL"))
    more = min(rest, ratios[0] - 1) * (1 if combos >= 0 else -1)
    held = {701: Decimal(combos * ratios[0] + more), 702: Decimal(-combos * ratios[1])}
    assert whole_combos(legs, held) == combos
    assert whole_combos(legs, {701: Decimal(5)}) == 0


def test_half_a_combo_is_none() -> None:
    legs = (ComboLeg(701, 2, "BUY"), ComboLeg(702, 4, "SELL"))
    assert whole_combos(legs, {701: Decimal(3), 702: Decimal(-6)}) == 1
    assert whole_combos(legs, {701: Decimal(-3), 702: Decimal(6)}) == -1
