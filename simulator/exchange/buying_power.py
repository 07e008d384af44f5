"""Whether an account can carry an order: initial margin of positions and of what works, at its worst.

For each instrument the worse of two worlds counts: all working purchases are filled, or all sales are. A child
counts with what it does beyond the rest of its parent, of a one-cancels-all group and of the children of one parent
the largest order counts; a purchase below the market counts at its limit. An order that needs no more than before
is always accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.account import Account
from simulator.exchange.book import OrderBook
from simulator.exchange.commissions import commission
from simulator.exchange.margins import margin, market_price
from simulator.exchange.orders import Order, Terms
from simulator.market.instrument import Instrument
from simulator.market.market import Market
from simulator.refusal import Refused

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Preview:
    """What an order would do: change of margins in US dollars, commission, and why it would not be accepted."""

    initial: Decimal
    maintenance: Decimal
    commission: Decimal
    warning: str


@dataclass(frozen=True)
class _Demand:
    """What one order may add to one instrument; `saved` is how much cheaper than the market it buys."""

    instrument: Instrument
    units: Decimal
    saved: Decimal


class BuyingPower:
    """Looks at an account with everything that works for it."""

    def __init__(self, market: Market, book: OrderBook) -> None:
        self._market = market
        self._book = book

    def check(self, account: Account, orders: list[Order]) -> None:
        """Raise `Refused` 201 when the account cannot carry these new orders."""
        for order in orders:
            order.margin = self.alone(order)
        self._check_coins(account, orders, orders)
        if not self._plainly_enough(account, orders):
            self._judge(account, self._needed(account), self._needed(account, orders))

    def check_change(self, account: Account, order: Order, terms: Terms) -> None:
        """Raise `Refused` 201 when the account cannot carry a working order on these terms."""
        former, margin_before = order.terms, order.margin
        try:
            order.terms = terms
            order.margin = self.alone(order)
            self._check_coins(account, [order], ())
            if not self._plainly_enough(account, ()):
                after = self._needed(account)
                order.terms = former
                self._judge(account, self._needed(account), after)
        except Refused:
            order.margin = margin_before
            raise
        finally:
            order.terms = former

    def alone(self, order: Order) -> Decimal:
        """The initial margin of an order by itself, in US dollars."""
        return sum((margin(self._market, part.instrument, part.units)[0] for part in self._demands(order)), _NOTHING)

    def _check_coins(self, account: Account, sellers: Iterable[Order], new: Iterable[Order]) -> None:
        """Raise `Refused` 201 for sales of cryptocurrencies beyond what is held: those are not sold short."""
        sales = [part for order in sellers for part in self._demands(order) if part.units < 0]
        coins = {part.instrument.con_id: part.instrument for part in sales if part.instrument.sec_type == "CRYPTO"}
        for coin in coins.values():
            position = account.positions.get(coin.con_id)
            sold = [part for part in self._parts(account, new) if part.instrument == coin and part.units < 0]
            if (position.quantity if position else _NOTHING) + sum((part.units for part in sold), _NOTHING) < 0:
                raise Refused(
                    201,
                    f"Order rejected - reason:The account does not hold enough {coin.symbol} for this sale and the "
                    "others that work; cryptocurrencies cannot be sold short.",
                )

    def _plainly_enough(self, account: Account, orders: Iterable[Order]) -> bool:
        """Whether the plain sum of all margins is small enough: then nothing else has to be looked at."""
        figures = account.figures()
        working = (order.margin for order in self._book.working() if order.terms.account == account.name)
        most = figures["InitMarginReq"] + sum(working, _NOTHING) + sum((order.margin for order in orders), _NOTHING)
        return most <= figures["EquityWithLoanValue"]

    def _judge(self, account: Account, before: Decimal, after: Decimal) -> None:
        equity = account.figures()["EquityWithLoanValue"]
        if after <= before or after <= equity:
            return
        raise Refused(
            201,
            "Order rejected - reason:We are unable to accept your order. Your Available Funds are insufficient to "
            "cover the change in the account's margin requirements if this order executes. In order to obtain the "
            f"desired position your Equity with Loan Value [{equity:.2f} USD] must exceed the Initial Margin "
            f"[{after:.2f} USD]",
        )

    def preview(self, account: Account, order: Order) -> Preview:
        """What becomes of the account when the whole order fills."""
        initial = maintenance = fee = _NOTHING
        for part in self._demands(order):
            position = account.positions.get(part.instrument.con_id)
            held = position.quantity if position else _NOTHING
            before = margin(self._market, part.instrument, held)
            after = margin(self._market, part.instrument, held + part.units)
            initial, maintenance = initial + after[0] - before[0], maintenance + after[1] - before[1]
            units = abs(part.units)
            value = units * market_price(self._market, part.instrument) * part.instrument.factor
            fee += commission(part.instrument, units, value)
        return Preview(initial, maintenance, fee, self._warning(account, order))

    def _warning(self, account: Account, order: Order) -> str:
        try:
            self.check(account, [order])
        except Refused as refusal:
            return refusal.text
        return ""

    def _needed(self, account: Account, orders: Iterable[Order] = ()) -> Decimal:
        """The initial margin of all that is held and works, and of these new orders."""
        parts = self._parts(account, orders)
        instruments = {p.instrument.con_id: p.instrument for p in account.positions.values() if p.quantity}
        instruments |= {part.instrument.con_id: part.instrument for part in parts}
        return sum((self._worst(account, item, parts) for item in instruments.values()), _NOTHING)

    def _parts(self, account: Account, orders: Iterable[Order]) -> list[_Demand]:
        """What all that works and these new orders add to positions at most."""
        working = [order for order in self._book.working() if order.terms.account == account.name]
        family = _Family([*working, *orders], self._book)
        return [part for order in family.that_count() for part in self._after_parent(order, family.parent(order))]

    def _worst(self, account: Account, item: Instrument, parts: list[_Demand]) -> Decimal:
        position = account.positions.get(item.con_id)
        held = position.quantity if position else _NOTHING
        needs = [margin(self._market, item, held)[0]]
        for sign in (1, -1):
            side = [part for part in parts if part.instrument.con_id == item.con_id and part.units * sign > 0]
            if not side:
                continue
            reached = held + sum((part.units for part in side), _NOTHING)
            needed = margin(self._market, item, reached)[0]
            if reached:
                saved = sum((part.saved for part in side), _NOTHING) / abs(reached)
                cheaper = max(market_price(self._market, item) - saved, _NOTHING)
                needed = min(needed, margin(self._market, item, reached, cheaper)[0])
            needs.append(needed)
        return max(needs)

    def _after_parent(self, order: Order, parent: Order | None) -> Iterable[_Demand]:
        """What an order adds to a position when what is left of its parent has filled before."""
        for part in self._demands(order):
            if parent is None or not parent.live or parent.instrument.con_id != part.instrument.con_id:
                yield part
                continue
            units = part.units + parent.sign * parent.remaining
            if units * part.units > 0:
                share = min(units / part.units, Decimal(1))
                yield _Demand(part.instrument, part.units * share, part.saved * share)

    def _demands(self, order: Order) -> Iterable[_Demand]:
        item, units = order.instrument, order.sign * order.remaining
        if not item.legs:
            gain = _NOTHING
            if order.limit is not None and order.sign > 0:
                gain = max(market_price(self._market, item) - order.limit, _NOTHING)
            yield _Demand(item, units, gain * order.remaining)
        for leg in item.legs:
            part = self._market.universe.get(leg.con_id)
            if part is not None:
                yield _Demand(part, units * leg.ratio * (1 if leg.action == "BUY" else -1), _NOTHING)


class _Family:
    """Orders that may all work at once, and how they belong together."""

    def __init__(self, orders: list[Order], book: OrderBook) -> None:
        self._orders = orders
        self._book = book
        self._new = {(order.client_id, order.order_id): order for order in orders}

    def parent(self, order: Order) -> Order | None:
        """The order this one is attached to, which may be as new as itself; None when it has none."""
        key = order.client_id, order.terms.parent_id
        return (self._new.get(key) or self._book.find(*key)) if order.terms.parent_id else None

    def that_count(self) -> list[Order]:
        """All but the smaller ones of each one-cancels-all group and side; children of one parent are a group."""
        counted: list[Order] = []
        largest: dict[tuple[str, int, int], Order] = {}
        for order in self._orders:
            parent, group = self.parent(order), order.terms.oca_group
            if not group and parent is not None:
                group = str(parent.perm_id)
            if not group:
                counted.append(order)
                continue
            key = group, order.instrument.con_id, order.sign
            if key not in largest or largest[key].remaining < order.remaining:
                largest[key] = order
        return counted + list(largest.values())
