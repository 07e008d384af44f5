"""Black-Scholes for the simulated option chain: one volatility, one interest rate, no dividends."""

from __future__ import annotations

import math
from datetime import date
from typing import NamedTuple

from simulator.market.hours import day_start
from simulator.market.universe import Instrument

VOLATILITY = 0.18
INTEREST = 0.04
_YEAR = 365.0 * 86400.0
_EXPIRY_HOUR = 16 * 3600.0


class Greeks(NamedTuple):
    """A model price with its sensitivities, in the units of message 21 (theta per day, vega per point)."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    spot: float


def price_option(option: Instrument, spot: float, moment: float, volatility: float = VOLATILITY) -> Greeks:
    """The value of a European option at an instant; after expiry its intrinsic value."""
    expires = day_start(date.fromisoformat(option.expiry)) + _EXPIRY_HOUR
    strike, call = float(option.strike), option.right == "C"
    years = (expires - moment) / _YEAR
    if years <= 0:
        intrinsic = max(0.0, spot - strike if call else strike - spot)
        return Greeks(intrinsic, float(intrinsic > 0) * (1 if call else -1), 0.0, 0.0, 0.0, spot)
    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (INTEREST + volatility**2 / 2) * years) / spread
    d2 = d1 - spread
    discount = strike * math.exp(-INTEREST * years)
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    sign = 1 if call else -1
    price = sign * (spot * _normal(sign * d1) - discount * _normal(sign * d2))
    carry = sign * INTEREST * discount * _normal(sign * d2)
    return Greeks(
        price=max(price, 0.0),
        delta=sign * _normal(sign * d1),
        gamma=density / (spot * spread),
        vega=spot * density * math.sqrt(years) / 100,
        theta=(-spot * density * volatility / (2 * math.sqrt(years)) - carry) / 365,
        spot=spot,
    )


def _normal(value: float) -> float:
    return 0.5 * (1.0 + math.erf(value / math.sqrt(2.0)))
