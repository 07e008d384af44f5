"""How orders come in: checked, held until they are transmitted, admitted by families, modified.

An order placed with transmit off is kept without an answer until it, its parent or one of its children comes with
transmit on; then the whole family is transmitted, parent first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.exchange.acceptance import check
from simulator.exchange.accounts import Accounts
from simulator.exchange.book import HeldOrder, OrderBook
from simulator.exchange.buying_power import BuyingPower, Preview
from simulator.exchange.desk import Desk
from simulator.exchange.lifecycle import Lifecycle
from simulator.exchange.orders import FIRST_PERM_ID, Order, Terms
from simulator.exchange.reports import Reports
from simulator.exchange.venue import Venue
from simulator.ledger import Ledger
from simulator.market.universe import Instrument, Universe
from simulator.refusal import Refused, invalid

_REJECTED = 201
_CHILD_GROUP = 3
_PARENT_ENDED = "Order rejected - reason:Parent order is being cancelled."


@dataclass
class _Rejections:
    """How the next new orders are refused, and how many of them."""

    left: int
    code: int
    text: str


@dataclass(frozen=True)
class Floor:
    """What orders are taken in with."""

    universe: Universe
    accounts: Accounts
    ledger: Ledger
    clock: Callable[[], float]
    book: OrderBook
    life: Lifecycle
    venue: Venue
    desk: Desk
    power: BuyingPower


class Intake:
    """Takes orders in."""

    def __init__(self, floor: Floor) -> None:
        self._universe = floor.universe
        self._accounts = floor.accounts
        self._ledger = floor.ledger
        self._clock = floor.clock
        self._book = floor.book
        self._life = floor.life
        self._venue = floor.venue
        self._desk = floor.desk
        self._power = floor.power
        self._rejections = _Rejections(0, 0, "")

    def place(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms, reports: Reports) -> None:
        """Place, modify or (with transmit off) hold an order. Raises `Refused` when nothing was done."""
        terms = self._checked(terms, instrument)
        known = self._book.find(client_id, order_id)
        if known is not None:
            if terms.transmit:
                self._modify(known, instrument, terms, reports)
            return  # a modification that is held back: the one that is transmitted will have all terms
        self._check_new(client_id, order_id, terms)
        self._book.use(client_id, order_id)
        self._book.held[client_id, order_id] = HeldOrder(instrument, terms)
        if terms.transmit:
            self._transmit(client_id, order_id, reports)

    def what_if(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms) -> tuple[Order, Preview]:
        """An order that is only asked about, and what would become of it. Raises `Refused`."""
        if not terms.transmit:
            raise Refused(413, "What-If orders should have the transmit flag set to true.")
        terms = self._checked(terms, instrument)
        order = Order(client_id, order_id, 0, instrument, terms, self._clock())
        return order, self._power.preview(self._accounts[terms.account], order)

    def reject(self, times: int, code: int, text: str) -> None:
        """Refuse the next new orders, whatever they are."""
        self._rejections = _Rejections(times, code, text)

    def enter(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms, reports: Reports) -> Order:
        """An order that comes from elsewhere than its client's session. Raises `Refused`."""
        order = self._new(client_id, order_id, instrument, self._checked(terms, instrument))
        self._accept([order], reports)
        return order

    # --- inside ---

    def _checked(self, terms: Terms, instrument: Instrument) -> Terms:
        """The terms with their account. Raises `Refused`."""
        if not terms.account:
            if len(self._accounts) > 1:
                raise Refused(435, "You must specify an account.")
            terms = replace(terms, account=self._accounts.default.name)
        if terms.account not in self._accounts:
            raise invalid(f"Invalid account code '{terms.account}'")
        check(terms, instrument, self._universe, self._clock())
        return terms

    def _check_new(self, client_id: int, order_id: int, terms: Terms) -> None:
        held = (client_id, order_id) in self._book.held
        if not held and order_id < self._book.next_order_id(client_id):
            raise Refused(103, "Duplicate order id")
        if self._rejections.left:
            self._rejections.left -= 1
            raise Refused(self._rejections.code, self._rejections.text)
        if terms.oca_group and self._book.has_filled(terms.account, terms.oca_group):
            raise Refused(_REJECTED, "Order rejected - reason:OCA group is already filled")
        if not terms.parent_id:
            return
        line = self._book.held_line((client_id, terms.parent_id))
        parent = self._book.find(client_id, terms.parent_id)
        if (client_id, order_id) in line or (parent is None and line[0] not in self._book.held):
            raise Refused(10006, f"Missing parent order:{terms.parent_id}")
        if self._account_of(client_id, terms.parent_id) != terms.account:
            raise invalid(f"Parent order {terms.parent_id} belongs to another account")
        if parent is not None and parent.status in {"Cancelled", "Inactive"}:
            raise Refused(_REJECTED, _PARENT_ENDED)

    def _account_of(self, client_id: int, order_id: int) -> str:
        order = self._book.find(client_id, order_id) or self._book.held[client_id, order_id]
        return order.terms.account

    def _transmit(self, client_id: int, order_id: int, reports: Reports) -> None:
        """Send an order with its held family, parent first."""
        held, line = self._book.held, self._book.held_line
        root = line((client_id, order_id))[-1]
        family = [key for key in held if line(key)[-1] == root]
        family.sort(key=lambda key: len(line(key)))
        orders = [self._new(*key, held[key].instrument, held[key].terms) for key in family]
        for key in family:
            del held[key]
        self._accept(orders, reports)

    def _new(self, client_id: int, order_id: int, instrument: Instrument, terms: Terms) -> Order:
        perm_id = FIRST_PERM_ID + self._ledger.count("perm_id")
        now = self._clock()
        end = self._venue.session_end(instrument, now, outside_rth=terms.outside_rth)
        return Order(client_id, order_id, perm_id, instrument, terms, now, session_end=end, seen=now)

    def _accept(self, orders: list[Order], reports: Reports) -> None:
        """Admit a family of new orders and try them, or deactivate them when the account cannot carry them."""
        for account in self._accounts:
            own = [order for order in orders if order.terms.account == account.name]
            try:
                if own:
                    self._power.check(account, own)
            except Refused as refusal:
                for order in own:
                    self._life.deactivate(order, refusal.text, reports)
                    reports.refused(order, refusal.code, refusal.text)
        for order in orders:
            if order.status != "Inactive":
                self._admit(order, reports)
        for order in orders:
            if order.live:
                self._desk.arrive(order, reports)

    def _admit(self, order: Order, reports: Reports) -> None:
        parent = self._book.parent(order)
        if parent is not None and parent.status == "Inactive":
            self._life.deactivate(order, _PARENT_ENDED, reports)
            reports.refused(order, _REJECTED, _PARENT_ENDED)
            return
        if parent is not None and not order.terms.oca_group:
            order.terms = replace(order.terms, oca_group=str(parent.perm_id), oca_type=_CHILD_GROUP)
        if order.terms.tif == "FOK" and not self._desk.fillable(order):
            self._life.deactivate(order, "Fill or kill: cannot be filled at once", reports)
            return
        self._desk.prepare(order)
        self._life.admit(order, reports)

    def _modify(self, order: Order, instrument: Instrument, terms: Terms, reports: Reports) -> None:
        former = order.terms
        if order.status == "Filled":
            raise Refused(104, "Cannot modify a filled order.")
        if not order.live:
            raise Refused(103, "Duplicate order id")
        same = (terms.action, terms.account, terms.parent_id) == (former.action, former.account, former.parent_id)
        if instrument.con_id != order.instrument.con_id or not same:
            raise Refused(105, "Order being modified does not match original order.")
        if terms.quantity <= order.filled:
            raise Refused(_REJECTED, f"Order rejected - reason:Order quantity {terms.quantity:f} is already filled")
        terms = replace(terms, ref=former.ref, oca_group=terms.oca_group or former.oca_group)
        self._power.check_change(self._accounts[former.account], order, terms)
        order.terms = terms
        self._amended(order, former)
        self._life.tell(order, reports)
        self._desk.arrive(order, reports)

    def _amended(self, order: Order, former: Terms) -> None:
        """What a modification costs: a larger size or another price its place, another trigger its trigger."""
        terms = order.terms
        if terms.quantity > former.quantity or terms.limit != former.limit:
            order.queue = None
        if terms.quantity != former.quantity:
            order.reduced = Decimal(0)
        if terms.order_type != former.order_type:
            order.triggered = False
        if terms.conditions != former.conditions:
            order.released = False
        order.session_end = self._venue.session_end(order.instrument, self._clock(), outside_rth=terms.outside_rth)
        order.modifications += 1
        self._desk.prepare(order)
        if order.waits or order.auction:
            order.status = "PreSubmitted"
