"""Live prints, single ticks of the past and bars of every size are one market; so are books, combos and late views."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.market.feed import Quote
from simulator.market.history import HistoryRequest, bars
from simulator.market.instrument import Instrument, Leg
from simulator.market.market import DELAY, Market
from simulator.market.universe import Query, Universe
from tests.simulator.rig import NOON

MIDNIGHT = NOON - 12 * 3600
UNIVERSE = Universe(date(2026, 11, 19))
SPY = UNIVERSE.shares["SPY"]
KINDS = {
    "share": UNIVERSE.shares["AAPL"],
    "pair": UNIVERSE.pairs[0],
    "future": UNIVERSE.find(Query(symbol="ES", sec_type="FUT"))[0],
    "option": UNIVERSE.find(Query(symbol="SPY", sec_type="OPT", right="C"))[60],
}


def market(now: float = NOON, **parts: object) -> Market:
    return Market(UNIVERSE, 1, now, **parts)


def asked(made: Market, item: Instrument, duration: str, size: str, what: str = "TRADES", end: float | None = None):
    request = HistoryRequest(made.now if end is None else end, duration, size, what, False)
    return bars(made, made.line(item), request)[1]


@pytest.mark.parametrize("kind", ["share", "future", "option"])
def test_what_was_printed_live_is_what_history_tells_in_ticks_and_in_bars(kind: str):
    made, item = market(), KINDS[kind]
    line = made.line(item)
    live = []
    for step in range(1, 481):
        live += made.step(NOON + step / 4, [item])[0].prints
    told = made.history_ticks(item, "TRADES", NOON + 0.25, made.now + 60, 1000)
    assert live == told
    assert made.history_ticks(item, "TRADES", None, made.now + 60, 5) == told[-5:]
    assert made.history_ticks(item, "TRADES", None, made.now + 60, len(told)) == told  # over several minutes
    assert made.history_ticks(item, "TRADES", NOON + 0.25, made.now, 3) == told[:3]
    assert len(live) > {"share": 50, "future": 100, "option": 2}[kind]
    assert all(first.time <= second.time for first, second in itertools.pairwise(live))
    assert (line.quote.last, line.quote.last_size, line.quote.last_time) == (
        live[-1].price,
        live[-1].size,
        live[-1].time,
    )
    for bar in asked(made, item, "120 S", "5 secs"):
        inside = [trade for trade in live if bar.start <= trade.time < bar.start + 5]
        if bar.start > NOON and inside:
            prices = [line.price(trade.price) for trade in inside]
            assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
            assert (bar.volume, bar.count) == (sum(trade.size for trade in inside), len(inside))
            exact = sum(line.price(trade.price) * trade.size for trade in inside) / bar.volume
            assert abs(bar.average - exact) <= item.tick / 10
        elif bar.start > NOON:
            assert (bar.volume, bar.count, bar.high) == (0, 0, bar.low)


def test_how_often_a_line_is_looked_at_does_not_change_what_it_shows():
    often, seldom = market(), market()
    items = list(KINDS.values())
    for step in range(1, 401):
        often.step(NOON + step / 4, items)
    seldom.step(NOON + 50, items[:2])
    seldom.step(NOON + 100, items)
    late = market(NOON + 100)
    for item in items:
        shown, others = often.line(item).quote, [made.line(item).quote for made in (seldom, late)]
        if item.sec_type == "OPT":  # the extremes of its day before are sampled
            others = [replace(other, high=shown.high, low=shown.low) for other in others]
        assert [shown, shown] == others


@settings(deadline=None, max_examples=100)
@given(
    kind=st.sampled_from(["share", "pair", "future"]),
    start=st.integers(0, 40_000),
    length=st.integers(1, 900),
    jump=st.none() | st.integers(0, 900),
)
def test_extremes_found_by_branch_and_bound_are_those_of_all_prints(kind, start, length, jump):
    made, item = market(), KINDS[kind]
    feed = made.feed(item)
    begin = MIDNIGHT + start / 4
    end = begin + length / 4
    if jump is not None:
        feed.shift(begin + jump / 4, 1.02, None)
    if kind != "pair":
        prices = [trade.price for trade in feed.prints(begin, end)]
        expected = (prices[0], max(prices), min(prices), prices[-1]) if prices else None
        assert feed.reach("TRADES", begin, end) == expected
        assert feed.traded(begin, end)[1] == len(prices)
    bids = []
    for cell in range(length):
        quote = Quote()
        feed.show(quote, begin + cell / 4)
        bids.append(quote.bid)
    if jump is None:
        assert feed.reach("BID", begin, end) == (bids[0], max(bids), min(bids), bids[-1])


def test_bars_of_every_size_add_up():
    made, item = market(NOON - 0.25), KINDS["share"]
    minutes = asked(made, item, "1 D", "1 min")
    for size, count in (("5 mins", 5), ("1 hour", 60), ("1 day", 720)):
        longer = asked(made, item, "1 D", size)
        assert len(longer) == len(minutes) // count
        for bar, inside in zip(longer, _batches(minutes, count), strict=True):
            assert (bar.open, bar.close) == (inside[0].open, inside[-1].close)
            assert bar.high == max(each.high for each in inside)
            assert bar.low == min(each.low for each in inside)
            assert bar.volume == sum(each.volume for each in inside)
            assert bar.count == sum(each.count for each in inside)
    quote = made.line(item).quote
    day = asked(made, item, "1 D", "1 day")[-1]
    assert (day.volume, day.count) == (quote.volume, quote.trades)
    assert [made.line(item).price(price) for price in (quote.open, quote.high, quote.low)] == [
        day.open,
        day.high,
        day.low,
    ]


def _batches(items: list, size: int) -> list[list]:
    return [items[start : start + size] for start in range(0, len(items), size)]


@pytest.mark.parametrize("speed", [1.0, 20.0, 0.5])
def test_at_any_speed_prints_and_bars_agree(speed: float):
    made, item = market(speed=speed), KINDS["share"]
    made.line(item)
    live = []
    for step in range(1, 81):
        live += made.step(NOON + step / 4 / speed, [item])[0].prints
    assert len(live) > 10
    assert live == made.history_ticks(item, "TRADES", NOON + 0.2 / speed, made.now + 1, 1000)
    assert len({trade.price for trade in live}) > 1


def test_a_moved_price_is_in_the_prints_the_ticks_and_the_bars():
    made, item = market(), KINDS["share"]
    line = made.line(item)
    volume = line.quote.volume
    made.move(item, 300.0)
    assert [line.price(trade.price) for trade in line.prints] == [Decimal(300)]
    assert line.quote.volume == volume + line.prints[0].size
    moved = line.prints[0]
    made.step(NOON + 1, [item])
    assert moved in made.history_ticks(item, "TRADES", NOON, NOON + 1, 100)
    last = asked(made, item, "60 S", "5 secs")[-1]
    assert last.high >= Decimal(300)
    assert last.open < Decimal(290)  # what traded at the very instant, before
    assert asked(made, item, "60 S", "5 secs", end=NOON)[-1].high < Decimal(290)
    assert abs(line.price(line.quote.bid) - 300) < 1


def test_delayed_quotes_are_those_of_a_quarter_of_an_hour_ago():
    made, items = market(), list(KINDS.values())
    seen = {}
    for step in range(8):
        for line in made.step(NOON + step / 4, items):
            seen[line.instrument.con_id, made.now] = (
                line.quote.bid,
                line.quote.ask,
                line.quote.bid_size,
                line.quote.last,
            )
    for step in range(8):
        made.step(NOON + DELAY + step / 4, items)
        for item in items:
            late = made.delayed(item)
            assert late.time == NOON + step / 4
            assert (late.bid, late.ask, late.bid_size, late.last) == seen[item.con_id, late.time]


def test_the_closing_quote_is_the_last_one_of_the_session_before():
    made, item = market(MIDNIGHT - 0.25), KINDS["share"]
    shown = made.line(item).quote
    last = (shown.bid, shown.ask, shown.last, shown.volume)
    made.step(NOON, [item])
    closing = made.closing(item)
    assert (closing.bid, closing.ask, closing.last, closing.volume) == last
    assert made.line(item).quote.close == closing.last


def test_the_figures_of_a_day_begin_with_it():
    made, item = market(MIDNIGHT - 0.25), KINDS["share"]
    made.line(item)
    line = made.step(MIDNIGHT + 30, [item])[0]
    today = line.feed.prints(MIDNIGHT, line.feed.after(made.now))
    prices = [trade.price for trade in today]
    shown = line.quote
    assert (shown.open, shown.high, shown.low) == (prices[0], max(prices), min(prices))
    assert (shown.volume, shown.trades) == (sum(trade.size for trade in today), len(today))
    assert list(line.prints) == today


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_book_is_in_order_begins_with_the_quote_and_changes_in_small_steps(kind: str):
    made, item = market(), KINDS[kind]
    before = None
    changed = steps = 0
    for step in range(40):
        line = made.step(NOON + step / 4, [item])[0]
        book = made.depth(item, 20)
        assert made.depth(item, 20) == book
        assert (book.bids[0][:2], book.asks[0][:2]) == (
            (line.quote.bid, line.quote.bid_size),
            (line.quote.ask, line.quote.ask_size),
        )
        assert all(above.price > below.price >= 1 for above, below in itertools.pairwise(book.bids))
        assert all(above.price < below.price for above, below in itertools.pairwise(book.asks))
        assert all(level.size > 0 and level.maker for level in (*book.bids, *book.asks))
        assert made.depth(item, 3).bids == book.bids[:3]
        if before is not None:
            shifted = {(level.price - book.asks[0].price, level.size, level.maker) for level in book.asks[1:]}
            old = {(level.price - before.asks[0].price, level.size, level.maker) for level in before.asks[1:]}
            steps, changed = steps + 1, changed + (len(shifted & old) < len(shifted) * 0.5)
        before = book
    assert len(before.asks) == 20
    assert changed < steps / 2


def test_a_combo_is_bought_at_the_ask_of_bought_legs_and_the_bid_of_sold_ones():
    made = market()
    universe = made.universe
    aapl, msft = universe.shares["AAPL"], universe.shares["MSFT"]
    combo = universe.combo("AAPL,MSFT", "USD", (Leg(aapl.con_id, 1, "BUY"), Leg(msft.con_id, 2, "SELL")))
    for step in range(20):
        made.step(NOON + step / 4, [])
        line, first, second = made.line(combo), made.line(aapl).quote, made.line(msft).quote
        assert line.quote.ask == first.ask - 2 * second.bid
        assert line.quote.bid == first.bid - 2 * second.ask
        assert line.quote.bid < line.quote.ask < 0
        assert line.quote.ask_size == min(first.ask_size, second.bid_size // 2)
        assert line.price(line.quote.bid) == line.price(1) * line.quote.bid
        assert line.prints == ()
        assert line.quote.low <= (line.quote.bid + line.quote.ask) // 2 <= line.quote.high
    assert len(asked(made, combo, "600 S", "1 min", "MIDPOINT", end=NOON)) == 10
    made.gap(msft, 1)
    made.step(made.now + 0.25, [])
    assert made.line(combo).quote.ask == made.line(aapl).quote.ask - 2 * made.line(msft).quote.bid


def test_prices_keep_to_the_increments_of_their_market_rule():
    made = market()
    chains = [made.universe.find(Query(symbol=symbol, sec_type="OPT", right="P")) for symbol in ("SPY", "AAPL", "SPX")]
    for option in (option for chain in chains for option in chain[:: len(chain) // 60]):
        line = made.line(option)
        for ticks in (line.quote.bid, line.quote.ask):
            assert line.price(ticks) % option.increment(line.price(ticks)) == 0
        assert line.quote.bid < line.quote.ask
