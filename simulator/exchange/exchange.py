"""The exchange: accepts, works, fills, modifies and cancels orders; sans-IO and deterministic.

An order trades against the size its line displays, and that size is used up until the line's next step, so
larger orders fill in parts. What arrives marketable trades at the quote, what rested trades at its limit.
Stops trigger on the last price (on bid or ask where there is none). Everything that happens is told to
`Reports`, in the order in which a real gateway tells its clients, after it is in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from simulator.exchange.account import Account
from simulator.exchange.orders import Execution, Order, Terms, check, commission
from simulator.ledger import Ledger
from simulator.market.hours import trading_day
from simulator.market.market import Line, Market
from simulator.market.universe import Instrument
from simulator.refusal import Refused

_FIRST_PERM_ID = 1_100_000_000


class Reports(Protocol):
    """Who wants to know what happens to orders."""

    def opened(self, order: Order) -> None:
        """The order's terms or state as message 5 shows them."""

    def status(self, order: Order) -> None:
        """The order's progress."""

    def executed(self, execution: Execution) -> None:
        """A fill, before its commission is known."""

    def charged(self, execution: Execution) -> None:
        """Commission and realised profit of a fill."""

    def refused(self, order: Order, code: int, text: str) -> None:
        """An error about an accepted order."""


class Exchange:
    """All orders of all clients."""

    def __init__(self, market: Market, account: Account, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._market = market
        self._account = account
        self._ledger = ledger
        self._clock = clock
        self._orders = {
            (order.client_id, order.order_id): order for order in ledger.orders(market.universe, trading_day(clock()))
        }
        self._highest = ledger.highest_order_ids()
        self._working = {order.perm_id: order for order in self._orders.values() if order.live}
        self._held: set[tuple[int, int]] = set()
        self.executions = ledger.executions(market.universe, trading_day(clock()))
        account.begin_day(self.executions)

    # --- what is there ---

    def open_orders(self) -> list[Order]:
        """Orders that may still trade, oldest first."""
        return list(self._working.values())

    def completed_orders(self) -> list[Order]:
        """Today's finished orders, oldest first."""
        return [order for order in self._orders.values() if self._of_today(order)]

    def working_instruments(self) -> dict[int, Instrument]:
        """What the market must step because an order rests there, by contract id."""
        return {order.instrument.con_id: order.instrument for order in self._working.values()}

    def next_order_id(self, client_id: int) -> int:
        """One above the highest id this client ever used."""
        return self._highest.get(client_id, 0) + 1

    # --- what clients do ---

    def place(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms, reports: Reports) -> None:
        """Place, modify or (with transmit off) hold an order. Raises `Refused` when nothing was done."""
        known = self._orders.get((client_id, order_id))
        if known is not None:
            self._modify(known, instrument, terms, reports)
            return
        held = (client_id, order_id) in self._held
        if not held and order_id < self.next_order_id(client_id):
            raise Refused(103, "Duplicate order id")
        check(terms, instrument, self._account.name)
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))
        if terms.wire.get("transmit") == "0":
            self._held.add((client_id, order_id))
            return
        self._held.discard((client_id, order_id))
        perm_id = _FIRST_PERM_ID + self._ledger.count("perm_id")
        order = Order(client_id, order_id, perm_id, instrument, terms, self._clock())
        self._orders[client_id, order_id] = self._working[perm_id] = order
        self._ledger.save_order(order)
        reports.opened(order)
        reports.status(order)
        self._work(order, self._market.line(instrument), reports, arrived=True)
        self._settle_arrival(order, reports)

    def cancel(self, client_id: int, order_id: int, reports: Reports) -> None:
        """Cancel one order. Raises `Refused` when there is nothing to cancel."""
        if (client_id, order_id) in self._held:
            self._held.discard((client_id, order_id))
            raise Refused(202, "Order Canceled - reason:")
        order = self._orders.get((client_id, order_id))
        if order is None:
            raise Refused(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        if not order.live:
            raise Refused(
                10148, f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status}."
            )
        self._end(order, "Cancelled", "Cancelled by Trader")
        reports.status(order)
        reports.refused(order, 202, "Order Canceled - reason:")

    def cancel_all(self, reports: Reports) -> None:
        """Global cancel: every order of every client."""
        for order in self.open_orders():
            self.cancel(order.client_id, order.order_id, reports)

    # --- what time does ---

    def step(self, line: Line, reports: Reports) -> None:
        """Try every order that rests on a line."""
        for order in [order for order in self._working.values() if order.instrument is line.instrument]:
            self._work(order, line, reports, arrived=False)

    def expire(self, reports: Reports) -> None:
        """End DAY orders of earlier days; forget what was done with before today (the ledger keeps it)."""
        today = trading_day(self._clock())
        for order in self.open_orders():
            if order.terms.tif == "DAY" and trading_day(order.placed) < today:
                self._end(order, "Cancelled", "Expired")
                reports.status(order)
                reports.refused(order, 202, "Order Canceled - reason:End of day")
        self.executions = [item for item in self.executions if trading_day(item.time) == today]
        self._account.begin_day(self.executions)
        self._orders = {key: order for key, order in self._orders.items() if order.live or self._of_today(order)}

    # --- inside ---

    def _of_today(self, order: Order) -> bool:
        return order.completed is not None and trading_day(order.completed) == trading_day(self._clock())

    def _modify(self, order: Order, instrument: Instrument, terms: Terms, reports: Reports) -> None:
        if order.status == "Filled":
            raise Refused(104, "Cannot modify a filled order.")
        if not order.live:
            raise Refused(103, "Duplicate order id")
        if instrument is not order.instrument or terms.action != order.terms.action:
            raise Refused(105, "Order being modified does not match original order.")
        check(terms, instrument, self._account.name)
        if terms.quantity <= order.filled:
            raise Refused(201, f"Order rejected - reason:Order quantity {terms.quantity:f} is already filled")
        if terms.order_type != order.terms.order_type:
            order.triggered = False
        order.terms = replace(terms, ref=order.terms.ref)
        order.modifications += 1
        self._ledger.save_order(order)
        reports.opened(order)
        reports.status(order)
        self._work(order, self._market.line(instrument), reports, arrived=True)
        self._settle_arrival(order, reports)

    def _settle_arrival(self, order: Order, reports: Reports) -> None:
        """After the first try: an IOC order ends, anything else but a waiting stop is now working."""
        if not order.live:
            return
        if order.terms.tif == "IOC" and not order.waits:
            order.status = "PendingCancel"
            reports.status(order)
            self._end(order, "Cancelled", "Immediate or cancel: not filled at once")
            reports.status(order)
        elif order.status == "PreSubmitted" and not order.waits:
            self._submit(order, reports)

    def _submit(self, order: Order, reports: Reports) -> None:
        order.status = "Submitted"
        self._ledger.save_order(order)
        reports.opened(order)
        reports.status(order)

    def _work(self, order: Order, line: Line, reports: Reports, *, arrived: bool) -> None:
        if order.waits and not self._trigger(order, line):
            return
        if order.waits:
            order.triggered = True
            self._submit(order, reports)
            arrived = True
        price = _match(order, line, arrived=arrived)
        if price is None:
            return
        size = line.quote.ask_size - line.ask_taken if order.sign > 0 else line.quote.bid_size - line.bid_taken
        quantity = min(order.remaining, Decimal(size))
        if quantity <= 0:
            return
        if order.sign > 0:
            line.ask_taken += int(quantity)
        else:
            line.bid_taken += int(quantity)
        self._fill(order, quantity, price, reports, aggressive=arrived)

    @staticmethod
    def _trigger(order: Order, line: Line) -> bool:
        stop, quote = order.terms.stop, line.quote
        if stop is None:
            return False
        if order.sign > 0:
            return line.price(quote.last if line.instrument.trades else quote.ask) >= stop
        return line.price(quote.last if line.instrument.trades else quote.bid) <= stop

    def _fill(self, order: Order, quantity: Decimal, price: Decimal, reports: Reports, *, aggressive: bool) -> None:
        order.filled += quantity
        order.cost += quantity * price
        order.last_price = price
        item = order.instrument
        due = commission(item, order.filled, order.cost * item.factor)
        execution = Execution(
            exec_id=f"0000e0d5.{self._ledger.count('execution'):08x}.01.01",
            order_id=order.order_id,
            client_id=order.client_id,
            perm_id=order.perm_id,
            instrument=item,
            time=self._clock(),
            account=self._account.name,
            exchange=item.primary or item.exchange,
            action="BUY" if order.sign > 0 else "SELL",
            quantity=quantity,
            price=price,
            cumulative=order.filled,
            average=order.average,
            ref=order.terms.ref,
            aggressive=aggressive,
            commission=due - order.commission,
        )
        order.commission = due
        execution = replace(execution, realized=self._account.book(execution))
        self.executions.append(execution)
        self._ledger.save_execution(execution)
        if order.remaining:
            order.status = "Submitted"
            self._ledger.save_order(order)
        else:
            self._end(order, "Filled", f"Filled Size: {order.filled:f}")
        reports.executed(execution)
        reports.opened(order)
        reports.status(order)
        reports.charged(execution)

    def _end(self, order: Order, status: str, detail: str) -> None:
        order.status = status
        order.completed = self._clock()
        order.completed_status = detail
        del self._working[order.perm_id]
        self._ledger.save_order(order)


def _match(order: Order, line: Line, *, arrived: bool) -> Decimal | None:
    """The price at which an order trades against its line now; None when it does not."""
    quote = line.price(line.quote.ask if order.sign > 0 else line.quote.bid)
    limit = order.terms.limit
    if not order.terms.order_type.endswith("LMT") or limit is None:
        return quote
    crosses = quote <= limit if order.sign > 0 else quote >= limit
    if not crosses:
        return None
    return quote if arrived else limit
