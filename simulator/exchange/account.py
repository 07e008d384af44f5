"""The account: cash per currency, positions with their cost, and the figures derived from them.

Money is Decimal and cash is booked in whole cents, so cash and positions equal the sum of all executions
exactly. Shares, options and currencies are paid in full; futures settle their profit into cash when closed.
A position's cost excludes fees; fees of what is open are kept beside it, as IB's average cost includes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.orders import Execution
from simulator.ledger import Ledger
from simulator.market.market import Market
from simulator.market.universe import Instrument

CENT = Decimal("0.01")
_MARGIN = {
    "STK": (Decimal("0.25"), Decimal("0.20")),
    "OPT": (Decimal(1), Decimal(1)),
    "FUT": (Decimal("0.08"), Decimal("0.07")),
    "CASH": (Decimal("0.03"), Decimal("0.025")),
}


@dataclass
class Position:
    """Units held (negative: short), what they cost without fees (same sign), and the fees paid on them."""

    instrument: Instrument
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def average_cost(self) -> Decimal:
        """IB's average cost: per unit, times multiplier, fees included; 0 when flat."""
        if not self.quantity:
            return Decimal(0)
        return abs((self.cost + self.fees) / self.quantity).quantize(Decimal("0.00000001"))


@dataclass
class DayTotals:
    """What today's fills did to a position: units, money spent with fees, realised profit."""

    quantity: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)


@dataclass(frozen=True)
class Valued:
    """A position at the market, in its own currency."""

    position: Position
    price: Decimal
    value: Decimal
    unrealized: Decimal
    realized: Decimal
    daily: Decimal


class Account:
    """One account. `book` is the only thing that changes it."""

    def __init__(self, name: str, cash: Decimal, market: Market, ledger: Ledger) -> None:
        self.name = name
        self._market = market
        self._ledger = ledger
        self._today: dict[int, DayTotals] = {}
        self.cash = ledger.cash(name) or {"USD": cash.quantize(CENT)}
        for currency, amount in self.cash.items():
            ledger.save_cash(self.name, currency, amount)
        self.positions = {
            con_id: Position(instrument, quantity, cost, fees)
            for con_id, quantity, cost, fees in ledger.positions(name)
            if (instrument := market.universe.get(con_id)) is not None
        }

    def begin_day(self, executions: list[Execution]) -> None:
        """Count today's figures anew from the executions there are of today."""
        self._today.clear()
        for execution in executions:
            self._count(execution, execution.realized)

    def book(self, execution: Execution) -> Decimal | None:
        """Apply a fill to position and cash; the realised profit of what it closed, None if nothing."""
        item = execution.instrument
        position = self.positions.setdefault(item.con_id, Position(item))
        value = execution.signed * execution.price * item.factor
        realized: Decimal | None = None
        settled = Decimal(0)
        opened, fee_opened = execution.signed, execution.commission
        if position.quantity * execution.signed < 0:
            closed = min(abs(position.quantity), execution.quantity)
            share = closed / abs(position.quantity)
            cost = (position.cost * share).quantize(CENT) if share != 1 else position.cost
            fees = (position.fees * share).quantize(CENT) if share != 1 else position.fees
            fee_closed = (execution.commission * closed / execution.quantity).quantize(CENT)
            signed = closed if execution.action == "BUY" else -closed
            settled = -(cost + signed * execution.price * item.factor)
            realized = settled - fees - fee_closed
            position.quantity += signed
            position.cost -= cost
            position.fees -= fees
            opened, fee_opened = opened - signed, fee_opened - fee_closed
        if opened:
            position.quantity += opened
            position.cost += opened * execution.price * item.factor
            position.fees += fee_opened
        self._ledger.save_position(self.name, item, position.quantity, position.cost, position.fees)
        self._settle(item, execution.signed, value, settled, execution.commission)
        self._count(execution, realized)
        return realized

    def valued(self, position: Position) -> Valued:
        """A position at the market, with today's realised and daily profit."""
        item = position.instrument
        line = self._market.line(item)
        price = line.price(line.quote.last if item.trades else (line.quote.bid + line.quote.ask) // 2)
        today = self._today.get(item.con_id, DayTotals())
        value = position.quantity * price * item.factor
        opening = (position.quantity - today.quantity) * line.price(line.quote.close) * item.factor
        return Valued(
            position=position,
            price=price,
            value=value.quantize(CENT),
            unrealized=(value - position.cost - position.fees).quantize(CENT),
            realized=today.realized,
            daily=(value - opening - today.spent).quantize(CENT),
        )

    def portfolio(self) -> list[Valued]:
        """Every position at the market, those closed today included."""
        held = [p for p in self.positions.values() if p.quantity or p.instrument.con_id in self._today]
        return [self.valued(position) for position in held]

    def figures(self) -> dict[str, Decimal]:
        """Account values in US dollars, by IB's tag."""
        portfolio = self.portfolio()
        cash = sum((amount * self._market.rate(currency) for currency, amount in self.cash.items()), Decimal(0))
        stock = self._total(portfolio, "value", {"STK"})
        options = self._total(portfolio, "value", {"OPT"})
        futures = self._total(portfolio, "unrealized", {"FUT"})
        gross = sum(
            (abs(v.value) * self._rate(v) for v in portfolio if v.position.instrument.sec_type != "CASH"), Decimal(0)
        )
        initial = sum((self._margin(v, 0) for v in portfolio), Decimal(0))
        maintenance = sum((self._margin(v, 1) for v in portfolio), Decimal(0))
        net = cash + stock + options + futures
        everything = {"STK", "OPT", "FUT", "CASH"}
        figures = {
            "NetLiquidation": net,
            "TotalCashValue": cash,
            "SettledCash": cash,
            "AccruedCash": Decimal(0),
            "EquityWithLoanValue": net,
            "PreviousDayEquityWithLoanValue": net - self._total(portfolio, "daily", everything),
            "GrossPositionValue": gross,
            "InitMarginReq": initial,
            "MaintMarginReq": maintenance,
            "AvailableFunds": net - initial,
            "ExcessLiquidity": net - maintenance,
            "BuyingPower": max(net - initial, Decimal(0)) * 4,
            "StockMarketValue": stock,
            "OptionMarketValue": options,
            "FuturesPNL": futures,
            "UnrealizedPnL": self._total(portfolio, "unrealized", everything),
            "RealizedPnL": self._total(portfolio, "realized", everything),
            "DailyPnL": self._total(portfolio, "daily", everything),
        }
        return {tag: value.quantize(CENT) for tag, value in figures.items()}

    def margin_of(self, instrument: Instrument, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Initial and maintenance margin in US dollars that this many units would take."""
        line = self._market.line(instrument)
        value = abs(quantity) * line.price(line.quote.ask) * instrument.factor * self._market.rate(instrument.currency)
        initial, maintenance = _MARGIN[instrument.sec_type]
        return (value * initial).quantize(CENT), (value * maintenance).quantize(CENT)

    def rate(self, currency: str) -> Decimal:
        """US dollars for one unit of a currency."""
        return self._market.rate(currency)

    def _count(self, execution: Execution, realized: Decimal | None) -> None:
        item = execution.instrument
        today = self._today.setdefault(item.con_id, DayTotals())
        today.quantity += execution.signed
        today.spent += execution.signed * execution.price * item.factor + execution.commission
        today.realized += realized or Decimal(0)

    def _settle(self, item: Instrument, signed: Decimal, value: Decimal, settled: Decimal, fee: Decimal) -> None:
        if item.sec_type == "FUT":
            self._add_cash(item.currency, settled)
        else:
            self._add_cash(item.currency, -value)
        if item.sec_type == "CASH":
            self._add_cash(item.symbol, signed)
        self._add_cash(item.currency, -fee)

    def _add_cash(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, Decimal(0)) + amount.quantize(CENT)
        self._ledger.save_cash(self.name, currency, self.cash[currency])

    def _margin(self, valued: Valued, which: int) -> Decimal:
        rate = _MARGIN[valued.position.instrument.sec_type][which]
        return abs(valued.value) * self._rate(valued) * rate

    def _rate(self, valued: Valued) -> Decimal:
        return self._market.rate(valued.position.instrument.currency)

    def _total(self, portfolio: list[Valued], attribute: str, kinds: set[str]) -> Decimal:
        chosen = [v for v in portfolio if v.position.instrument.sec_type in kinds]
        return sum((getattr(v, attribute) * self._rate(v) for v in chosen), Decimal(0))
