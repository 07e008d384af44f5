"""Statements about the market and the calendar."""

from __future__ import annotations

from decimal import Decimal

from simulator.faults.act import Act, Answer, Impossible
from simulator.gateway import Gateway
from simulator.market.hours import stamp
from simulator.market.trading_hours import HoursMode
from simulator.market.universe import Instrument


def named(gateway: Gateway, symbol: str) -> Instrument:
    """The contract of a statement's symbol. Raises Impossible when there is none."""
    try:
        return gateway.universe.named(symbol)
    except KeyError as error:
        raise Impossible(f"there is no contract {symbol}") from error


class MarketActs:
    """Moves prices, halts trading, sets the clock."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.acts: dict[str, Act] = {
            "price": self._price,
            "gap": self._gap,
            "halt": lambda symbol: self._halt(symbol, True),
            "resume": lambda symbol: self._halt(symbol, False),
            "freeze": self._freeze,
            "hours": self._hours,
            "clock set": self._set_clock,
            "clock rate": self._run_clock,
        }

    def _price(self, symbol: str, price: Decimal) -> Answer:
        named(self._gateway, symbol)
        try:
            self._gateway.move_price(symbol, price)
        except ValueError as error:
            raise Impossible(str(error)) from error
        return {}

    def _gap(self, symbol: str, percent: Decimal) -> Answer:
        try:
            self._gateway.market.gap(named(self._gateway, symbol), float(percent))
        except ValueError as error:
            raise Impossible(str(error)) from error
        return {}

    def _halt(self, symbol: str, on: bool) -> Answer:
        self._gateway.market.halt(named(self._gateway, symbol), on)
        return {}

    def _freeze(self, on: bool) -> Answer:
        self._gateway.market.frozen = on
        return {"frozen": on}

    def _hours(self, hours: HoursMode) -> Answer:
        self._gateway.market.hours = hours
        return {}

    def _set_clock(self, moment: float) -> Answer:
        self._gateway.clock.set(moment)
        return {"now": stamp(moment)}

    def _run_clock(self, rate: float) -> Answer:
        self._gateway.clock.run(rate)
        return {"rate": rate}
