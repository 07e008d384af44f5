"""The market: one line per instrument, all at one instant, which moves by `step` only.

A line that nobody watches costs nothing: it is brought up to date when it is asked for. Beside the present there
are views of the past: the market of a quarter of an hour ago (delayed data) and the last quote of the session
before (frozen data). Everything follows from seed, contract and instant, and from the jumps and halts asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from simulator.market import ticks
from simulator.market.combo import ComboFeed, LegFeed
from simulator.market.depth import Book, book
from simulator.market.feed import Feed, Print, Quote
from simulator.market.instrument import Instrument
from simulator.market.line import Line
from simulator.market.option_model import price_option
from simulator.market.replay import Replay
from simulator.market.search import Found
from simulator.market.seeded import SeededFeed
from simulator.market.ticks import QuoteTick
from simulator.market.trading_hours import HoursMode, TradingHours
from simulator.market.universe import Universe
from simulator.market.walk import Walk

__all__ = ["DELAY", "STEP", "Line", "Market", "Print", "Quote", "QuoteTick"]

STEP = 0.25
DELAY = 900.0
_ADJUSTED = 1.0
_DERIVED = {"OPT", "FOP"}
_LEAST, _MOST = 1e-9, 1e9
"""Jumps multiply, and lead nowhere from prices beyond these."""


class Market:
    """All lines, at the instant `now`; `frozen` keeps them there."""

    def __init__(
        self,
        universe: Universe,
        seed: int,
        now: float,
        speed: float = 1.0,
        hours: HoursMode = "always",
        recording: Path | None = None,
    ) -> None:
        self.universe = universe
        self.seed = seed
        self.now = now
        self.frozen = False
        self.trading_hours = TradingHours(universe, hours)
        self._speed = speed
        self._feeds: dict[int, Feed] = {}
        self._lines: dict[int, Line] = {}
        self._late: dict[int, Line] = {}
        self._closings: dict[int, Quote] = {}
        self._found = Found()
        self._replay = None if recording is None else Replay(recording, universe.named, now)
        for item in self._replay.instruments() if self._replay else ():
            self.feed(item)

    # --- the present ---

    def line(self, instrument: Instrument) -> Line:
        """The line of an instrument, up to date."""
        line = self._lines.get(instrument.con_id)
        if line is None:
            line = self._lines[instrument.con_id] = Line(instrument, self.feed(instrument), self.trading_hours)
        if line.quote.time != self.now:
            line.refresh(self.now)
        return line

    def step(self, now: float, watched: Iterable[Instrument]) -> list[Line]:
        """Move to `now` and return the lines that somebody watches. A frozen market stays where it is.

        An earlier `now` is a calendar that was set back: all lines are looked at anew. A base clock that was
        adjusted by less than a second only has the market wait.
        """
        if self.frozen:
            return []
        if now < self.now - _ADJUSTED:
            self._forget()
            self.now = now
        self.now = max(now, self.now)
        if self._replay is not None:
            self._replay.advance(self.now)
        return [self.line(instrument) for instrument in watched]

    def depth(self, instrument: Instrument, rows: int) -> Book:
        """The book around the present quote, at most 20 levels each side."""
        return book(self.line(instrument), self.seed, rows)

    def rate(self, currency: str) -> Decimal:
        """US dollars for one unit of a currency."""
        if currency == "USD":
            return Decimal(1)
        for pair in self.universe.pairs:
            if currency in {pair.symbol, pair.currency} and "USD" in {pair.symbol, pair.currency}:
                quote = self.line(pair).quote
                mid = Decimal(quote.bid + quote.ask) / 2 * pair.tick
                return mid if pair.symbol == currency else 1 / mid
        raise ValueError(f"no pair between USD and {currency}")

    # --- what can be done to it ---

    def move(self, instrument: Instrument, price: float) -> Line:
        """Make the instrument trade at `price` from now on; its walk goes on from there. ValueError as for `gap`."""
        line = self.line(instrument)
        line.shift(self.now, price / _movable(instrument, line.mid(self.now)), printed=True)
        return line

    def gap(self, instrument: Instrument, percent: float) -> Line:
        """All prices are so many percent higher (or lower) from now on, without a trade in between.

        ValueError for a fall of 100 % or more, and for what is worth nothing or too much to be told in numbers.
        """
        if percent <= -100:
            raise ValueError(f"gap: expected more than -100 %, got {percent:g} %")
        line, factor = self.line(instrument), 1 + percent / 100
        _movable(instrument, _movable(instrument, line.mid(self.now)) * factor)
        line.shift(self.now, factor, printed=False)
        return line

    def halt(self, instrument: Instrument, on: bool) -> Line:
        """Stop an instrument's trading now, with that of its options and combos, or let it go on."""
        self.trading_hours.halt(instrument, self.now, on=on)
        for line in self._lines.values():
            if line.quote.time == self.now:
                line.refresh(self.now)
        return self.line(instrument)

    @property
    def hours(self) -> HoursMode:
        """Whether the market keeps its exchanges' hours or trades always."""
        return self.trading_hours.mode

    @hours.setter
    def hours(self, mode: str) -> None:
        self.trading_hours.mode = mode
        self._forget()

    def _forget(self) -> None:
        self._lines.clear()
        self._late.clear()
        self._closings.clear()

    # --- hours ---

    def is_open(self, instrument: Instrument, moment: float, outside_rth: bool) -> bool:
        """Whether an instant lies in trading hours; in regular ones, unless `outside_rth`."""
        return self.trading_hours.is_open(instrument, moment, outside_rth=outside_rth)

    def next_open(self, instrument: Instrument, moment: float) -> float:
        """The first instant at or after `moment` in regular trading hours."""
        return self.trading_hours.next_open(instrument, moment)

    def auction(self, instrument: Instrument, since: float, until: float) -> list[tuple[str, float, int]]:
        """The auctions ("open" or "close") with since < instant <= until: their instants, and prices in ticks."""
        feed, found = self.feed(instrument), []
        for kind, moment in self.trading_hours.auctions(instrument, since, until):
            quote = Quote()
            feed.show(quote, moment)
            found.append((kind, moment, (quote.bid + quote.ask) // 2))
        return found

    # --- the past ---

    def delayed(self, instrument: Instrument) -> Quote:
        """The quote of 15 minutes ago, with the day's figures as they were then."""
        line = self._late.get(instrument.con_id)
        if line is None:
            line = self._late[instrument.con_id] = Line(instrument, self.feed(instrument), self.trading_hours)
        line.refresh(self.now - DELAY)
        return line.quote

    def closing(self, instrument: Instrument) -> Quote:
        """The last quote of the last session that is over, with that session's figures."""
        closed = self.trading_hours.last_close(instrument, self.now) - STEP
        known = self._closings.get(instrument.con_id)
        if known is None or known.time != closed:
            line = Line(instrument, self.feed(instrument), self.trading_hours)
            line.refresh(closed)
            known = self._closings[instrument.con_id] = line.quote
        return known

    def last_price(self, instrument: Instrument, moment: float) -> Decimal:
        """The last price at an instant, also of one that this market comes to yet; the middle where none is told."""
        line = Line(instrument, self.feed(instrument), self.trading_hours)
        line.refresh(min(moment, self.now) if self.frozen else moment)
        quote = line.quote
        return line.price(quote.last) if line.trades else line.price(quote.bid + quote.ask) / 2

    def history_ticks(
        self, instrument: Instrument, what: str, start: float | None, end: float, limit: int
    ) -> list[Print] | list[QuoteTick]:
        """Trades ("TRADES") or quotes (anything else) in [start, end), as far as they are past, oldest first.

        The first ones from `start` on or, when that is None, the last ones before `end`; at most `limit`.
        """
        feed = self.feed(instrument)
        look = ticks.trades if what == "TRADES" else ticks.quotes
        return look(feed, self.trading_hours, instrument, (start, min(end, feed.after(self.now))), limit)

    # --- where prices come from ---

    def feed(self, instrument: Instrument) -> Feed:
        """The source of an instrument's prices. LookupError for an option or a combo of what does not exist."""
        feed = self._feeds.get(instrument.con_id)
        if feed is None:
            feed = self._feeds[instrument.con_id] = self._make_feed(instrument)
        return feed

    def _make_feed(self, item: Instrument) -> Feed:
        if item.legs:
            return ComboFeed(item, [self._leg(leg.con_id, leg.ratio, leg.action) for leg in item.legs])
        seeded = self._seeded(item)
        return (self._replay and self._replay.feed(item, seeded, self.trading_hours)) or seeded

    def _seeded(self, item: Instrument) -> SeededFeed:
        parts = item, self.seed, self._speed, self.trading_hours, self._found
        if item.sec_type in _DERIVED:
            spot = self.feed(self._known(item.under_con_id)).middle
            return SeededFeed(*parts, lambda moment: price_option(item, spot(moment), moment).price, spot=spot)
        walk, speed = self._walk(item), self._speed
        return SeededFeed(*parts, lambda moment: walk.at(moment * speed), walk=walk)

    def _leg(self, con_id: int, ratio: int, action: str) -> LegFeed:
        item = self._known(con_id)
        return LegFeed(item, self.feed(item), ratio if action == "BUY" else -ratio)

    def _walk(self, item: Instrument) -> Walk:
        """An instrument's own, or for futures that of their root, dearer the later they expire."""
        if item.sec_type != "FUT":
            return Walk(self.seed, item.con_id, item.base, item.volatility)
        months = int(item.contract_month[:4]) * 12 + int(item.contract_month[4:])
        root = sum(ord(letter) << 8 * index for index, letter in enumerate(item.symbol))
        return Walk(self.seed, root, item.base * (1.0 + 0.003 * (months % 24)), item.volatility)

    def _known(self, con_id: int) -> Instrument:
        found = self.universe.get(con_id)
        if found is None:
            raise LookupError(f"no contract {con_id}")
        return found


def _movable(instrument: Instrument, price: float) -> float:
    if not instrument.legs and not _LEAST <= price <= _MOST:
        raise ValueError(
            f"{instrument.local_symbol} cannot jump from or to less than {_LEAST:g} or more than {_MOST:g}"
        )
    return price
