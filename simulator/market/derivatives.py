"""Futures and options made from their roots and classes, and their contract ids read back.

An id holds root and month, or class, expiry, strike and right, so a position in a contract that expired long ago
still has a name. Ids of options on a class begin `_CLASS_SIZE` apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from simulator.market.expiries import day_before, fridays, months, third_friday
from simulator.market.instrument import Instrument
from simulator.market.roots import FUTURES, OPTIONS, FutureRoot, OptionClass

MONTH_CODES = "FGHJKMNQUVXZ"
FUTURE_BASE = 600_000_000
OPTION_BASE = 700_000_000
COMBO_BASE = 1_600_000_000
_ROOT_SIZE = 100_000
_CLASS_SIZE = 90_000_000
_EPOCH = date(2020, 1, 1)
_LAST_DAY = 40_000
_STRIKES = 1024
_EXPIRED_MONTHS = 24


def future(root: FutureRoot, year: int, month: int) -> Instrument:
    """The future of a month."""
    expiry = f"{root.last_day(year, month):%Y%m%d}"
    code, trading_class = MONTH_CODES[month - 1], root.trading_class or root.symbol
    local = {
        "short": f"{trading_class}{code}{year % 10}",
        "year": f"{trading_class}{code}{year % 100:02}",
        "words": f"{trading_class:<5}{date(year, month, 1):%b} {year % 100:02}".upper(),
    }
    return Instrument(
        con_id=FUTURE_BASE + FUTURES.index(root) * _ROOT_SIZE + year * 12 + month - 1,
        symbol=root.symbol,
        sec_type="FUT",
        currency="USD",
        exchange=root.exchange,
        name=root.name,
        base=root.base,
        volatility=root.volatility,
        tick=Decimal(root.tick),
        lot=10,
        local_symbol=local[root.local],
        trading_class=trading_class,
        expiry=expiry,
        last_time=root.last_time,
        multiplier=Decimal(root.multiplier),
        contract_month=f"{year:04}{month:02}",
        market_rule=root.market_rule,
        under_con_id=root.under_con_id,
        under_symbol=root.symbol,
        under_sec_type="IND",
    )


def futures(root: FutureRoot, today: date) -> Iterator[Instrument]:
    """The contracts of two years that expired, and those that are listed now, oldest first."""
    live = 0
    for year, month in months(today, 12 * root.listed, back=_EXPIRED_MONTHS):
        if MONTH_CODES[month - 1] in root.months:
            item = future(root, year, month)
            live += item.expiry >= f"{today:%Y%m%d}"
            yield item
        if live == root.listed:
            return


def option_id(kind: OptionClass, expiry: date, strike: Decimal, right: str) -> int:
    """The contract id of an option; `read_option_id` is its inverse."""
    number = ((expiry - _EPOCH).days * _STRIKES + int(strike / Decimal(kind.step))) * 2 + "CP".index(right)
    return OPTION_BASE + OPTIONS.index(kind) * _CLASS_SIZE + number


def option(kind: OptionClass, under: Instrument, expiry: date, strike: Decimal, right: str) -> Instrument:
    """One option; `expiry` is the day of settlement."""
    return Instrument(
        con_id=option_id(kind, expiry, strike, right),
        symbol=under.symbol,
        sec_type=kind.sec_type,
        currency=under.currency,
        exchange=kind.exchange,
        name=under.name,
        base=0.0,
        volatility=0.0,
        tick=Decimal(kind.tick),
        lot=10,
        local_symbol=f"{kind.trading_class:<6}{expiry:%y%m%d}{right}{int(strike * 1000):08d}",
        trading_class=kind.trading_class,
        expiry=f"{day_before(expiry) if kind.morning else expiry:%Y%m%d}",
        real_expiry=f"{expiry:%Y%m%d}",
        last_time="16:00",
        strike=strike,
        right=right,
        multiplier=Decimal(kind.multiplier),
        under_con_id=under.con_id,
        contract_month=f"{expiry:%Y%m}",
        market_rule=kind.market_rule,
        under_symbol=under.symbol,
        under_sec_type=under.sec_type,
    )


def settlement_days(kind: OptionClass, today: date) -> list[date]:
    """The expiries of a class that are listed, the nearest first."""
    monthly = (third_friday(year, month) for year, month in months(today, kind.months))
    days = {*fridays(today, kind.weeks), *monthly}
    return sorted(day for day in days if day >= today)


def strikes(kind: OptionClass, under: Instrument) -> list[Decimal]:
    """The strikes of a class, the lowest first."""
    step = Decimal(kind.step)
    low, high = (int(under.base * (1 + reach) / float(step)) for reach in (-kind.reach, kind.reach))
    return [count * step for count in range(low, high + 1)]


def read_future_id(con_id: int) -> Instrument | None:
    """The future that a contract id names; None when there is none."""
    index, month = divmod(con_id - FUTURE_BASE, _ROOT_SIZE)
    year, offset = divmod(month, 12)
    if not (0 <= index < len(FUTURES) and 2000 <= year < 2100):
        return None
    root = FUTURES[index]
    return future(root, year, offset + 1) if MONTH_CODES[offset] in root.months else None


def read_option_id(con_id: int) -> tuple[OptionClass, date, Decimal, str] | None:
    """Class, expiry, strike and right that a contract id names; None when there are none."""
    index, number = divmod(con_id - OPTION_BASE, _CLASS_SIZE)
    rest, right = divmod(number, 2)
    days, steps = divmod(rest, _STRIKES)
    if not 0 <= index < len(OPTIONS) or days > _LAST_DAY or not steps:
        return None
    kind = OPTIONS[index]
    return kind, _EPOCH + timedelta(days), steps * Decimal(kind.step), "CP"[right]
