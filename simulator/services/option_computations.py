"""Implied volatilities and option prices: for quotes, and as clients ask for them (54, 55, answered by 21).

The model is the market's own, so that what is implied of a model price is the model's volatility.
"""

from __future__ import annotations

from simulator.market.market import Market
from simulator.market.option_model import VOLATILITY, Greeks, price_option
from simulator.market.universe import Instrument
from simulator.refusal import invalid
from simulator.services.reference import Handler, resolve
from simulator.session import Session
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

_LOWEST, _HIGHEST = 0.001, 10.0
_EXACT = 1e-8
_ROUNDS = 60


def implied_volatility(option: Instrument, price: float, spot: float, moment: float) -> float | None:
    """The volatility at which the model gives this price; None when no volatility does."""
    low, high, guess = _LOWEST, _HIGHEST, VOLATILITY
    for _ in range(_ROUNDS):
        found = price_option(option, spot, moment, guess)
        difference = found.price - price
        if abs(difference) < _EXACT:
            return guess
        if high - low < _EXACT:
            return None
        low, high = (low, guess) if difference > 0 else (guess, high)
        slope = found.vega * 100
        step = guess - difference / slope if slope > _EXACT else low
        guess = step if low < step < high else (low + high) / 2
    return None


def computed(option: Instrument, price: float, spot: float, moment: float) -> wire.OptionComputation:
    """What message 21 tells of a price; without a volatility nothing else is computed."""
    volatility = implied_volatility(option, price, spot, moment)
    if volatility is None:
        return wire.OptionComputation(price=price, spot=spot)
    return modelled(price_option(option, spot, moment, volatility), volatility)


def modelled(greeks: Greeks, volatility: float = VOLATILITY) -> wire.OptionComputation:
    """What message 21 tells of a model price."""
    return wire.OptionComputation(
        volatility, greeks.delta, greeks.price, 0.0, greeks.gamma, greeks.vega, greeks.theta, greeks.spot
    )


class OptionService:
    """Calculations on request. Each is answered at once; nothing is left to cancel."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.handlers: dict[int, Handler] = {
            54: self._volatility,
            55: self._price,
            56: lambda _session, _fields: None,
            57: lambda _session, _fields: None,
        }

    def _volatility(self, session: Session, fields: Fields) -> None:
        request_id, option, price, spot = self._read(fields, "optionPrice")
        session.send(_answer(request_id, computed(option, price, spot, self._market.now)))

    def _price(self, session: Session, fields: Fields) -> None:
        request_id, option, volatility, spot = self._read(fields, "volatility")
        greeks = price_option(option, spot, self._market.now, volatility)
        session.send(_answer(request_id, modelled(greeks, volatility)))

    def _read(self, fields: Fields, name: str) -> tuple[int, Instrument, float, float]:
        fields.skip()
        request_id = fields.integer("reqId")
        option = resolve(self._market.universe, read_contract(fields))
        if option.sec_type != "OPT":
            raise invalid("Please enter an option contract", "cM")
        value, spot = fields.amount(name), fields.amount("underPrice")
        if not value or value < 0:
            raise invalid(f"{name}: expected a positive number", "cM")
        if not spot or spot < 0:
            raise invalid("underPrice: expected a positive number", "cM")
        return request_id, option, float(value), float(spot)


def _answer(request_id: int, found: wire.OptionComputation) -> bytes:
    head, tail = wire.option_tick(types.CUSTOM_OPTION, found)
    return head + str(request_id).encode() + tail
