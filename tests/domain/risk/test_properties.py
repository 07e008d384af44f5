"""Of any order and any limits: a tighter limit never lets more through, nothing unknown passes, nothing ends badly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from actors.domain.hours import HoursFact
from actors.domain.risk.decision import decide
from actors.domain.risk.facts import Counts, Facts, Twin
from actors.domain.risk.limits import RiskLimits, StrategyLimits
from actors.domain.risk.reducing import reducing
from actors.messages.broker import OrderTerms
from tests.domain.order_builders import quote, terms
from tests.domain.risk.builders import CLOSED, OPEN, facts, figures, held, limits, refusals

MONEY = st.integers(1, 10_000).map(Decimal)
MAYBE_MONEY = st.none() | MONEY
COUNT = st.none() | st.integers(1, 8)
SIGNED = st.integers(-30, 30).map(Decimal)
SIZE = st.integers(0, 30).map(Decimal)
PRICE = st.sampled_from((None, 0.0, -1.0, 0.01, 140.0, 149.9, 150.0, 150.1, 160.0, float("nan"), float("inf"), 1.8e308))
ODD = st.sampled_from((None, Decimal("NaN"), Decimal("Infinity"), Decimal(-5), Decimal(0), Decimal(1500)))
SYMBOLS = st.sampled_from(((), ("AAPL",), ("MSFT",), ("AAPL", "MSFT")))

OWN = st.builds(
    StrategyLimits,
    max_order_value=MAYBE_MONEY,
    max_order_quantity=st.none() | st.integers(1, 30).map(Decimal),
    max_position_value=MAYBE_MONEY,
    max_open_orders=COUNT,
    orders_per_minute=COUNT,
    orders_per_day=COUNT,
    allowed=SYMBOLS,
)
LIMITS = st.builds(
    RiskLimits,
    max_order_value=MONEY,
    max_order_quantity=st.integers(1, 30).map(Decimal),
    quote_age=st.sampled_from((1.0, 30.0)),
    max_position_value=MAYBE_MONEY,
    max_gross_exposure=MAYBE_MONEY,
    max_open_orders=COUNT,
    orders_per_minute=COUNT,
    orders_per_minute_each=COUNT,
    orders_per_day=COUNT,
    price_collar=st.none() | st.sampled_from((0.1, 1.0, 5.0, 50.0)),
    duplicate_window=st.sampled_from((0.0, 0.5, 2.0)),
    buying_power=st.booleans(),
    market_hours=st.booleans(),
    allowed=SYMBOLS,
    restricted=SYMBOLS,
    own=OWN,
)
HOLDINGS = st.builds(held, SIGNED, told=st.none() | SIGNED, lagging=st.booleans(), unit=ODD, buying=SIZE, selling=SIZE)
SIDES, TIFS = st.sampled_from(("BUY", "SELL")), st.sampled_from(("DAY", "GTC", "OPG"))
TYPES = st.sampled_from(("LMT", "MKT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MOC", "LOC"))
ORDERS = st.builds(
    terms,
    side=SIDES,
    quantity=st.integers(1, 30).map(Decimal),
    order_type=TYPES,
    limit=st.none() | st.sampled_from((0.01, 140.0, 149.9, 150.0, 150.1, 160.0)),
    stop=st.none() | st.sampled_from((140.0, 160.0)),
    limit_offset=st.none() | st.sampled_from((0.1, 100.0)),
    tif=TIFS,
)
WILD = st.builds(
    terms,
    side=SIDES,
    quantity=st.integers(1, 30).map(Decimal) | st.sampled_from((Decimal("NaN"), Decimal(-1), Decimal("1.5"))),
    order_type=TYPES,
    limit=PRICE,
    stop=PRICE,
    limit_offset=st.none() | st.sampled_from((0.1, 100.0, float("nan"))),
    tif=TIFS,
)
FIGURES = st.none() | st.builds(
    figures,
    live=st.booleans(),
    available_funds=ODD,
    currency=st.sampled_from(("USD", "EUR")),
    rates=st.sampled_from(({}, {"USD": Decimal("0.8")}, {"USD": Decimal("NaN")})),
)
QUOTES = st.none() | st.builds(
    quote,
    bid=PRICE,
    ask=PRICE,
    last=PRICE,
    age=st.none() | st.floats(0, 60) | st.just(float("nan")),
    state=st.sampled_from(("live", "delayed", "stale", "gap", "waiting")),
)


@st.composite
def any_facts(draw: st.DrawFn, orders: st.SearchStrategy[OrderTerms] = ORDERS) -> Facts:
    return facts(
        draw(orders),
        draw(HOLDINGS),
        move={"own": draw(SIGNED), "own_buying": draw(SIZE), "own_selling": draw(SIZE)},
        others=tuple(draw(st.lists(HOLDINGS, max_size=2))),
        figures=draw(FIGURES),
        quote=draw(QUOTES),
        hours=draw(st.sampled_from((None, OPEN, CLOSED, HoursFact(False, "nobody knows")))),
        counts=draw(st.builds(Counts, *[st.integers(0, 8)] * 6)),
        twin=draw(st.none() | st.builds(Twin, st.just("k0"), st.floats(0, 3))),
        together=draw(st.integers(1, 3)),
        change=draw(st.booleans()),
        waits_for_entry=draw(st.booleans()),
        asks_broker=draw(st.booleans()),
        only_reducing=draw(st.sampled_from(("", "the day's loss"))),
    )


def _tighter(draw: st.DrawFn, name: str, value: Any) -> Any:
    """A value of a limit that is at least as tight."""
    if name in ("allowed", "restricted"):
        more = {"allowed": [("IBM",), value], "restricted": [(*value, "AAPL"), value]}[name]
        return draw(st.sampled_from(more))
    if isinstance(value, bool):
        return draw(st.sampled_from((True, value)))
    if name == "duplicate_window":
        return value + draw(st.sampled_from((0.0, 1.0)))
    if value is None:
        return draw(st.sampled_from((None, 1)))
    return draw(st.sampled_from((value, min(value, type(value)(1)))))


@st.composite
def narrowed(draw: st.DrawFn) -> tuple[RiskLimits, RiskLimits]:
    wide = draw(LIMITS)
    chosen = draw(st.sets(st.sampled_from(RiskLimits.__struct_fields__), min_size=1, max_size=4)) - {"own"}
    changes = {name: _tighter(draw, name, getattr(wide, name)) for name in sorted(chosen)}
    own = draw(st.sampled_from(StrategyLimits.__struct_fields__))
    tight_own = msgspec.structs.replace(wide.own, **{own: _tighter(draw, own, getattr(wide.own, own))})
    return wide, msgspec.structs.replace(wide, own=tight_own, **changes)


@settings(max_examples=400)
@given(any_facts(), narrowed())
def test_what_a_limit_refuses_a_tighter_one_refuses_too(about: Facts, pair: tuple[RiskLimits, RiskLimits]) -> None:
    wide, tight = pair
    assert refusals(about, wide).keys() <= refusals(about, tight).keys()


@given(st.integers(1, 2000), st.integers(1, 50_000), SIDES)
@example(1000, 2500, "BUY")
@example(1001, 2498, "SELL")
def test_an_order_passes_exactly_when_quantity_and_value_are_within_their_limits(
    quantity: int, cents: int, side: str
) -> None:
    price = cents / 100
    market = quote(bid=price, ask=price, last=price)
    kept = limits(max_order_quantity=Decimal(1000), max_order_value=Decimal(25000))
    wrong = refusals(facts(terms(side=side, quantity=Decimal(quantity), limit=price), quote=market), kept)
    within = {"max_order_quantity": quantity <= 1000, "max_order_value": quantity * cents <= 2_500_000}
    assert set(wrong) == {rule for rule, inside in within.items() if not inside}


@given(st.integers(1, 10**6), st.integers(1, 10**6), SIDES, st.integers(1, 50))
@example(10500, 10000, "BUY", 5)
@example(10501, 10000, "BUY", 5)
@example(9500, 10000, "SELL", 5)
@example(9499, 10000, "SELL", 5)
def test_a_limit_passes_the_collar_exactly_when_it_is_no_further_than_that_or_one_tick(
    limit: int, market: int, side: str, percent: int
) -> None:
    order = terms(side=side, limit=limit / 100)
    wrong = refusals(facts(order, quote=quote(bid=market / 100, ask=market / 100)), limits(price_collar=float(percent)))
    worse = limit - market if side == "BUY" else market - limit
    assert ("price_collar" in wrong) == (worse * 100 > max(market * percent, 100))


@given(any_facts(WILD), LIMITS)
def test_whatever_the_facts_every_refusal_says_what_is_wrong_and_what_would_be_accepted(
    about: Facts, kept: RiskLimits
) -> None:
    for found in decide(about, kept):
        one = found.words()
        assert one.rule
        assert one.value
        assert one.limit
        if not one.passed:
            assert any(words in one.text for words in ("accepted", "cannot be kept", "must be above zero"))


@given(any_facts())
def test_what_nobody_knows_refuses_every_order_that_opens_a_position(about: Facts) -> None:
    assume(not reducing(about))
    wrong, told, quoted = refusals(about), about.figures, about.quote
    if told is None or (told.currency != "USD" and told.rates.get("USD") != Decimal("0.8")):
        assert "max_order_value" in wrong
    funded = told is not None and told.live and told.available_funds is not None
    assert funded or about.asks_broker or "buying_power" in wrong
    if quoted is None or quoted.age is None or quoted.state == "gap":
        assert not wrong.keys().isdisjoint({"quote", "max_order_value", "price_collar", "stop"})


@given(any_facts(), LIMITS, st.integers(1, 30).map(Decimal))
def test_what_refuses_an_order_refuses_more_of_it_too(about: Facts, kept: RiskLimits, more: Decimal) -> None:
    assume(not reducing(about))
    (move,) = about.moves
    larger = msgspec.structs.replace(
        about,
        terms=msgspec.structs.replace(about.terms, quantity=about.terms.quantity + more),
        moves=(msgspec.structs.replace(move, quantity=move.quantity + more),),
    )
    assert refusals(about, kept).keys() <= refusals(larger, kept).keys()
