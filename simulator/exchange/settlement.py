"""What becomes of positions in contracts that expired: executions that no order made, without commission.

Futures and options on an index are settled in cash: futures at their last price of their last day, options at what
they are in the money by their index's. An option on shares that is in the money is exercised or assigned: it goes
at 0, the shares are bought or sold at its strike. Anything else goes at 0. Options that a real exchange settles by
the next morning's opening prices are settled by the evening's like the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from simulator.exchange.accounts import Accounts
from simulator.exchange.fills import Fills
from simulator.exchange.positions import Position
from simulator.exchange.reports import Reports
from simulator.market.hours import day_start
from simulator.market.instrument import Instrument
from simulator.market.market import STEP, Market

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Transfer:
    """What is put in or taken out at expiry: signed units (negative: taken out) of an instrument, at a price."""

    instrument: Instrument
    units: Decimal
    price: Decimal


def settle_future(position: Position, last: Decimal) -> list[Transfer]:
    """A future's position ends at the last price."""
    return [Transfer(position.instrument, -position.quantity, last)]


def settle_option(position: Position, under: Instrument, spot: Decimal) -> list[Transfer]:
    """An option's position ends, its underlying being at `spot`; those on shares leave shares."""
    option = position.instrument
    sign = 1 if option.right == "C" else -1
    gain = max((spot - option.strike) * sign, _NOTHING)
    if under.sec_type != "STK":
        return [Transfer(option, -position.quantity, gain)]
    gone = Transfer(option, -position.quantity, _NOTHING)
    if not gain:
        return [gone]
    return [gone, Transfer(under, position.quantity * option.factor * sign, option.strike)]


class Settlement:
    """Settles all accounts."""

    def __init__(self, accounts: Accounts, market: Market, fills: Fills) -> None:
        self._accounts = accounts
        self._market = market
        self._fills = fills

    def expire(self, reports: Reports) -> None:
        """Settle what expired before today, each contract at the end of its own last day, the earliest first."""
        today = f"{self._market.universe.today:%Y%m%d}"
        expired = [
            (account.name, position)
            for account in self._accounts
            for position in account.positions.values()
            if position.quantity and position.instrument.expiry and position.instrument.expiry < today
        ]
        for account, position in sorted(expired, key=lambda found: found[1].instrument.expiry):
            moment = _last_instant(position.instrument)
            for transfer in self._transfers(position, moment):
                execution = self._fills.transfer(account, transfer.instrument, transfer.units, transfer.price, moment)
                reports.executed(execution)
                reports.charged(execution)

    def _transfers(self, position: Position, moment: float) -> list[Transfer]:
        item = position.instrument
        if not item.right:
            return settle_future(position, self._market.last_price(item, moment))
        under = self._market.universe.get(item.under_con_id)
        if under is None:
            raise ValueError(f"no underlying for {item.local_symbol}")
        return settle_option(position, under, self._market.last_price(under, moment))


def _last_instant(instrument: Instrument) -> float:
    return day_start(date.fromisoformat(instrument.expiry) + timedelta(1)) - STEP
