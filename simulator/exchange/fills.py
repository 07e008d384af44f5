"""Fills become executions: numbered, charged, booked, kept in the ledger; and corrected when it must be.

An execution id ends in the number of its version: a correction has the same id but for that number, one higher.
A combo's execution is told with those of its legs, which have a part more (`….02.01.01`) and carry positions,
cash and commission.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from simulator.exchange.accounts import Accounts
from simulator.exchange.combos import leg_fills
from simulator.exchange.commissions import commission
from simulator.exchange.orders import FIRST_PERM_ID, Execution, Order
from simulator.ledger import Ledger
from simulator.market.hours import trading_day
from simulator.market.instrument import Instrument
from simulator.market.market import Market


class Fills:
    """Today's executions, the corrected ones left out, and the only one who changes accounts."""

    def __init__(self, accounts: Accounts, market: Market, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._accounts = accounts
        self._market = market
        self._ledger = ledger
        self._clock = clock
        self.today = ledger.executions(market.universe, trading_day(clock()))
        accounts.begin_day(self.today)

    def begin_day(self) -> None:
        """Forget executions of earlier days; the ledger keeps them."""
        today = trading_day(self._clock())
        self.today = [item for item in self.today if trading_day(item.time) >= today]
        self._accounts.begin_day(self.today)

    def since(self, day: date) -> list[Execution]:
        """The executions of a day and later, from the ledger, oldest first."""
        return self._ledger.executions(self._market.universe, day)

    def execute(self, order: Order, quantity: Decimal, price: Decimal, *, aggressive: bool) -> list[Execution]:
        """Fill a part of an order; the executions in the order in which they are told."""
        before = order.filled
        order.filled += quantity
        order.cost += quantity * price
        order.last_price = price
        number = self._ledger.count("execution")
        whole = self._execution(order, f"0000e0d5.{number:08x}.01.01", quantity, price, aggressive=aggressive)
        if not order.instrument.legs:
            due = commission(order.instrument, order.filled, order.cost * order.instrument.factor)
            booked = [self._book(replace(whole, commission=due - order.commission))]
            order.commission = due
            return booked
        self._keep(whole)
        legs = self._execute_legs(order, whole, before, number)
        order.commission += sum((leg.commission for leg in legs), Decimal(0))
        return [whole, *legs]

    def transfer(
        self, account: str, instrument: Instrument, units: Decimal, price: Decimal, moment: float
    ) -> Execution:
        """Put units in an account or, negative, take them out at a price, without an order and free of charge."""
        return self._book(
            Execution(
                exec_id=f"0000e0d5.{self._ledger.count('execution'):08x}.01.01",
                order_id=0,
                client_id=0,
                perm_id=FIRST_PERM_ID + self._ledger.count("perm_id"),
                instrument=instrument,
                time=moment,
                account=account,
                exchange=instrument.primary or instrument.exchange,
                action="BUY" if units > 0 else "SELL",
                quantity=abs(units),
                price=price,
                cumulative=abs(units),
                average=price,
                ref="",
                aggressive=False,
            )
        )

    def correct(self, former: Execution, order: Order, quantity: Decimal, price: Decimal) -> Execution:
        """Put a corrected execution in the place of one of today's. Raises ValueError for what cannot be so."""
        leg = order.instrument.con_id != former.instrument.con_id
        if former.instrument.legs or (leg and quantity != former.quantity):
            raise ValueError("of a combo only the prices of its legs' executions can be corrected")
        if quantity <= 0 or price <= 0:
            raise ValueError("quantity and price have to be positive")
        difference = quantity - former.quantity
        if difference > order.remaining:
            raise ValueError(f"the order has only {order.remaining:f} units left")
        start, _, version = former.exec_id.rpartition(".")
        changed = replace(
            former, exec_id=f"{start}.{int(version) + 1:02d}", quantity=quantity, price=price, corrects=former.exec_id
        )
        if not leg:
            changed = self._amend(order, former, changed)
        account, item = self._accounts[former.account], former.instrument
        fills = self._ledger.fills_of(self._market.universe, former.account, item)
        corrected = [changed if fill.exec_id == former.exec_id else fill for fill in fills]
        told = {fill.exec_id: fill for fill in account.rebook(fills, corrected)}
        self.today = [told.get(fill.exec_id, fill) for fill in self.today if fill.exec_id != former.exec_id]
        self.today.append(told[changed.exec_id])
        for fill in told.values():
            self._ledger.save_execution(fill)
        self._ledger.save_order(order)
        account.begin_day([fill for fill in self.today if fill.account == account.name])
        return told[changed.exec_id]

    def _amend(self, order: Order, former: Execution, changed: Execution) -> Execution:
        ids = {former.perm_id, order.perm_id}
        latest = max((one for one in self.today if one.perm_id in ids), key=lambda one: (one.time, one.exec_id))
        if latest.exec_id == former.exec_id:
            order.last_price = changed.price
        order.filled += changed.quantity - former.quantity
        order.cost += changed.quantity * changed.price - former.quantity * former.price
        due = commission(order.instrument, order.filled, order.cost * order.instrument.factor)
        fee = former.commission + due - order.commission
        order.commission = due
        cumulative = former.cumulative + changed.quantity - former.quantity
        return replace(changed, cumulative=cumulative, average=order.average, commission=fee)

    def _execute_legs(self, order: Order, whole: Execution, before: Decimal, number: int) -> list[Execution]:
        told: list[Execution] = []
        legs = leg_fills(self._market, order.instrument, order.sign, whole.quantity, whole.price)
        for index, leg in enumerate(legs, start=2):
            value = leg.price * leg.ratio * leg.instrument.factor
            now, earlier = (
                commission(leg.instrument, leg.ratio * units, value * units) for units in (order.filled, before)
            )
            told.append(
                self._book(
                    replace(
                        whole,
                        exec_id=f"0000e0d5.{number:08x}.{index:02d}.01.01",
                        instrument=leg.instrument,
                        exchange=leg.instrument.primary or leg.instrument.exchange,
                        action=leg.action,
                        quantity=leg.quantity,
                        price=leg.price,
                        cumulative=leg.ratio * order.filled,
                        average=leg.price,
                        commission=now - earlier if before else now,
                    )
                )
            )
        return told

    def _execution(
        self, order: Order, exec_id: str, quantity: Decimal, price: Decimal, *, aggressive: bool
    ) -> Execution:
        return Execution(
            exec_id=exec_id,
            order_id=order.order_id,
            client_id=order.client_id,
            perm_id=order.perm_id,
            instrument=order.instrument,
            time=self._clock(),
            account=order.terms.account,
            exchange=order.instrument.primary or order.instrument.exchange,
            action="BUY" if order.sign > 0 else "SELL",
            quantity=quantity,
            price=price,
            cumulative=order.filled,
            average=order.average,
            ref=order.terms.ref,
            aggressive=aggressive,
        )

    def _book(self, execution: Execution) -> Execution:
        realized = self._accounts[execution.account].book(execution)
        return self._keep(replace(execution, realized=realized))

    def _keep(self, execution: Execution) -> Execution:
        self.today.append(execution)
        self._ledger.save_execution(execution)
        return execution
