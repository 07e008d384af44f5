"""The account: cash per currency, positions, and the figures derived from them.

Cash and positions equal the sum of all fills exactly, corrections included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.exchange.margins import margin, market_price
from simulator.exchange.orders import Execution
from simulator.exchange.positions import CENT, Position, book
from simulator.ledger import Ledger
from simulator.market.market import Market


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

    @property
    def gain(self) -> Decimal:
        """Profit without the fees, which left the cash already."""
        return (self.value - self.position.cost).quantize(CENT)


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
        booking = book(position, execution)
        self._save(position, booking.cash)
        self._count(execution, booking.realized)
        return booking.realized

    def rebook(self, former: list[Execution], corrected: list[Execution]) -> list[Execution]:
        """Put corrected fills in the place of the former ones, all of one instrument, oldest first.

        They come back with the profit that each realised now. `begin_day` has to follow.
        """
        _, before, _ = _replay(former)
        position, now, told = _replay(corrected)
        changes = {currency: now[currency] - before.get(currency, Decimal(0)) for currency in now}
        self.positions[position.instrument.con_id] = position
        self._save(position, changes)
        return told

    def valued(self, position: Position) -> Valued:
        """A position at the market, with today's realised and daily profit."""
        item = position.instrument
        line = self._market.line(item)
        price = market_price(self._market, item)
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
        futures = self._total(portfolio, "gain", {"FUT"})
        coins = self._total(portfolio, "value", {"CRYPTO"})
        gross = sum(
            (abs(v.value) * self._rate(v) for v in portfolio if v.position.instrument.sec_type != "CASH"), Decimal(0)
        )
        margins = [margin(self._market, v.position.instrument, v.position.quantity) for v in portfolio]
        initial = sum((before for before, _ in margins), Decimal(0))
        maintenance = sum((held for _, held in margins), Decimal(0))
        net = cash + stock + options + futures + coins
        everything = {"STK", "OPT", "FUT", "CASH", "CRYPTO"}
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
            "Cryptocurrency": coins,
            "UnrealizedPnL": self._total(portfolio, "unrealized", everything),
            "RealizedPnL": self._total(portfolio, "realized", everything),
            "DailyPnL": self._total(portfolio, "daily", everything),
        }
        return {tag: value.quantize(CENT) for tag, value in figures.items()}

    def rate(self, currency: str) -> Decimal:
        """US dollars for one unit of a currency."""
        return self._market.rate(currency)

    def _count(self, execution: Execution, realized: Decimal | None) -> None:
        item = execution.instrument
        today = self._today.setdefault(item.con_id, DayTotals())
        today.quantity += execution.signed
        today.spent += execution.signed * execution.price * item.factor + execution.commission
        today.realized += realized or Decimal(0)

    def _save(self, position: Position, changes: dict[str, Decimal]) -> None:
        item = position.instrument
        self._ledger.save_position(self.name, item, position.quantity, position.cost, position.fees)
        for currency, amount in changes.items():
            self.cash[currency] = self.cash.get(currency, Decimal(0)) + amount
            self._ledger.save_cash(self.name, currency, self.cash[currency])

    def _rate(self, valued: Valued) -> Decimal:
        return self._market.rate(valued.position.instrument.currency)

    def _total(self, portfolio: list[Valued], attribute: str, kinds: set[str]) -> Decimal:
        chosen = [v for v in portfolio if v.position.instrument.sec_type in kinds]
        return sum((getattr(v, attribute) * self._rate(v) for v in chosen), Decimal(0))


def _replay(fills: list[Execution]) -> tuple[Position, dict[str, Decimal], list[Execution]]:
    """The position, the change of cash and the fills with their profit, from a flat position on."""
    position, cash, told = Position(fills[0].instrument), dict[str, Decimal](), []
    for fill in fills:
        booking = book(position, fill)
        told.append(replace(fill, realized=booking.realized))
        for currency, amount in booking.cash.items():
            cash[currency] = cash.get(currency, Decimal(0)) + amount
    return position, cash, told
