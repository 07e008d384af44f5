"""Whether an instrument can be traded: the exchange's calendar, or round the clock, less what is halted.

Mode "always" never closes: its days begin at midnight in New York, and only regular hours, where they are asked for
by name, are the exchange's. Mode "exchange" keeps the calendar. A halt of an underlying or of a leg halts the option
or the combo too. A combo is open while all its legs are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from simulator.market.hours import Span, day_start, next_day_start, trading_day
from simulator.market.instrument import Instrument
from simulator.market.sessions import ROUND_THE_CLOCK, Calendar, calendar_of, hours_text
from simulator.market.universe import Universe

HoursMode = Literal["always", "exchange"]
State = Literal["open", "closed", "halted"]
_DAY = 86400.0
_TOLD_IN = {"NYMEX": "US/Eastern", "COMEX": "US/Eastern"}
_INSTANT = 1e-3
"""Halts begin and end a millisecond late: what trades at the very instant of the statement belongs to what was."""


class TradingHours:
    """The hours of every instrument of a universe, and what is halted."""

    def __init__(self, universe: Universe, mode: HoursMode) -> None:
        self._universe = universe
        self._mode = mode
        self._halts: dict[int, list[Span]] = {}

    @property
    def mode(self) -> HoursMode:
        """Which hours are kept."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in {"always", "exchange"}:
            raise ValueError(f"hours: expected always or exchange, got {mode}")
        self._mode = "always" if mode == "always" else "exchange"

    def halt(self, item: Instrument, now: float, *, on: bool) -> None:
        """Stop an instrument's trading from now on, or let it go on."""
        halts = self._halts.setdefault(item.con_id, [])
        halted = bool(halts) and halts[-1][1] == math.inf
        if on and not halted:
            halts.append((now + _INSTANT, math.inf))
        elif halted and not on:
            halts[-1] = (halts[-1][0], now + _INSTANT)

    def state(self, item: Instrument, moment: float) -> State:
        """What can be seen of an instrument at an instant."""
        if not self.is_open(item, moment, outside_rth=True):
            return "closed"
        if any(start <= moment + _INSTANT < end for start, end in self._halts_of(item)):
            return "halted"
        return "open"

    def is_open(self, item: Instrument, moment: float, *, outside_rth: bool) -> bool:
        """Whether the instant lies in trading hours (regular ones, unless outside them is allowed)."""
        if self._mode == "always":
            return True
        return all(each.is_open(moment, regular=not outside_rth) for each in self.calendars(item))

    def next_open(self, item: Instrument, moment: float, *, outside_rth: bool = False) -> float:
        """The first instant at or after `moment` in trading hours."""
        while not self.is_open(item, moment, outside_rth=outside_rth):
            moment = max(each.next_open(moment, regular=not outside_rth) for each in self.calendars(item))
        return moment

    def spans(self, item: Instrument, start: float, end: float) -> list[Span]:
        """The parts of [start, end) in which the instrument trades, in order."""
        found: list[Span] = [(start, end)] if start < end else []
        if self._mode == "exchange":
            for each in self.calendars(item):
                found = [part for span in found for part in each.within(*span, regular=False)]
        for halt in self._halts_of(item):
            found = [part for span in found for part in _without(span, halt)]
        return found

    def last_open(self, item: Instrument, moment: float) -> float:
        """The instant itself when the instrument trades, else the end of the last span in which it did."""
        if self.state(item, moment) == "open":
            return moment
        for days in (1, 5, 15):
            found = self.spans(item, moment - days * _DAY, moment)
            if found:
                return found[-1][1]
        return moment

    def day(self, item: Instrument, moment: float) -> Span:
        """Begin and end of the trading day whose figures a quote shows: the latest that has begun."""
        if self._mode == "always":
            return day_start(trading_day(moment)), next_day_start(moment)
        return self.calendars(item)[0].last(moment, regular=False)[1]

    def last_close(self, item: Instrument, moment: float) -> float:
        """The end of the last session that was over at `moment`: what `frozen` data and the close are of."""
        if self._mode == "always":
            return day_start(trading_day(moment))
        calendar = self.calendars(item)[0]
        day, (_, end) = calendar.last(moment, regular=True)
        while end > moment:
            day, (_, end) = calendar.last(day_start(day) - _DAY / 2, regular=True)
        return end

    def auctions(self, item: Instrument, since: float, until: float) -> Iterator[tuple[str, float]]:
        """The opening and closing auctions with since < instant <= until, by the exchange's calendar in any mode."""
        if item.sec_type in {"CASH", "CMDTY", "CRYPTO", "BAG", "IND"}:
            return
        calendar = calendar_of(item)
        first, last = calendar.days(since)[0], calendar.days(until)[1]
        for _, (opened, closed) in calendar.sessions(first, (last - first).days + 1, regular=True):
            if since < opened <= until:
                yield "open", opened
            if since < closed <= until:
                yield "close", closed

    def text(self, item: Instrument, today: date, *, regular: bool) -> str:
        """A week of trading hours, or of liquid (regular) hours, as contract details tell them."""
        calendar = self.calendar(item, regular=regular)
        return hours_text(calendar, self.zone_name(item), today, regular=regular)

    def zone_name(self, item: Instrument) -> str:
        """The time zone of `text`: what is traded in New York is told in its time, as recorded for NYMEX."""
        return _TOLD_IN.get(item.exchange) or self.calendars(item)[0].zone_name

    def calendar(self, item: Instrument, *, regular: bool) -> Calendar:
        """Whose days there are: regular hours are always the exchange's, all hours are those that are kept."""
        return ROUND_THE_CLOCK if self._mode == "always" and not regular else self.calendars(item)[0]

    def calendars(self, item: Instrument) -> list[Calendar]:
        """The calendars an instrument must find open: one, but for combos of different exchanges."""
        return list(dict.fromkeys(calendar_of(part) for part in self._parts(item)))

    def _parts(self, item: Instrument) -> Iterable[Instrument]:
        if not item.legs:
            return (item,)
        legs = (self._universe.get(leg.con_id) for leg in item.legs)
        return [leg for leg in legs if leg is not None]

    def _halts_of(self, item: Instrument) -> list[Span]:
        if not self._halts:
            return []
        names = {part for each in self._parts(item) for part in (each.con_id, each.under_con_id)} | {item.con_id}
        return sorted(halt for name in names for halt in self._halts.get(name, ()))


def _without(span: Span, hole: Span) -> Iterator[Span]:
    start, end = span
    if hole[1] <= start or hole[0] >= end:
        yield span
        return
    if start < hole[0]:
        yield start, hole[0]
    if hole[1] < end:
        yield hole[1], end
