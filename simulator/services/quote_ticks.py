"""The ticks that lead from one state of a quote to another. Pure.

Live and delayed data differ in their tick types only. `NOTHING` in place of a price in ticks means that there is
none: clients are sent -1 with size 0, as from a closed market.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simulator.market.line import Line, Quote
from simulator.services import venues
from simulator.services.option_computations import computed, modelled
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types

NOTHING = -(10**9)
NEVER = Quote(bid=NOTHING - 1, ask=NOTHING - 1)
"""A quote of which nothing was shown yet."""

_NOT_DELAYED = -1
_LAST_KIND = 100
LIVE_KINDS = tuple(range(_LAST_KIND))
DELAYED_KINDS = tuple(types.DELAYED.get(kind, _NOT_DELAYED) for kind in range(_LAST_KIND))


def unquoted(quote: Quote) -> Quote:
    """What a closed market shows: no bid and no ask, the day's figures as they are."""
    return replace(quote, bid=NOTHING, ask=NOTHING, bid_size=0, ask_size=0, greeks=None)


def quote_ticks(line: Line, now: Quote, before: Quote, kinds: tuple[int, ...]) -> Iterator[wire.Tick]:
    """The ticks of all that changed, in the order in which gateways send them: bid, ask, last, the day's figures."""
    price = line.price
    for kind, size_kind, ticks, size, ticks_before, size_before in (
        (types.BID, types.BID_SIZE, now.bid, now.bid_size, before.bid, before.bid_size),
        (types.ASK, types.ASK_SIZE, now.ask, now.ask_size, before.ask, before.ask_size),
        (types.LAST, types.LAST_SIZE, now.last, now.last_size, before.last, before.last_size),
    ):
        if ticks != ticks_before:
            yield wire.price_tick(kinds[kind], wire.NO_PRICE if ticks == NOTHING else price(ticks), size)
        elif size != size_before:
            yield wire.size_tick(kinds[size_kind], size)
    if now.last_time != before.last_time:
        yield wire.string_tick(kinds[types.LAST_TIMESTAMP], str(int(now.last_time)))
    if now.volume != before.volume:
        yield wire.size_tick(kinds[types.VOLUME], now.volume)
    for kind, ticks, ticks_before in (
        (types.HIGH, now.high, before.high),
        (types.LOW, now.low, before.low),
        (types.CLOSE, now.close, before.close),
        (types.OPEN, now.open, before.open),
    ):
        if ticks != ticks_before:
            yield wire.price_tick(kinds[kind], price(ticks), 0)


def exchange_ticks(line: Line, now: Quote, before: Quote) -> Iterator[wire.Tick]:
    """Which exchanges make the best bid and ask; live quotes of SMART only."""
    if before is not NEVER and venues.turn(now.time) == venues.turn(before.time):
        return
    for side, kind in enumerate((types.BID_EXCHANGE, types.ASK_EXCHANGE)):
        letters = venues.quoting(line.instrument, side, now.time)
        if letters:
            yield wire.string_tick(kind, letters)


def last_exchange_tick(line: Line, now: Quote, before: Quote) -> Iterator[wire.Tick]:
    """Where the latest trade was made; live quotes of SMART only."""
    if now.last_time != before.last_time and line.prints:
        letter = venues.letter(line.instrument, line.prints[-1].exchange)
        if letter:
            yield wire.string_tick(types.LAST_EXCHANGE, letter)


def option_ticks(line: Line, now: Quote, before: Quote, kinds: tuple[int, ...], moment: float) -> Iterator[wire.Tick]:
    """What is computed of an option's bid, ask and last price, and by the model; not while its underlying is unseen."""
    greeks = now.greeks
    if greeks is None:
        return
    for kind, ticks, ticks_before in (
        (types.BID_OPTION, now.bid, before.bid),
        (types.ASK_OPTION, now.ask, before.ask),
        (types.LAST_OPTION, now.last, before.last),
    ):
        if ticks != ticks_before and ticks > 0:
            price = float(line.price(ticks))
            yield wire.option_tick(kinds[kind], computed(line.instrument, price, greeks.spot, moment))
    if greeks != before.greeks:
        yield wire.option_tick(kinds[types.MODEL_OPTION], modelled(greeks))
