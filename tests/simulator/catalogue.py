"""Every message that the simulator can send, in every variant, built by its own encoders at one server version.

Who adds an encoder to `simulator/wire` adds its messages here: `test_catalogue.py` fails for an encoder that was
not called and for a message id that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from simulator.exchange.account import Position, Valued
from simulator.market.history import Bar
from simulator.market.universe import Chain, Instrument, Query, Universe
from simulator.wire import account_messages as accounts
from simulator.wire import bar_messages as bars
from simulator.wire import contract_messages as contracts
from simulator.wire import depth_messages as depth
from simulator.wire import general, news_messages, scanner_messages, tick_types
from simulator.wire import quote_messages as quotes
from simulator.wire import tick_by_tick_messages as ticks
from simulator.wire.fields import message
from tests.simulator.catalogue_orders import ACCOUNT, order_messages
from tests.simulator.rig import NOON

Entries = Iterator[tuple[str, bytes]]
TODAY = date(2026, 11, 19)
_ONE = Decimal(1)
_PRICE = Decimal("250.25")
NOT_ASCII = "Zürich \\ € 株"
_QUESTIONS = {
    "STK": Query(symbol="AAPL", sec_type="STK", currency="USD"),
    "CASH": Query(symbol="EUR", sec_type="CASH", currency="USD"),
    "FUT": Query(symbol="ES", sec_type="FUT"),
    "OPT": Query(symbol="SPY", sec_type="OPT", right="C", strike=Decimal(560)),
    "IND": Query(symbol="SPX", sec_type="IND"),
    "CRYPTO": Query(symbol="BTC", sec_type="CRYPTO"),
}
_HOURS = contracts.Hours("US/Central", "20261119:1700-20261120:1600;20261121:CLOSED", "20261121:CLOSED")


def catalogue(version: int) -> Entries:
    """Every message with its name."""
    universe = Universe(TODAY)
    yield from _session(version)
    yield from _quotes()
    yield from _bars(version)
    yield from _single_ticks()
    yield from _depth()
    yield from _contracts(universe, version)
    yield from _accounts(universe)
    yield from _scans(universe)
    yield "bulletin", news_messages.bulletin(1, 2, NOT_ASCII, "NYSE")
    yield from _answers_without_content()
    yield from order_messages(universe, version)


def instruments(universe: Universe) -> Iterator[tuple[str, Instrument]]:
    """One instrument of each security type, and a combo."""
    for name, query in _QUESTIONS.items():
        yield name, universe.find(query)[0]


def _session(version: int) -> Entries:
    yield "error of the session", general.error(version, -1, 2104, "Market data farm connection is OK:usfarm", NOON)
    yield "error of a request", general.error(version, 9, 200, NOT_ASCII, NOON)
    yield "accounts", general.managed_accounts("DU1000001,DU1000002")
    yield "next order id", general.next_valid_id(1)
    yield "time", general.current_time(NOON)
    if version >= 197:
        yield "time in milliseconds", general.current_time_in_millis(NOON)


def _quotes() -> Entries:
    option = quotes.OptionComputation(0.25, 0.5, 12.5, 0.0, 0.01, 0.3, -0.1, 560.0)
    built = [
        *(quotes.price_tick(kind, _PRICE, 100) for kind in (tick_types.BID, tick_types.LAST, tick_types.CLOSE)),
        *(quotes.price_tick(tick_types.DELAYED[kind], _PRICE, 100) for kind in (tick_types.ASK, tick_types.OPEN)),
        quotes.price_tick(tick_types.BID, quotes.NO_PRICE, 0),
        *(quotes.size_tick(kind, 500) for kind in (tick_types.VOLUME, tick_types.DELAYED[tick_types.BID_SIZE])),
        *(quotes.generic_tick(kind, 1.5) for kind in (tick_types.HALTED, tick_types.SHORTABLE)),
        quotes.string_tick(tick_types.LAST_TIMESTAMP, "1795107600"),
        quotes.string_tick(tick_types.RT_VOLUME, "250.25;100;1795107600000;1000;250.2;true"),
        quotes.option_tick(tick_types.MODEL_OPTION, option),
        quotes.option_tick(tick_types.DELAYED[tick_types.BID_OPTION], quotes.OptionComputation()),
    ]
    for before, after in built:
        yield "tick", before + b"9" + after
    yield "request parameters", quotes.request_parameters(9, Decimal("0.01"), "9c0001")
    yield "request parameters without components", quotes.request_parameters(9, Decimal("0.25"), "")
    for kind in (1, 2, 3, 4):
        yield "data type", quotes.market_data_type(9, kind)
    yield "end of snapshot", quotes.snapshot_end(9)
    yield "components", quotes.smart_components(9, [(0, "NASDAQ", "Q"), (1, "NYSE", "N")])


def _bars(version: int) -> Entries:
    inside = Bar(NOON, None, _PRICE, _PRICE, _PRICE, _PRICE, 1000, _PRICE, 12)
    whole = Bar(NOON, TODAY, _PRICE, _PRICE, _PRICE, _PRICE, -1, Decimal(-1), -1)
    for form in (1, 2, 3):
        for found in ([], [inside], [whole, whole]):
            for payload in bars.historical_bars(9, found, (NOON - 3600, NOON), form, version):
                yield f"{len(found)} bars in form {form}", payload
        for bar in (inside, whole):
            yield "bar that goes on", bars.bar_update(9, bar, form)
        yield "head timestamp", bars.head_timestamp(9, NOON, form)
    yield "5-second bar", bars.real_time_bar(9, inside)
    for days in ([], [(TODAY, (NOON - 9000, NOON))] * 2):
        yield "schedule", bars.schedule(9, (NOON - 86400, NOON), "US/Eastern", days)
    yield "histogram", bars.histogram(9, [(_PRICE, 100), (_PRICE + 1, 50)])


def _single_ticks() -> Entries:
    trade = ticks.TradeTick(NOON, _PRICE, 100, ticks.PAST_LIMIT | ticks.UNREPORTED, "NASDAQ", "")
    quote = ticks.QuoteTick(NOON, _PRICE, _PRICE + 1, 100, 200)
    middle = ticks.MidTick(NOON, _PRICE)
    for kind in (ticks.LAST, ticks.ALL_LAST):
        yield "tick-by-tick trade", ticks.live_tick(9, kind, trade)
    yield "tick-by-tick quote", ticks.live_tick(9, ticks.BID_ASK, quote)
    yield "tick-by-tick midpoint", ticks.live_tick(9, ticks.MID_POINT, middle)
    for count in range(3):
        yield "past trades", ticks.past_trades(9, [trade] * count, done=False)
        yield "past quotes", ticks.past_quotes(9, [quote] * count, done=True)
        yield "past midpoints", ticks.past_midpoints(9, [middle] * count, done=True)


def _depth() -> Entries:
    for operation in (depth.INSERT, depth.UPDATE, depth.DELETE):
        for side in (depth.ASK_SIDE, depth.BID_SIDE):
            yield "depth", depth.depth_row(9, 0, operation, side, _PRICE, 100)
            for smart in (True, False):
                row = depth.depth_row_of_maker(9, 1, "NASDAQ", operation, side, _PRICE, 100, smart=smart)
                yield "depth of a maker", row
    yield "depth exchanges", depth.depth_exchanges([depth.DepthExchange("ISLAND", "STK", "NASDAQ", "Deep2")])


def _contracts(universe: Universe, version: int) -> Entries:
    for kind, item in instruments(universe):
        yield f"details: {kind}", contracts.contract_details(9, item, version, _HOURS, ("", ""))
    for item in universe.find(Query(symbol="ES", sec_type="FUT")):
        yield "details: CONTFUT", contracts.contract_details(9, item, version, _HOURS, ("CME", "CONTFUT"))
    yield "end of details", contracts.contract_details_end(9)
    chain = Chain("SPY", "100", ("SMART",), ("20261218", "20270115"), (Decimal(500), Decimal("502.5")))
    yield "option chain", contracts.option_parameters(9, "SMART", 756733, chain)
    yield "end of option chain", contracts.option_parameters_end(9)
    share = universe.shares["AAPL"]
    yield "samples", contracts.symbol_samples(9, [(share, ["OPT", "CFD"]), (share, [])])
    yield "no samples", contracts.symbol_samples(9, [])
    yield "market rule", contracts.market_rule(26, [("0", "0.01"), ("1000", "0.05")])


def _accounts(universe: Universe) -> Entries:
    for key, value, currency in (("AccountType", "INDIVIDUAL", ""), ("NetLiquidation", Decimal("1.50"), "USD")):
        yield key, accounts.account_value(key, value, currency, ACCOUNT)
        yield key, accounts.account_summary(9, ACCOUNT, key, value, currency)
        yield key, accounts.account_update_multi(9, ACCOUNT, "", key, value, currency)
    for kind, item in instruments(universe):
        for quantity in (Decimal(-3), Decimal(0), Decimal("0.5")):
            held = Position(item, quantity, quantity * 100, _ONE)
            valued = Valued(held, _PRICE, quantity * _PRICE, Decimal("-1.5"), Decimal("2.5"), quantity)
            yield f"portfolio: {kind}", accounts.portfolio_value(valued, ACCOUNT)
            yield f"position: {kind}", accounts.position(held, ACCOUNT)
            yield f"position of a model: {kind}", accounts.position_multi(9, held, ACCOUNT, "")
            yield f"profit of one: {kind}", accounts.profit_single(9, valued)
        nothing = Valued(Position(item), *[Decimal(0)] * 5)
        yield f"profit of nothing: {kind}", accounts.profit_single(9, nothing)
    yield "profit", accounts.profit(9, _ONE, Decimal("-2.5"), Decimal(0))
    yield "account time", accounts.account_time(NOON)
    yield "end of account", accounts.account_download_end(ACCOUNT)
    yield "end of positions", accounts.POSITION_END
    yield "end of positions of a model", accounts.position_multi_end(9)
    yield "end of summary", accounts.account_summary_end(9)
    yield "end of updates", accounts.account_update_multi_end(9)


def _scans(universe: Universe) -> Entries:
    yield "scan", scanner_messages.scanner_data(9, [item for _, item in instruments(universe)])
    yield "scan that found nothing", scanner_messages.scanner_data(9, [])
    yield "scanner parameters", scanner_messages.parameters([("STK.US", NOT_ASCII)], [("A", "B & C")], ["priceAbove"])


def _answers_without_content() -> Entries:
    """What services write themselves, because there is nothing in it."""
    yield "family codes", message(78, 2, ACCOUNT, "", "DU1000002", "")
    yield "soft dollar tiers", message(77, 9, 0)
    yield "news providers", message(85, 0)
    yield "user info", message(107, 9, "")
