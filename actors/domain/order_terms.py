"""From what a user asks to what an order says: the checks that need no market. Pure.

Every refusal names the rule, the value and what would be accepted, and all of them are told at once.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final, NamedTuple, get_args

import msgspec

from actors.domain.order_book import EXTERNAL
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails
from actors.messages.orders import ModifyOrder, OrderType, PlaceOrder, Side, TimeInForce

# Which prices a type takes: (limit, stop).
_PRICES: Final[dict[tuple[bool, bool], OrderType]] = {
    (False, False): "MKT",
    (True, False): "LMT",
    (False, True): "STP",
    (True, True): "STP LMT",
}
_TAKES: Final = {order_type: prices for prices, order_type in _PRICES.items()}
# It travels inside a NUL-separated text frame, and stands in a column of TWS.
_KEY: Final = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
# Beyond this nothing is meant seriously, and exact arithmetic would lose its grip.
_HUGE: Final = 10**12
# A negative price is a price for these.
_SIGNED: Final = frozenset({"FUT", "BAG", "FOP"})


class Checked(NamedTuple):
    """Terms, or the reasons why there are none."""

    terms: OrderTerms | None
    problems: tuple[str, ...] = ()


def check_key(key: str) -> tuple[str, ...]:
    """What is wrong with a key that a user chose."""
    problems = []
    if not _KEY.fullmatch(key):
        problems.append(f"key {key!r}: 1 to 64 printable ASCII characters, not beginning or ending with a space")
    if key.isdecimal():
        problems.append(f"key {key!r}: digits alone are read as an order id; add a letter")
    if key.startswith(EXTERNAL):
        problems.append(f"key {key!r}: the prefix {EXTERNAL!r} is kept for orders of other clients")
    return tuple(problems)


def check_account(asked: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """What is wrong with the account; empty is accepted when there is exactly one."""
    accepted = ", ".join(known) or "none is known yet"
    if not asked and len(known) != 1:
        return (f"account is missing and there is not exactly one (accepted: {accepted})",)
    if asked and asked not in known:
        return (f"account {asked} is not one of this service's (accepted: {accepted})",)
    return ()


def new_terms(asked: PlaceOrder, *, key: str, account: str, default_tif: str) -> Checked:
    """The terms of a new order."""
    tif = asked.tif or default_tif
    order_type = asked.type or _PRICES[asked.limit is not None, asked.stop is not None]
    problems = [
        *_one_of("side", asked.side, get_args(Side)),
        *_one_of("tif", tif, get_args(TimeInForce)),
        *_quantity(asked.quantity),
        *_prices(order_type, asked.limit, asked.stop),
    ]
    if problems:
        return Checked(None, tuple(problems))
    quantity = Decimal(asked.quantity)
    terms = OrderTerms(
        account, asked.side, quantity, order_type, asked.limit, asked.stop, tif, key, outside_rth=asked.outside_rth
    )
    return Checked(terms)


def changed_terms(terms: OrderTerms, asked: ModifyOrder, filled: Decimal) -> Checked:
    """The terms of an order after a modify; the type stays."""
    limit = terms.limit if asked.limit is None else asked.limit
    stop = terms.stop if asked.stop is None else asked.stop
    quantity = terms.quantity if asked.quantity is None else asked.quantity
    problems = [*_quantity(quantity), *_prices(terms.order_type, limit, stop)]
    if not problems and Decimal(quantity) <= filled:
        problems.append(f"quantity {quantity}: {filled} are filled already (accepted: more than {filled})")
    if problems:
        return Checked(None, tuple(problems))
    new = msgspec.structs.replace(terms, quantity=Decimal(quantity), limit=limit, stop=stop)
    if new == terms:
        return Checked(None, ("nothing to modify: quantity, limit and stop stay as they are",))
    return Checked(new)


def check_against_contract(terms: OrderTerms, details: ContractDetails) -> tuple[str, ...]:
    """What the contract does not accept: size increment, tick, sign of the price."""
    problems = list(_size(terms.quantity, details))
    for name, price in (("limit", terms.limit), ("stop", terms.stop)):
        if price is not None:
            problems += _price_of_contract(name, price, details)
    return tuple(problems)


def _one_of(name: str, value: str, accepted: tuple[str, ...]) -> list[str]:
    return [] if value in accepted else [f"{name} {value!r} is not known (accepted: {', '.join(accepted)})"]


def _quantity(value: Decimal | int) -> list[str]:
    quantity = Decimal(value)
    if not quantity.is_finite() or not 0 < quantity < _HUGE:
        return [f"quantity {value}: must be a number above zero and below {_HUGE:g}; the side says buy or sell"]
    return []


def _prices(order_type: str, limit: float | None, stop: float | None) -> list[str]:
    takes = _TAKES.get(order_type)  # type: ignore[call-overload]
    if takes is None:
        return [f"type {order_type!r} is not known (accepted: {', '.join(_TAKES)})"]
    problems = []
    for name, price, wanted in (("limit", limit, takes[0]), ("stop", stop, takes[1])):
        if price is None and wanted:
            problems.append(f"{name} is missing: an order of type {order_type} needs a {name} price")
        elif price is not None and not wanted:
            problems.append(f"{name} {price:.10g}: an order of type {order_type} takes no {name} price; leave it out")
        elif price is not None and not (math.isfinite(price) and abs(price) < _HUGE):
            problems.append(f"{name} {price}: must be a finite number below {_HUGE:g}")
    return problems


def _size(quantity: Decimal, details: ContractDetails) -> list[str]:
    step = _exact(details.size_increment)
    least = max(_exact(details.min_size), step)
    if quantity < least:
        return [f"quantity {quantity} is below the least size of {details.contract.symbol} (accepted: {least} or more)"]
    if step <= 0 or quantity % step == 0:
        return []
    below = quantity // step * step
    near = f"{_plain(below)} or {_plain(below + step)}"
    return [f"quantity {quantity} is not a multiple of {_plain(step)} (accepted: {near})"]


def _price_of_contract(name: str, price: float, details: ContractDetails) -> list[str]:
    if price <= 0 and details.contract.sec_type not in _SIGNED:
        return [f"{name} {price:.10g}: must be above zero for {details.contract.symbol}"]
    tick, exact = _exact(details.min_tick), _exact(price)
    if tick <= 0 or exact % tick == 0:
        return []
    below = (exact / tick).to_integral_value("ROUND_FLOOR") * tick
    near = f"{_plain(below)} or {_plain(below + tick)}"
    return [f"{name} {price:.10g} is not on the tick of {_plain(tick)} (accepted: {near})"]


def _exact(value: float) -> Decimal:
    """The number a person would write for a float."""
    return Decimal(repr(value))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
