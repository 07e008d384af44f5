"""Conditions on an order: six kinds, joined by and/or, true or false against what `Facts` tells.

`both` tells how a condition is joined to the next one: True is the wire's 'a' (and), False its 'o' (or); "and"
binds before "or". The wire's numbers of the kinds are in `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True)
class PriceCondition:
    """The price of an instrument is at least (`is_more`) or at most `price`."""

    is_more: bool
    price: Decimal
    con_id: int
    exchange: str
    trigger_method: int = 0
    both: bool = True


@dataclass(frozen=True)
class TimeCondition:
    """It is at least (`is_more`) or at most `time`, an instant; `text` is how the client wrote it."""

    is_more: bool
    time: float
    text: str
    both: bool = True


@dataclass(frozen=True)
class MarginCondition:
    """The account's margin cushion is at least (`is_more`) or at most so many per cent."""

    is_more: bool
    percent: int
    both: bool = True


@dataclass(frozen=True)
class ExecutionCondition:
    """The account traded the symbol since the order was placed; an empty or `*` exchange is any."""

    sec_type: str
    exchange: str
    symbol: str
    both: bool = True


@dataclass(frozen=True)
class VolumeCondition:
    """The day's volume of an instrument is at least (`is_more`) or at most so many units."""

    is_more: bool
    volume: int
    con_id: int
    exchange: str
    both: bool = True


@dataclass(frozen=True)
class PercentChangeCondition:
    """An instrument's change since yesterday's close is at least (`is_more`) or at most so many per cent."""

    is_more: bool
    percent: Decimal
    con_id: int
    exchange: str
    both: bool = True


Condition = (
    PriceCondition | TimeCondition | MarginCondition | ExecutionCondition | VolumeCondition | PercentChangeCondition
)
KINDS: dict[int, type[Condition]] = {
    1: PriceCondition,
    3: TimeCondition,
    4: MarginCondition,
    5: ExecutionCondition,
    6: VolumeCondition,
    7: PercentChangeCondition,
}


class Facts(Protocol):
    """What conditions are about, as it is now, seen from one order."""

    def price(self, con_id: int, trigger_method: int) -> Decimal:
        """The price of a contract by a trigger method."""
        ...

    def volume(self, con_id: int) -> int:
        """The day's volume of a contract."""
        ...

    def percent_change(self, con_id: int) -> Decimal:
        """A contract's change since yesterday's close, in per cent."""
        ...

    def cushion_percent(self) -> Decimal:
        """The account's margin cushion in per cent."""
        ...

    def now(self) -> float:
        """Calendar time."""
        ...

    def traded(self, sec_type: str, exchange: str, symbol: str) -> bool:
        """Whether the account traded a symbol since the order was placed."""
        ...


def fulfilled(conditions: tuple[Condition, ...], facts: Facts) -> bool:
    """Whether all of it is true now; an order without conditions is never held by them."""
    groups: list[list[Condition]] = [[]]
    for condition in conditions:
        groups[-1].append(condition)
        if not condition.both:
            groups.append([])
    return not conditions or any(group and all(_true(one, facts) for one in group) for group in groups)


def _true(condition: Condition, facts: Facts) -> bool:
    match condition:
        case PriceCondition():
            return _reached(facts.price(condition.con_id, condition.trigger_method), condition.price, condition.is_more)
        case TimeCondition():
            return facts.now() >= condition.time if condition.is_more else facts.now() <= condition.time
        case MarginCondition():
            return _reached(facts.cushion_percent(), Decimal(condition.percent), condition.is_more)
        case ExecutionCondition():
            return facts.traded(condition.sec_type, condition.exchange, condition.symbol)
        case VolumeCondition():
            return _reached(Decimal(facts.volume(condition.con_id)), Decimal(condition.volume), condition.is_more)
        case PercentChangeCondition():
            return _reached(facts.percent_change(condition.con_id), condition.percent, condition.is_more)


def _reached(value: Decimal, bound: Decimal, is_more: bool) -> bool:
    return value >= bound if is_more else value <= bound
