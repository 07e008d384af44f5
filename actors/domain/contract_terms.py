"""What a contract accepts of an order: its size increment, its tick, the sign of its prices. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from actors.domain.exact import exact
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails

# A negative price is a price for these.
_SIGNED: Final = frozenset({"FUT", "BAG", "FOP"})
_DISTANCES: Final = ("trail", "limit_offset")


def check_against_contract(terms: OrderTerms, details: ContractDetails) -> tuple[str, ...]:
    """What the contract does not accept; a trailing distance must be on the tick as a price must."""
    problems = list(_size(terms.quantity, details))
    for name in ("limit", "stop"):
        price = getattr(terms, name)
        if price is not None and price <= 0 and details.contract.sec_type not in _SIGNED:
            problems.append(f"{name} {price:.10g}: must be above zero for {details.contract.symbol}")
        elif price is not None:
            problems += _on_tick(name, price, details)
    for name in _DISTANCES:
        distance = getattr(terms, name)
        if distance is not None:
            problems += _on_tick(name, distance, details)
    return tuple(problems)


def _size(quantity: Decimal, details: ContractDetails) -> list[str]:
    step = exact(details.size_increment)
    least = max(exact(details.min_size), step)
    if quantity < least:
        return [f"quantity {quantity} is below the least size of {details.contract.symbol} (accepted: {least} or more)"]
    if step <= 0 or quantity % step == 0:
        return []
    below = quantity // step * step
    near = f"{_plain(below)} or {_plain(below + step)}"
    return [f"quantity {quantity} is not a multiple of {_plain(step)} (accepted: {near})"]


def _on_tick(name: str, price: float, details: ContractDetails) -> list[str]:
    tick, asked = exact(details.min_tick), exact(price)
    if tick <= 0 or asked % tick == 0:
        return []
    below = (asked / tick).to_integral_value("ROUND_FLOOR") * tick
    near = " or ".join(_plain(one) for one in (below, below + tick) if one or name not in _DISTANCES)
    return [f"{name} {price:.10g} is not on the tick of {_plain(tick)} (accepted: {near})"]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
