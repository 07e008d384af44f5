"""One way of seeing one line: what its watchers were shown last, and the ticks that bring them up to date.

Delayed data are the quote and what is computed of it; generic ticks are live data only.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulator.market.hours import trading_day
from simulator.market.line import Line, Quote
from simulator.market.market import DELAY, Market
from simulator.services import generic_ticks, moment_figures
from simulator.services.entitlements import DELAYED, DELAYED_FROZEN, FROZEN, LIVE
from simulator.services.quote_ticks import (
    DELAYED_KINDS,
    LIVE_KINDS,
    NEVER,
    exchange_ticks,
    last_exchange_tick,
    option_ticks,
    quote_ticks,
    unquoted,
)
from simulator.session import Session
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types

_PREFIX = struct.Struct(">I")


class Interest(NamedTuple):
    """How a client sees a line: delayed or not, the market data type it asked for (1-4), whether options are
    computed for it, and its generic ticks.
    """

    delayed: bool
    data_type: int
    computed: bool
    generics: frozenset[int]


@dataclass(eq=False)
class Watcher:
    """One open request of a client."""

    session: Session
    request_id: int
    channel: Channel
    behind: bool = False
    silent: bool = False

    def send(self, ticks: Sequence[wire.Tick], counts: Mapping[int, int]) -> None:
        """Frames of ticks with this request's id; `counts` by message id."""
        middle = str(self.request_id).encode()
        parts: list[bytes] = []
        for head, tail in ticks:
            parts += (_PREFIX.pack(len(head) + len(middle) + len(tail)), head, middle, tail)
        self.session.send_frames(b"".join(parts), counts)


class Channel:
    """What all who share an interest in a line are shown."""

    def __init__(self, market: Market, line: Line, interest: Interest) -> None:
        self.line = line
        self.interest = interest
        self.watchers: list[Watcher] = []
        self._kinds = DELAYED_KINDS if interest.delayed else LIVE_KINDS
        self._day = trading_day(market.now)
        self._generics = frozenset[int]() if interest.delayed else interest.generics
        self._extras = dict(generic_ticks.standing(market, line, self._generics))
        sales = line.trades and self._generics & moment_figures.SALES
        self._traded = moment_figures.Traded(market, line) if sales else None
        self._frozen, self._frozen_at = Quote(), 0.0
        self._look(market)

    def show(self, watcher: Watcher) -> None:
        """The kind of data and everything that is known, to one."""
        watcher.session.send(wire.market_data_type(watcher.request_id, self._kind))
        ticks = list(self._changes(NEVER, None, {}))
        watcher.send(ticks, _counts(ticks))

    def publish(self, market: Market, line: Line) -> None:
        """What changed since the last time, to all."""
        self.line = line
        before, kind, halted, extras = self._shown, self._kind, self._halted, self._extras
        self._look(market)
        changed = self._kind != kind
        ticks = [] if changed else list(self._changes(before, halted, extras))
        if not ticks and not changed:
            return
        counts = _counts(ticks)
        for watcher in self.watchers:
            if watcher.session.congested:
                watcher.behind = True
            elif watcher.behind or changed:
                watcher.behind = False
                self.show(watcher)
            else:
                watcher.send(ticks, counts)

    def _look(self, market: Market) -> None:
        """Take in what the market shows now."""
        item, interest = self.line.instrument, self.interest
        self._moment = market.now - DELAY if interest.delayed else market.now
        state = market.trading_hours.state(item, self._moment) if interest.delayed else self.line.state
        closed = state == "closed"
        frozen = closed and interest.data_type in {FROZEN, DELAYED_FROZEN}
        if interest.delayed:
            self._kind = DELAYED_FROZEN if frozen else DELAYED
        else:
            self._kind = FROZEN if frozen else LIVE
        self._shown = self._quote(market, closed=closed, frozen=frozen)
        self._halted = state == "halted"
        if self._generics:
            self._extras = self._extras | self._figures(market)

    def _quote(self, market: Market, *, closed: bool, frozen: bool) -> Quote:
        item = self.line.instrument
        if frozen:
            closed_at = market.trading_hours.last_close(item, market.now)
            if closed_at != self._frozen_at:
                self._frozen_at, self._frozen = closed_at, market.closing(item)
            return self._frozen
        quote = market.delayed(item) if self.interest.delayed else self.line.quote
        return unquoted(quote) if closed else replace(quote)

    def _figures(self, market: Market) -> dict[int, wire.Tick]:
        generics = self._generics
        found = dict(generic_ticks.moving(market, self.line, generics))
        if self._day != trading_day(market.now):
            self._day = trading_day(market.now)
            found |= dict(generic_ticks.standing(market, self.line, generics))
        return found

    def _changes(self, before: Quote, halted: bool | None, extras: dict[int, wire.Tick]) -> Iterator[wire.Tick]:
        line, now, kinds = self.line, self._shown, self._kinds
        yield from quote_ticks(line, now, before, kinds)
        if not self.interest.delayed:
            yield from exchange_ticks(line, now, before)
            yield from last_exchange_tick(line, now, before)
        if now.greeks is not None and self.interest.computed:
            yield from option_ticks(line, now, before, kinds, self._moment)
        if halted is not self._halted and line.trades:
            yield wire.generic_tick(kinds[types.HALTED], float(self._halted))
        for kind, tick in self._extras.items():
            if extras.get(kind) != tick:
                yield tick
        if self._traded is not None and before is not NEVER:
            yield from moment_figures.sales(line, self._generics, self._traded)


def _counts(ticks: Sequence[wire.Tick]) -> Mapping[int, int]:
    return Counter([wire.MESSAGE_IDS[head] for head, _ in ticks])
