"""The market: one line per instrument, with bid, ask, last, sizes and the day's figures.

Prices come from `walk`, sizes from the seed and the step's number, options from their underlying by
Black-Scholes; so the same seed and the same instants give the same quotes. A line's displayed sizes are
what can be traded until its next step. A line that nobody watches costs nothing: it is brought up to
date when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.market.hours import day_start, next_day_start, trading_day
from simulator.market.option_model import Greeks, price_option
from simulator.market.universe import Instrument, Universe
from simulator.market.walk import Walk, mix, unit

STEP = 0.25
_DAY = 86400.0


@dataclass(slots=True)
class Quote:
    """What a line shows. Prices are counted in ticks of the instrument, sizes in its units."""

    time: float = 0.0
    bid: int = 0
    ask: int = 0
    last: int = 0
    bid_size: int = 0
    ask_size: int = 0
    last_size: int = 0
    volume: int = 0
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    greeks: Greeks | None = None


@dataclass(slots=True)
class Line:
    """One instrument's market. `moves` are the jumps tests asked for: instant and factor from then on."""

    instrument: Instrument
    price_at: Callable[[float], float]
    quote: Quote = field(default_factory=Quote)
    day: object = None
    bid_taken: int = 0
    ask_taken: int = 0
    moves: list[tuple[float, float]] = field(default_factory=list)

    def mid(self, moment: float) -> float:
        """The price at an instant, jumps included."""
        price = self.price_at(moment)
        for since, factor in self.moves:
            if moment >= since:
                price *= factor
        return price

    def ticks(self, price: float) -> int:
        """A price in whole ticks, at least one."""
        return max(1, round(price / float(self.instrument.tick)))

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price."""
        return ticks * self.instrument.tick


class Market:
    """All lines, at one instant: `now` moves by `step` only."""

    def __init__(self, universe: Universe, seed: int, now: float, speed: float = 1.0) -> None:
        self.universe = universe
        self.seed = seed
        self._speed = speed
        self.now = now
        self.frozen = False
        self._lines: dict[int, Line] = {}

    def line(self, instrument: Instrument) -> Line:
        """The line of an instrument, up to date."""
        line = self._lines.get(instrument.con_id)
        if line is None:
            line = Line(instrument, self._price_source(instrument))
            self._lines[instrument.con_id] = line
        if line.quote.time != self.now:
            self._refresh(line)
        return line

    def step(self, now: float, watched: Iterable[Instrument]) -> list[Line]:
        """Move to `now` and return the lines that somebody watches. A frozen market stays where it is."""
        if self.frozen:
            return []
        self.now = max(now, self.now)
        return [self.line(instrument) for instrument in watched]

    def move(self, instrument: Instrument, price: float) -> Line:
        """Make the instrument trade at `price` from now on; its walk goes on from there."""
        line = self.line(instrument)
        line.moves.append((self.now, price / line.mid(self.now)))
        self._refresh(line, printed=True)
        return line

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

    def _price_source(self, instrument: Instrument) -> Callable[[float], float]:
        if instrument.sec_type == "OPT":
            under = self.universe.get(instrument.under_con_id)
            if under is None:
                raise ValueError(f"no underlying for {instrument.local_symbol}")
            spot = self.line(under)
            return lambda moment: price_option(instrument, spot.mid(moment), moment).price
        if instrument.sec_type != "FUT":
            return self._walk(instrument.con_id, instrument.base, instrument.volatility)
        months = int(instrument.contract_month[:4]) * 12 + int(instrument.contract_month[4:])
        root = sum(ord(letter) << 8 * index for index, letter in enumerate(instrument.symbol))
        base = instrument.base * (1.0 + 0.003 * (months % 24))
        return self._walk(root, base, instrument.volatility)

    def _walk(self, key: int, base: float, volatility: float) -> Callable[[float], float]:
        walk, speed = Walk(self.seed, key, base, volatility), self._speed
        return walk.at if speed == 1.0 else lambda moment: walk.at(moment * speed)

    def _refresh(self, line: Line, *, printed: bool = False) -> None:
        quote, now, item = line.quote, self.now, line.instrument
        if line.day != trading_day(now):
            self._begin_day(line)
        dice = mix(self.seed, item.con_id, int(now * 1000))
        middle = line.ticks(line.mid(now))
        spread = 1 + max(int(middle * 0.0001), dice & 1)
        quote.bid = max(1, middle - spread // 2)
        quote.ask = quote.bid + spread
        quote.bid_size = item.lot * (1 + (dice >> 4) % 12)
        quote.ask_size = item.lot * (1 + (dice >> 12) % 12)
        line.bid_taken = line.ask_taken = 0
        if item.trades and (printed or quote.last == 0 or (dice >> 20) % 4):
            quote.last = middle if printed else (quote.bid, quote.ask)[dice >> 24 & 1]
            quote.last_size = item.lot * (1 + (dice >> 28) % 5)
        shown = quote.last if item.trades else middle
        quote.high = max(quote.high, shown)
        quote.low = min(quote.low, shown)
        quote.volume = volume_until(self.seed, item, now) if item.trades else 0
        quote.time = now
        if item.sec_type == "OPT":
            under = self.universe.get(item.under_con_id)
            spot = self.line(under).mid(now) if under else 0.0
            quote.greeks = price_option(item, spot, now)

    def _begin_day(self, line: Line) -> None:
        """The day's figures so far, sampled every half hour of the path."""
        line.day = trading_day(self.now)
        begin = day_start(trading_day(self.now))
        samples = [line.ticks(line.mid(begin + offset)) for offset in range(0, int(self.now - begin) + 1, 1800)]
        line.quote.close = samples[0]
        line.quote.open = line.ticks(line.mid(min(begin + 60, self.now)))
        line.quote.high, line.quote.low = max(samples), min(samples)


def volume_between(seed: int, item: Instrument, start: float, end: float) -> int:
    """Units traded between two instants, over midnight too."""
    total, at = 0, start
    while at < end:
        stop = min(end, next_day_start(at))
        total += _traded(seed, item, stop, at) - _traded(seed, item, at, at)
        at = stop
    return total


def volume_until(seed: int, item: Instrument, moment: float) -> int:
    """Units traded since the beginning of the instant's day."""
    return _traded(seed, item, moment, moment)


def _traded(seed: int, item: Instrument, until: float, day_of: float) -> int:
    begin = day_start(trading_day(day_of))
    daily = item.lot * 20_000 * (0.6 + 0.8 * unit(seed, item.con_id, int(begin)))
    return int(daily * (until - begin) / _DAY)
