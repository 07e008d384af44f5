"""The exchange: what clients, the market's time and faults do to orders. Sans-IO and deterministic.

Orders come in by `Intake`, the `Desk` tries them, and their `Lifecycle` tells what happened to `Reports`, after it
is in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.exchange.accounts import Accounts
from simulator.exchange.book import OrderBook
from simulator.exchange.buying_power import BuyingPower, Preview
from simulator.exchange.desk import Desk
from simulator.exchange.facts import OrderFacts
from simulator.exchange.fills import Fills
from simulator.exchange.groups import free_units
from simulator.exchange.intake import Floor, Intake
from simulator.exchange.lifecycle import CANCELLED, Lifecycle
from simulator.exchange.orders import FIRST_PERM_ID, Execution, Order, Terms
from simulator.exchange.reports import Reports
from simulator.exchange.settlement import Settlement
from simulator.exchange.venue import Venue
from simulator.ledger import Ledger
from simulator.ledger_schema import BadLedger
from simulator.market.hours import trading_day
from simulator.market.instrument import Instrument
from simulator.market.market import Line, Market
from simulator.refusal import Refused


class Exchange:
    """All orders of all clients and accounts. BadLedger when it has orders of an account that is not."""

    def __init__(self, market: Market, accounts: Accounts, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._market = market
        self._accounts = accounts
        self._ledger = ledger
        self._clock = clock
        self._fills = Fills(accounts, market, ledger, clock)
        orders = ledger.orders(market.universe, trading_day(clock()))
        self._book = OrderBook(orders, ledger.highest_order_ids())
        self._life = Lifecycle(self._book, self._fills, ledger, clock)
        self._venue = Venue(market, clock)
        self._settlement = Settlement(accounts, market, self._fills)
        self._desk = Desk(self._book, self._life, self._venue, self._facts)
        self._power = BuyingPower(market, self._book)
        self._intake = Intake(
            Floor(
                market.universe, accounts, ledger, clock, self._book, self._life, self._venue, self._desk, self._power
            )
        )
        for order in self._book.working():
            self._take_up(order)

    # --- what is there ---

    @property
    def executions(self) -> list[Execution]:
        """Today's executions, the corrected ones left out."""
        return self._fills.today

    @property
    def fills(self) -> Fills:
        """Executions of any day."""
        return self._fills

    def open_orders(self) -> list[Order]:
        """Orders that may still trade, oldest first."""
        return self._book.working()

    def completed_orders(self) -> list[Order]:
        """Today's finished orders, cancelled and inactive ones too, oldest first."""
        return [order for order in self._book.completed() if self._of_today(order)]

    def parent(self, order: Order) -> Order | None:
        """The order that this one is attached to, while it is known."""
        return self._book.parent(order)

    def working_instruments(self) -> dict[int, Instrument]:
        """What the market must step because an order rests there, by contract id."""
        return self._book.instruments()

    def next_order_id(self, client_id: int) -> int:
        """One above the highest id this client ever used."""
        return self._book.next_order_id(client_id)

    # --- what clients do ---

    def place(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms, reports: Reports) -> None:
        """Place, modify or (with transmit off) hold an order. Raises `Refused` when nothing was done."""
        self._intake.place(client_id, order_id, instrument, terms, reports)

    def what_if(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms) -> tuple[Order, Preview]:
        """An order that is only asked about, and what would become of it. Raises `Refused`."""
        return self._intake.what_if(client_id, order_id, instrument, terms)

    def cancel(self, client_id: int, order_id: int, reports: Reports) -> None:
        """Cancel one order. Raises `Refused` when there is nothing to cancel, and for one that was only held."""
        if self._book.held.pop((client_id, order_id), None) is not None:
            raise Refused(202, CANCELLED)
        order = self._book.find(client_id, order_id)
        if order is None:
            raise Refused(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        if order.status == "Inactive":
            raise Refused(
                161, f"Cancel attempted when order is not in a cancellable state.  Order permId = {order.perm_id}"
            )
        if not order.live:
            raise Refused(
                10148, f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status}."
            )
        self._life.cancel(order, "Cancelled by Trader", reports)
        self._desk.wake(reports)

    def cancel_all(self, reports: Reports) -> list[tuple[int, int]]:
        """Global cancel: every order of every client; the held ones are given back, as nobody was told of them."""
        held = list(self._book.held)
        self._book.held.clear()
        for order in self._book.working():
            if order.live:
                self._life.cancel(order, "Cancelled by Trader", reports)
        self._desk.wake(reports)
        return held

    def bind_manual(self, reports: Reports) -> None:
        """Client 0 adopts the orders that were made by hand."""
        for order in self._book.working():
            if not order.order_id:
                self._bind(order, reports)

    def forget_held(self) -> None:
        """A restart of the gateway loses what was not transmitted."""
        self._book.held.clear()

    # --- what time does ---

    def step(self, line: Line, reports: Reports) -> None:
        """Try every order that rests on a line."""
        self._desk.step(line, reports)

    def expire(self, reports: Reports) -> None:
        """End what is past its time, settle what expired; forget what was done with before today.

        The ledger keeps it.
        """
        self._desk.expire(reports)
        self._settlement.expire(reports)
        self._fills.begin_day()
        self._book.forget(lambda order: not self._of_today(order))

    # --- what faults do ---

    def reject(self, times: int, code: int, text: str) -> None:
        """Refuse the next new orders, whatever they are."""
        self._intake.reject(times, code, text)

    def external(self, instrument: Instrument, terms: Terms, client_id: int, reports: Reports) -> Order:
        """An order of another session of this login, or one made by hand (client 0). Raises `Refused`."""
        order_id = self._book.next_order_id(client_id) if client_id else 0
        order = self._intake.enter(client_id, order_id, instrument, terms, reports)
        if not order_id and order.live and reports.adopts_manual():
            self._bind(order, reports)
            self._life.tell(order, reports)
        return order

    def fill(self, perm_id: int, quantity: Decimal | None, price: Decimal | None, reports: Reports) -> None:
        """The market fills a working order now, whatever the quote. ValueError for what cannot be filled so."""
        order = self._book.by_perm_id(perm_id)
        if order is None or not order.live:
            raise ValueError(f"no working order has the permanent id {perm_id}")
        free = free_units(self._book, order)
        quantity = free if quantity is None else quantity
        if not 0 < quantity <= free or quantity % 1:
            raise ValueError(f"order {perm_id} can be filled with 1 to {free:f} whole units, not {quantity:f}")
        line = self._market.line(order.instrument)
        quoted = line.price(line.quote.ask if order.sign > 0 else line.quote.bid)
        at = price if price is not None else quoted if order.limit is None else order.limit
        if at <= 0 and not order.instrument.legs:
            raise ValueError(f"a price above 0 is needed, not {at:f}")
        order.triggered = order.released = True
        self._life.fill(order, quantity, at, reports, aggressive=False)
        self._desk.wake(reports)

    def correct(self, exec_id: str, quantity: Decimal | None, price: Decimal | None, reports: Reports) -> Execution:
        """Replace an execution of today by a corrected one. ValueError for what cannot be corrected so."""
        former = next((one for one in self._fills.today if one.exec_id == exec_id), None)
        if former is None:
            raise ValueError(f"no execution of today that counts has the id {exec_id}")
        order = self._book.find(former.client_id, former.order_id) or self._book.by_perm_id(former.perm_id)
        if order is None:
            raise ValueError(f"the order of execution {exec_id} is not known any more")
        corrected = self._fills.correct(
            former, order, former.quantity if quantity is None else quantity, former.price if price is None else price
        )
        self._life.correct(order, corrected, reports)
        self._desk.wake(reports)
        return corrected

    def rebind(self, perm_id: int, reports: Reports) -> int:
        """The order shows another permanent id from now on, which is returned. ValueError when there is none."""
        order = self._book.by_perm_id(perm_id)
        if order is None:
            raise ValueError(f"no order of today has the permanent id {perm_id}")
        self._book.rebind(order, FIRST_PERM_ID + self._ledger.count("perm_id"))
        self._ledger.save_rebind(perm_id, order, self._clock())
        reports.opened(order)
        reports.status(order)
        return order.perm_id

    # --- inside ---

    def _facts(self, order: Order) -> OrderFacts:
        return OrderFacts(order, self._market, self._venue, self._accounts, self._fills)

    def _bind(self, order: Order, reports: Reports) -> None:
        self._book.bind(order)
        self._ledger.save_order(order)
        reports.bound(order)

    def _take_up(self, order: Order) -> None:
        """An order of an earlier run goes on."""
        if order.terms.account not in self._accounts:
            raise BadLedger(f"it has working orders of account {order.terms.account}, which is not among the accounts")
        order.seen = self._clock()
        order.margin = self._power.alone(order)
        order.why_held = self._desk.why_held(order)
        if order.session_end is None:
            order.session_end = self._venue.session_end(
                order.instrument, order.placed, outside_rth=order.terms.outside_rth
            )

    def _of_today(self, order: Order) -> bool:
        return order.completed is not None and trading_day(order.completed) == trading_day(self._clock())
