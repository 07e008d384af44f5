"""What ticks make of a quote, what its age and state say, and that the hot loop equals a plain one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.quote_book import QuoteBook, has_price, ticks_of
from actors.messages.broker import TickBatch
from actors.messages.market import Contract, Quote, Ticks

AAPL = Contract("AAPL", con_id=1)
EUR = Contract("EUR", sec_type="CASH", con_id=2)
SECOND = 1_000_000_000
T0 = 1_000 * SECOND
NOON = 1_700_000_000 * SECOND


def batch(*ticks: tuple[int, int, float, float], elapsed_ns: int = T0) -> TickBatch:
    columns = [list(column) for column in zip(*ticks, strict=True)]
    return TickBatch(1, NOON, elapsed_ns, *columns)


def book() -> QuoteBook:
    made = QuoteBook(stale_after=30.0)
    made.add(AAPL)
    made.add(EUR)
    made.connect(11, AAPL.con_id)
    made.connect(12, EUR.con_id)
    return made


def test_price_ticks_carry_sizes_and_size_ticks_leave_prices_alone() -> None:
    quotes = book()
    changes = quotes.apply(
        batch((11, 1, 99.5, 3.0), (11, 2, 100.5, 4.0), (11, 4, 100.0, 5.0), (11, 0, -1.0, 7.0), (11, 8, -1.0, 1e6))
    )
    quote = quotes.quote(AAPL.con_id, T0 + 2 * SECOND)
    assert (quote.bid, quote.ask, quote.last) == (99.5, 100.5, 100.0)
    assert (quote.bid_size, quote.ask_size, quote.last_size, quote.volume) == (7.0, 4.0, 5.0, 1e6)
    assert (quote.mid, quote.age, quote.state, quote.time_ns) == (100.0, 2.0, "live", NOON)
    assert (changes.con_ids, changes.resumed, changes.strangers, changes.whole) == ([AAPL.con_id], [], [], True)
    assert quotes.quote(EUR.con_id, T0) == Quote("EUR", EUR.con_id)
    assert quotes.ticks == 5


def test_the_brokers_word_for_no_quote_is_none_and_never_a_price() -> None:
    quotes = book()
    quotes.apply(batch((11, 1, 99.5, 3.0), (11, 2, 100.5, 4.0), (11, 6, 0.0, 0.0), (11, 14, -1.0, 0.0)))
    quotes.apply(batch((11, 1, -1.0, 0.0), (11, 2, 0.0, 0.0)))
    quote = quotes.quote(AAPL.con_id, T0)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (None, 0.0, None, 0.0)
    assert (quote.high, quote.open) == (None, None)
    assert not has_price(quote)
    quotes.apply(batch((11, 1, 0.0, 2.0), (11, 0, -1.0, 3.0)))
    assert (quotes.quote(AAPL.con_id, T0).bid, quotes.quote(AAPL.con_id, T0).bid_size) == (0.0, 3.0)


def test_delayed_ticks_fill_the_same_quote_and_say_so() -> None:
    quotes = book()
    quotes.apply(batch((11, 66, 9.0, 1.0), (11, 67, 11.0, 2.0), (11, 71, -1.0, 3.0), (11, 75, 8.0, 0.0)))
    quote = quotes.quote(AAPL.con_id, T0)
    assert (quote.bid, quote.ask, quote.last_size, quote.close, quote.state) == (9.0, 11.0, 3.0, 8.0, "delayed")
    quotes.apply(batch((11, 86, -1.0, 3.0)))
    assert quotes.quote(AAPL.con_id, T0).state == "delayed", "a tick that is no quote says nothing about it"
    quotes.apply(batch((11, 4, 10.0, 3.0)))
    assert quotes.quote(AAPL.con_id, T0).state == "live"


def test_a_quote_waits_lives_goes_stale_once_falls_into_a_gap_and_resumes() -> None:
    quotes = book()
    assert quotes.quote(AAPL.con_id, T0).state == "waiting"
    quotes.apply(batch((11, 4, 10.0, 1.0)))
    late = T0 + 31 * SECOND
    assert quotes.turned_stale(T0 + 30 * SECOND) == []
    assert (quotes.quote(AAPL.con_id, late).state, quotes.stale(late)) == ("stale", 1)
    assert quotes.turned_stale(late) == [AAPL.con_id]
    assert quotes.turned_stale(late) == []
    quotes.lose([AAPL.con_id], "the session ended")
    gone = quotes.quote(AAPL.con_id, late)
    assert (gone.last, gone.state, gone.note, quotes.stale(late)) == (10.0, "gap", "the session ended", 0)
    changes = quotes.apply(batch((11, 4, 10.0, 1.0), elapsed_ns=late))
    assert changes.resumed == [AAPL.con_id]
    back = quotes.quote(AAPL.con_id, late)
    assert (back.state, back.note) == ("live", "")
    assert quotes.apply(batch((11, 4, 10.0, 1.0), elapsed_ns=late)).resumed == []


def test_ticks_of_closing_lines_are_dropped_and_those_of_unknown_lines_are_named() -> None:
    quotes = book()
    quotes.retire(11)
    changes = quotes.apply(batch((11, 1, 5.0, 1.0), (12, 1, 1.1, 1.0), (99, 1, 7.0, 1.0), (12, 300, 7.0, 1.0)))
    assert (changes.con_ids, changes.strangers, changes.whole) == ([EUR.con_id], [99], False)
    assert quotes.quote(AAPL.con_id, T0).state == "waiting"
    assert quotes.quote(EUR.con_id, T0).bid == 1.1
    quotes.disconnect_all()
    assert quotes.apply(batch((11, 1, 5.0, 1.0))).strangers == [11]


def test_ticks_for_a_subscriber_keep_order_and_leave_the_other_contracts_out() -> None:
    quotes = book()
    mixed = batch((11, 1, 5.0, 1.0), (12, 1, 1.1, 2.0), (99, 2, 7.0, 3.0), (11, 0, -1.0, 4.0))
    con_ids = quotes.con_ids_of(mixed)
    assert con_ids == [1, 2, 0, 1]
    assert ticks_of(mixed, con_ids, {AAPL.con_id}) == Ticks(NOON, [1, 1], [1, 0], [5.0, -1.0], [1.0, 4.0])


NAMES = {1: "bid", 2: "ask", 4: "last", 6: "high", 7: "low", 9: "close", 14: "open"}
SIZES = {0: "bid_size", 3: "ask_size", 5: "last_size", 8: "volume"}
CARRIED = {1: "bid_size", 2: "ask_size", 4: "last_size"}
TICKS = st.lists(
    st.tuples(
        st.sampled_from([11, 12]),
        st.sampled_from([*NAMES, *SIZES, 21, 45]),
        st.integers(1, 10_000).map(lambda cents: cents / 100),
        st.integers(1, 1000).map(float),
    ),
    min_size=1,
)


@given(st.lists(TICKS, min_size=1, max_size=5))
def test_after_any_batches_the_quote_holds_the_last_value_of_every_field(batches: list[list]) -> None:
    quotes = book()
    expected: dict[int, dict[str, float]] = {11: {}, 12: {}}
    for drawn in batches:
        ticks = [(r, f, -1.0 if f in SIZES else p, s) for r, f, p, s in drawn]
        quotes.apply(batch(*ticks))
        for request, field, price, size in ticks:
            if field in NAMES:
                expected[request][NAMES[field]] = price
            if field in CARRIED:
                expected[request][CARRIED[field]] = size
            if field in SIZES:
                expected[request][SIZES[field]] = size
    for request, contract in ((11, AAPL), (12, EUR)):
        quote = quotes.quote(contract.con_id, T0)
        for name in (*NAMES.values(), *SIZES.values()):
            assert getattr(quote, name) == expected[request].get(name), name
