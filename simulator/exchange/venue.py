"""The market as the exchange needs it for orders: size to trade against, prints, hours, auctions.

Sizes and prints are used up as orders take them, until the line shows new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.exchange.matching import Level, Trade, place_in_queue, within
from simulator.market.hours import next_day_start
from simulator.market.instrument import Instrument
from simulator.market.market import Line, Market, Print

_ROWS = 20
_DAYS = 15


class Venue:
    """One market, seen from the order desk."""

    def __init__(self, market: Market, clock: Callable[[], float]) -> None:
        self._market = market
        self._trades: dict[int, tuple[tuple[Print, ...], list[Trade]]] = {}
        self.now = clock

    def line(self, instrument: Instrument) -> Line:
        """The instrument's line, up to date."""
        return self._market.line(instrument)

    def levels(self, line: Line, sign: int, reach: Decimal | None) -> list[Level]:
        """The side that an order of this sign trades against, best level first, where it reaches a price.

        Empty when the best price is out of reach, as for most orders that rest; None reaches everything.
        """
        quote = line.quote
        best = line.price(quote.ask if sign > 0 else quote.bid)
        if not within(best, reach, sign):
            return []
        book = self._market.depth(line.instrument, _ROWS)
        side = book.asks if sign > 0 else book.bids
        return [Level(line.price(level.price), Decimal(level.size)) for level in side]

    def ahead(self, line: Line, sign: int, limit: Decimal) -> Decimal | None:
        """The size that is shown at an order's own side and price; None where the book does not reach it."""
        quote, tick = line.quote, line.instrument.tick
        best = line.price(quote.bid if sign > 0 else quote.ask)
        if (best - limit) * sign > 2 * _ROWS * tick:
            return None
        return place_in_queue(self.levels(line, -sign, None), limit, sign)

    def taken(self, line: Line, sign: int) -> Decimal:
        """What orders of this sign took of the other side already."""
        return Decimal(line.ask_taken if sign > 0 else line.bid_taken)

    def take(self, line: Line, sign: int, quantity: Decimal) -> None:
        """Orders of this sign took so much more."""
        if sign > 0:
            line.ask_taken += int(quantity)
        else:
            line.bid_taken += int(quantity)

    def trades(self, line: Line) -> list[Trade]:
        """What printed since the step before, and how much of it is left to orders of ours."""
        prints, con_id = line.prints, line.instrument.con_id
        known = self._trades.get(con_id)
        if known is None or known[0] is not prints:
            trades = [Trade(one.time, line.price(one.price), Decimal(one.size), Decimal(one.size)) for one in prints]
            known = self._trades[con_id] = prints, trades
        return known[1]

    def is_open(self, instrument: Instrument, *, outside_rth: bool) -> bool:
        """Whether orders are worked now."""
        return self._market.is_open(instrument, self.now(), outside_rth)

    def halted(self, line: Line) -> bool:
        """Whether trading is stopped."""
        return line.state == "halted"

    def next_open(self, instrument: Instrument, *, outside_rth: bool) -> float:
        """When orders are worked next."""
        return self._market.trading_hours.next_open(instrument, self.now(), outside_rth=outside_rth)

    def expired(self, instrument: Instrument) -> bool:
        """Whether it, or a leg of it, is not traded any more."""
        universe = self._market.universe
        parts = [universe.get(leg.con_id) for leg in instrument.legs] or [instrument]
        return any(part is not None and part.expiry and part.expiry < f"{universe.today:%Y%m%d}" for part in parts)

    def session_end(self, instrument: Instrument, moment: float, *, outside_rth: bool) -> float:
        """When a DAY order that is placed at an instant ends: with the session that is on or comes next."""
        if self._market.hours == "always":
            return next_day_start(moment)
        calendar = self._market.trading_hours.calendars(instrument)[0]
        spans = calendar.sessions(calendar.days(moment)[0], _DAYS, regular=not outside_rth)
        return next(end for _, (_, end) in spans if moment < end)

    def auctions(self, instrument: Instrument, kind: str, since: float) -> list[Decimal]:
        """The prices of the opening or closing auctions after `since`."""
        found = self._market.auction(instrument, since, self.now())
        return [price * instrument.tick for name, _, price in found if name == kind]
