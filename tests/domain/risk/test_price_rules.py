"""Prices against the market: the collar, stops that would trigger at once, quotes that cannot be relied on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from actors.messages.market import Contract, Quote
from tests.domain.order_builders import details, quote, terms
from tests.domain.risk.builders import CLOSED, facts, held, limits, refusals

NAN = float("nan")


@pytest.mark.parametrize(
    ("side", "inside", "outside", "accepted"),
    [("BUY", 157.60, 157.61, "up to 157.6"), ("SELL", 142.41, 142.40, "142.41 or more")],
)
def test_a_limit_just_inside_the_collar_passes_and_one_tick_beyond_is_refused(
    side: str, inside: float, outside: float, accepted: str
) -> None:
    assert not refusals(facts(terms(side=side, limit=inside)))
    (text,) = refusals(facts(terms(side=side, limit=outside))).values()
    assert f"limit {outside:.10g} is more than 5 % beyond" in text
    assert f"price_collar (accepted: {accepted})" in text


@pytest.mark.parametrize(("side", "limit"), [("BUY", 0.01), ("SELL", 10_000.0)])
def test_a_limit_far_on_the_passive_side_is_no_error(side: str, limit: float) -> None:
    assert not refusals(facts(terms(side=side, limit=limit)))


def test_the_last_trade_stands_in_for_a_side_that_is_not_there() -> None:
    for missing in (None, 0.0):
        assert not refusals(facts(terms(limit=157.50), quote=quote(ask=missing)))
        assert "beyond 150" in refusals(facts(terms(limit=157.51), quote=quote(ask=missing)))["price_collar"]


def test_a_cheap_contract_may_always_be_paid_a_tick_more() -> None:
    cheap = quote(ask=0.05, bid=0.04)
    assert not refusals(facts(terms(limit=0.06), quote=cheap))
    assert "price_collar" in refusals(facts(terms(limit=0.07), quote=cheap))


def test_the_limit_of_a_stop_is_measured_from_the_stop() -> None:
    order = {"order_type": "STP LMT", "stop": 200.0}
    assert not refusals(facts(terms(limit=210.0, **order)))
    assert "beyond 200" in refusals(facts(terms(limit=210.01, **order)))["price_collar"]
    down = {"order_type": "STP LMT", "side": "SELL", "stop": 100.0}
    assert not refusals(facts(terms(limit=95.0, **down)))
    assert "price_collar" in refusals(facts(terms(limit=94.99, **down)))


def test_how_far_a_trailing_limit_stands_from_its_stop_is_measured_too() -> None:
    order = {"order_type": "TRAIL LIMIT", "limit": None, "trail": 1.0, "side": "SELL"}
    assert not refusals(facts(terms(limit_offset=7.49, **order)))
    assert "limit_offset 7.5 " in refusals(facts(terms(limit_offset=7.5, **order)))["price_collar"]


def test_the_net_price_of_a_combo_has_its_collar_also_below_zero() -> None:
    spread = details(contract=Contract("AAPL", "BAG", multiplier="100"))
    about: dict[str, Any] = {"details": spread, "quote": quote(bid=-2.2, ask=-2.0, last=None)}
    assert not refusals(facts(terms(limit=-1.9), **about))
    assert "up to -1.9" in refusals(facts(terms(limit=-1.89), **about))["price_collar"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"state": "stale", "age": 45.0}, "is stale (last tick 45 s ago)"),
        ({"state": "gap"}, "is gap"),
        ({"state": "waiting", "age": None}, "no tick yet"),
        ({"state": "live", "age": None}, "no tick yet"),
        ({"age": 30.0}, "is stale (last tick 30 s ago, accepted: less than 30 s)"),
        ({"age": NAN}, "is stale"),
        ({"ask": NAN}, "the ask nan of AAPL is no price"),
        ({"ask": float("inf")}, "is no price"),
        ({"ask": -1.0}, "the ask -1 of AAPL is no price"),
        ({"ask": 1.7976931348623157e308}, "is no price"),
        ({"ask": 2147483647.0}, "is no price"),
        ({"ask": None, "last": None}, "neither an ask nor a last trade"),
        ({"ask": None, "last": NAN}, "the last nan of AAPL is no price"),
    ],
)
def test_a_quote_that_cannot_be_relied_on_refuses_limits_stops_and_market_orders(
    words: dict[str, Any], told: str
) -> None:
    bad = quote(**words)
    assert told in refusals(facts(quote=bad))["price_collar"]
    market = refusals(facts(terms(order_type="MKT", limit=None), quote=bad))
    assert told in market["quote"]
    assert told in market["max_order_value"]
    assert told in refusals(facts(terms(order_type="STP", limit=None, stop=160.0), quote=bad))["stop"]


def test_without_any_quote_only_orders_that_name_their_price_pass_and_only_without_a_collar() -> None:
    assert "no price of AAPL is known" in refusals(facts(quote=None))["price_collar"]
    assert not refusals(facts(quote=None), limits(price_collar=None))
    stop = terms(order_type="STP", side="SELL", limit=None, stop=140.0)
    assert not refusals(facts(stop, quote=None), limits(price_collar=None))
    assert "quote" in refusals(facts(terms(order_type="MKT", limit=None), quote=None), limits(price_collar=None))


@pytest.mark.parametrize("words", [{"tif": "DAY"}, {"tif": "GTC"}, {"tif": "OPG"}, {"order_type": "MOC"}])
def test_a_market_order_needs_a_fresh_quote_also_when_it_reduces_and_when_it_waits(words: dict[str, Any]) -> None:
    order = terms(**({"order_type": "MKT", "limit": None, "side": "SELL"} | words))
    assert not refusals(facts(order, held(10)))
    wrong = refusals(facts(order, held(10), hours=CLOSED, quote=quote(state="stale", age=60.0)))
    assert "needs a quote younger than 30 s (accepted: a limit price, or wait)" in wrong["quote"]


def test_while_the_market_is_known_to_be_closed_the_last_prices_count_for_what_waits() -> None:
    night = quote(state="stale", age=40_000.0)
    assert not refusals(facts(terms(tif="GTC", limit=157.60), quote=night, hours=CLOSED))
    assert "price_collar" in refusals(facts(terms(tif="GTC", limit=157.61), quote=night, hours=CLOSED))
    unknown = type(CLOSED)(open=False, text="nobody knows")
    assert "is stale" in refusals(facts(terms(tif="GTC"), quote=night, hours=unknown))["price_collar"]
    unasked = facts(quote=night, hours=CLOSED)  # for the day: it would trade as soon as the market opens
    assert "is stale" in refusals(unasked, limits(market_hours=False))["price_collar"]
    gap = quote(state="gap", age=40_000.0)
    assert "is gap" in refusals(facts(terms(tif="GTC"), quote=gap, hours=CLOSED))["price_collar"]


def test_a_delayed_quote_is_good_enough() -> None:
    assert not refusals(facts(quote=quote(state="delayed")))


@pytest.mark.parametrize(
    ("side", "inside", "outside", "accepted"),
    [("BUY", 150.11, 150.10, "above 150.1"), ("SELL", 149.89, 149.90, "below 149.9")],
)
@pytest.mark.parametrize("kind", ["STP", "STP LMT", "TRAIL"])
def test_a_stop_on_the_wrong_side_of_the_market_would_trigger_at_once(
    kind: str, side: str, inside: float, outside: float, accepted: str
) -> None:
    of_kind: dict[str, dict[str, Any]] = {
        "STP": {"limit": None},
        "STP LMT": {"limit": inside},
        "TRAIL": {"limit": None, "trail": 1.0},
    }
    words = of_kind[kind]
    assert not refusals(facts(terms(order_type=kind, side=side, stop=inside, **words)))
    (text,) = refusals(facts(terms(order_type=kind, side=side, stop=outside, **words))).values()
    assert "would trigger at once" in text
    assert f"(accepted: {accepted})" in text


def test_exits_that_wait_for_their_entry_are_not_measured_against_todays_market() -> None:
    entry_far_away: Quote = quote(bid=200.0, ask=200.1)
    for words in ({"limit": 105.0}, {"order_type": "STP", "limit": None, "stop": 201.0}):
        exit_ = terms(side="SELL", quantity=Decimal(10), **words)
        assert refusals(facts(exit_, quote=entry_far_away))
        assert not refusals(facts(exit_, quote=entry_far_away, waits_for_entry=True))
