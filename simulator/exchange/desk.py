"""The desk tries orders: what holds an order is looked at first, then its trigger, then what it can trade.

An order is held by its parent, its start, its conditions or a closed market; PreSubmitted meanwhile. On-open and
on-close orders wait for their auction and end with it. Everything is tried again with each step of its line.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.exchange.book import OrderBook
from simulator.exchange.conditions import Facts, fulfilled
from simulator.exchange.groups import free_units
from simulator.exchange.lifecycle import Lifecycle
from simulator.exchange.matching import serve, sweep, within
from simulator.exchange.orders import TRAILING, Order
from simulator.exchange.reports import Reports
from simulator.exchange.triggers import reached, trail
from simulator.exchange.venue import Venue
from simulator.market.hours import local
from simulator.market.market import Line

_AT_ONCE = frozenset({"IOC", "FOK"})
_ADJUSTED = 1.0
"""Seconds by which the market may be ahead of a base clock that was adjusted."""


class Desk:
    """Works on orders; changes them through their lifecycle only."""

    def __init__(self, book: OrderBook, life: Lifecycle, venue: Venue, facts: Callable[[Order], Facts]) -> None:
        self._book = book
        self._life = life
        self._venue = venue
        self._facts = facts

    def arrive(self, order: Order, reports: Reports) -> None:
        """Try an order that was just placed or modified."""
        line = self._venue.line(order.instrument)
        was_closed = not self._is_open(order)
        self._try(order, line, reports, arrived=True)
        if was_closed and order.live and not order.auction:
            self._warn_closed(order, reports)
        self.wake(reports)

    def step(self, line: Line, reports: Reports) -> None:
        """Try every order that rests on a line: the best price first, of one price those that came first."""
        for order in sorted(self._book.on_line(line.instrument.con_id), key=_priority):
            if order.live:
                self._try(order, line, reports, arrived=False)
        self.wake(reports)

    def wake(self, reports: Reports) -> None:
        """Try the children of what has filled or ended."""
        while self._life.woken:
            order = self._life.woken.pop(0)
            if order.live:
                self._try(order, self._venue.line(order.instrument), reports, arrived=False)

    def expire(self, reports: Reports) -> None:
        """End what is past its time or its contract's, after a look at auctions that took place meanwhile."""
        for order in self._book.working():
            if order.live and order.auction:
                self._try_auction(order, reports)
            if order.live and not self._expire(order, reports) and self._venue.expired(order.instrument):
                self._life.cancel(order, "Expired", reports, "Contract expired")
        self.wake(reports)

    def prepare(self, order: Order) -> None:
        """What an order shows before it is tried: why it waits, and where its trail begins."""
        order.why_held = self.why_held(order)
        if order.terms.order_type in TRAILING and order.waits and not self._held(order):
            order.terms = trail(order, self._venue.line(order.instrument))

    def fillable(self, order: Order) -> bool:
        """Whether a fill-or-kill order can be filled now, or may wait for something else first."""
        line = self._venue.line(order.instrument)
        if self._held(order):
            return True
        levels = self._venue.levels(line, order.sign, order.limit)
        taken = self._venue.taken(line, order.sign)
        found = sweep(levels, taken, free_units(self._book, order), order.limit, order.sign)
        return self._tradable(order, line) and sum(quantity for _, quantity in found) == order.remaining

    def why_held(self, order: Order) -> str:
        """The reason as order status shows it: waiting for its parent, for its trigger, or for both."""
        reasons = ["child"] if order.remaining and not free_units(self._book, order) else []
        if order.waits:
            reasons.append("trigger")
        return ",".join(reasons)

    def _try(self, order: Order, line: Line, reports: Reports, *, arrived: bool) -> None:
        if order.seen > self._venue.now() + _ADJUSTED:
            order.seen = self._venue.now()  # the calendar was set back: what is to come counts again
        if order.auction:
            self._try_auction(order, reports)
        if not order.live or self._expire(order, reports) or self._cancelled_by_conditions(order, reports):
            return
        if order.auction or self._waits(order, line, reports, arrived=arrived):
            order.seen = self._venue.now()
            return
        starts = order.status == "PreSubmitted" and not arrived
        if order.waits:
            order.triggered, starts = True, True
        if starts and order.terms.tif == "FOK" and not self.fillable(order):
            self._life.kill(order, reports)
            return
        if starts:
            self._life.submit(order, reports)
        self._trade(order, line, reports, arrived=arrived or starts)
        if order.live and (arrived or starts):
            self._settle(order, line, reports)
        order.seen = max(order.seen, self._venue.now())

    def _waits(self, order: Order, line: Line, reports: Reports, *, arrived: bool) -> bool:
        """Whether the order cannot be worked now; what cannot wait ends."""
        held = self._held(order)
        if not held and arrived and order.terms.tif in _AT_ONCE and not self._tradable(order, line):
            self._give_up(order, reports)
            return True
        if not held and self._tradable(order, line):
            if order.terms.order_type in TRAILING and order.waits:
                self._life.trail(order, trail(order, line))
            if not order.waits or reached(order, line):
                return False
        if not held and order.status == "Submitted" and not self._is_open(order):
            self._life.rest(order, reports)
        self._life.hold(order, self.why_held(order), reports)
        return True

    def _tradable(self, order: Order, line: Line) -> bool:
        return self._is_open(order) and not self._venue.halted(line)

    def _held(self, order: Order) -> bool:
        """Whether its parent, its start or its conditions hold it."""
        if not free_units(self._book, order):
            return True
        if order.terms.good_after is not None and self._venue.now() < order.terms.good_after:
            return True
        order.released = order.released or order.terms.conditions_cancel or self._conditions_met(order)
        return not order.released

    def _conditions_met(self, order: Order) -> bool:
        terms = order.terms
        if not terms.conditions:
            return True
        regular = self._venue.is_open(order.instrument, outside_rth=False)
        return (regular or terms.conditions_ignore_rth) and fulfilled(terms.conditions, self._facts(order))

    def _cancelled_by_conditions(self, order: Order, reports: Reports) -> bool:
        terms = order.terms
        if not (terms.conditions and terms.conditions_cancel and self._conditions_met(order)):
            return False
        self._life.cancel(order, "Cancelled by its conditions", reports, "Order conditions were fulfilled")
        return True

    def _trade(self, order: Order, line: Line, reports: Reports, *, arrived: bool) -> None:
        """Fill what can be filled now."""
        free, sign, limit = free_units(self._book, order), order.sign, order.limit
        levels = self._venue.levels(line, sign, limit)
        found = sweep(levels, self._venue.taken(line, sign), free, limit, sign)
        total = sum((quantity for _, quantity in found), Decimal(0))
        if total and total >= _least(order):
            self._venue.take(line, sign, total)
            if not arrived and limit is not None:
                found = [(limit, total)]
            for price, quantity in found:
                if order.live and (part := min(quantity, free_units(self._book, order))) > 0:
                    self._life.fill(order, part, price, reports, aggressive=arrived)
        elif limit is not None and not arrived and not total:
            self._serve(order, line, limit, free, reports)

    def _serve(self, order: Order, line: Line, limit: Decimal, free: Decimal, reports: Reports) -> None:
        """What a resting order gets of the trades that printed."""
        trades = self._venue.trades(line)
        self._move_up(order, line, limit)
        got, order.queue = serve(trades, order.queue, free, _least(order), limit, order.sign, order.seen)
        order.seen = max([order.seen, *(trade.time for trade in trades)])
        if got:
            self._life.fill(order, got, limit, reports, aggressive=False)

    def _move_up(self, order: Order, line: Line, limit: Decimal) -> None:
        """Nobody more is ahead than is shown now; a price that was not shown yet is joined when it is."""
        ahead = self._venue.ahead(line, order.sign, limit)
        if ahead is not None:
            order.queue = ahead if order.queue is None else min(order.queue, ahead)

    def _settle(self, order: Order, line: Line, reports: Reports) -> None:
        """After the first try: what must be filled at once ends, anything else is now working."""
        if order.terms.tif in _AT_ONCE:
            self._give_up(order, reports)
            return
        if order.status == "PreSubmitted":
            self._life.submit(order, reports)
        if order.limit is not None:
            self._move_up(order, line, order.limit)

    def _give_up(self, order: Order, reports: Reports) -> None:
        if order.terms.tif == "FOK":
            self._life.kill(order, reports)
        else:
            self._life.cancel_rest(order, reports)

    def _try_auction(self, order: Order, reports: Reports) -> None:
        """Fill at the auction's price, or end with it; an auction before the order was free does not count."""
        prices = self._venue.auctions(order.instrument, order.auction, order.seen)
        order.seen = self._venue.now()
        free = Decimal(0) if self._held(order) else free_units(self._book, order)
        self._life.hold(order, self.why_held(order), reports)
        if not prices:
            return
        if free and within(prices[0], order.limit, order.sign):
            self._life.fill(order, free, prices[0], reports, aggressive=False)
        if order.live:
            self._life.cancel(order, "Expired", reports, "Not filled in its auction")

    def _expire(self, order: Order, reports: Reports) -> bool:
        now, terms = self._venue.now(), order.terms
        if terms.good_till is not None and now >= terms.good_till:
            self._life.cancel(order, "Expired", reports, "Good till date")
        elif terms.tif == "DAY" and order.session_end is not None and now >= order.session_end:
            self._life.cancel(order, "Expired", reports, "End of day")
        return not order.live

    def _is_open(self, order: Order) -> bool:
        return self._venue.is_open(order.instrument, outside_rth=order.terms.outside_rth)

    def _warn_closed(self, order: Order, reports: Reports) -> None:
        item = order.instrument
        opening = local(self._venue.next_open(item, outside_rth=order.terms.outside_rth))
        place = item.primary or item.exchange
        if item.trading_class not in {"", item.symbol}:
            place += f".{item.trading_class}"
        reports.refused(
            order,
            399,
            f"Order Message:\n{order.terms.action} {order.terms.quantity:f} {item.symbol} {place}\n"
            f"Warning: Your order will not be placed at the exchange until {opening:%Y-%m-%d %H:%M:%S} US/Eastern.",
        )


def _least(order: Order) -> Decimal:
    """An order that must not fill in small parts takes no less than this at once."""
    if order.terms.all_or_none or order.terms.tif == "FOK":
        return order.remaining
    return Decimal(0) if order.filled else min(order.terms.min_quantity, order.remaining)


def _priority(order: Order) -> tuple[bool, Decimal]:
    return order.limit is not None, -order.sign * (order.limit or Decimal(0))
