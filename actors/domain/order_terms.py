"""From what a user asks to what an order says: the checks that need no market. Pure.

Every refusal names the rule, the value and what would be accepted, and all of them are told at once. Which prices a
type takes and how long it may last stands in `order_kinds`, what a contract accepts in `contract_terms`.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple, get_args

import msgspec

from actors.domain.order_book import EXTERNAL
from actors.domain.order_kinds import ACCEPTED, KINDS, OPENING, TRAILS, Kind, kind_of, tif_of
from actors.messages.broker import OrderTerms
from actors.messages.orders import ModifyOrder, PlaceOrder, Side, TimeInForce

# It travels inside a NUL-separated text frame, and stands in a column of TWS.
_KEY: Final = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
# Beyond this nothing is meant seriously, and exact arithmetic would lose its grip.
_HUGE: Final = 10**12
_LONGEST_NAME: Final = 64
_NAMES: Final = ("limit", "stop", *TRAILS, "limit_offset")
_SIDES: Final[tuple[str, ...]] = get_args(Side)
_TIFS: Final[tuple[str, ...]] = get_args(TimeInForce)

Prices = dict[str, float | None]


class Checked(NamedTuple):
    """Terms, or the reasons why there are none."""

    terms: OrderTerms | None
    problems: tuple[str, ...] = ()


def check_key(key: str) -> tuple[str, ...]:
    """What is wrong with a key that a user chose."""
    problems = []
    if not _KEY.fullmatch(key):
        problems.append(f"key {key[:100]!r}: 1 to 64 printable ASCII characters, not beginning or ending with a space")
    if key.isdecimal():
        problems.append(f"key {key!r}: digits alone are read as an order id; add a letter")
    if key.startswith(EXTERNAL):
        problems.append(f"key {key!r}: the prefix {EXTERNAL!r} is kept for orders of other clients")
    return tuple(problems)


def check_strategy(name: str) -> tuple[str, ...]:
    """What is wrong with the name of a strategy; empty is an order by hand."""
    if len(name) <= _LONGEST_NAME and name.isprintable():
        return ()
    return (f"strategy {name[:_LONGEST_NAME]!r}: up to {_LONGEST_NAME} printable characters",)


def check_account(asked: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """What is wrong with the account; empty is accepted when there is exactly one."""
    if asked in known or (not asked and len(known) == 1):
        return ()
    accepted = ", ".join(known) or "none is known yet"
    if not asked:
        return (f"account is missing and there is not exactly one (accepted: {accepted})",)
    return (f"account {asked} is not one of this service's (accepted: {accepted})",)


def new_terms(asked: PlaceOrder, *, key: str, account: str, default_tif: str, now: datetime) -> Checked:
    """The terms of a new order; `now` is the instant at which its time must not have passed."""
    order_type, prices = kind_of(asked), _prices(asked)
    problems = [*_one_of("side", asked.side, _SIDES), *_quantity(asked.quantity)]
    kind = KINDS.get(order_type)  # type: ignore[call-overload] # any text, of which some are types
    if kind is None:
        problems += [*_one_of("type", order_type, ACCEPTED), *_tif_known(asked.tif or default_tif)]
        return Checked(None, tuple(problems))
    tif = tif_of(asked, kind, default_tif)
    problems += [
        *_tif(tif, order_type, kind, asked.type or ""),
        *_good_till(asked.good_till, tif, now),
        *_check_prices(order_type, kind, prices),
    ]
    if problems:
        return Checked(None, tuple(problems))
    terms = OrderTerms(
        account=account,
        side=asked.side,
        quantity=Decimal(asked.quantity),
        order_type=order_type,
        limit=asked.limit,
        stop=asked.stop,
        tif=tif,
        key=key,
        outside_rth=asked.outside_rth,
        trail=asked.trail,
        trail_percent=asked.trail_percent,
        limit_offset=asked.limit_offset,
        # the wire has whole seconds of UTC, and what the broker tells must be what was asked
        good_till=None if asked.good_till is None else asked.good_till.astimezone(UTC).replace(microsecond=0),
    )
    return Checked(terms)


def changed_terms(terms: OrderTerms, asked: ModifyOrder, filled: Decimal) -> Checked:
    """The terms of an order after a modify; the type stays, and with it how it trails.

    A stop that has trailed the market stays where it is, unless another distance is asked for without a stop: then
    the broker sets it anew at that distance.
    """
    kind = KINDS.get(terms.order_type)  # type: ignore[call-overload] # the broker knows more types
    if kind is None:
        accepted = ", ".join(KINDS)
        return Checked(None, (f"an order of type {terms.order_type} cannot be changed here (accepted: {accepted})",))
    # the broker may have told a price that follows from others, as the limit of a trailing one: it is not sent back
    known = {name: price if name in kind.takes else None for name, price in _prices(terms).items()}
    prices = known | {name: price for name, price in _prices(asked).items() if price is not None}
    if asked.stop is None and any(prices[name] != known[name] for name in TRAILS):
        prices["stop"] = None
    quantity = terms.quantity if asked.quantity is None else asked.quantity
    problems = [*_quantity(quantity), *_check_prices(terms.order_type, kind, prices)]
    if not problems and Decimal(quantity) <= filled:
        problems.append(f"quantity {quantity}: {filled} are filled already (accepted: more than {filled})")
    if not problems and (quantity, prices) == (terms.quantity, known):
        problems.append("nothing to modify: quantity and prices stay as they are")
    if problems:
        return Checked(None, tuple(problems))
    return Checked(msgspec.structs.replace(terms, quantity=Decimal(quantity), **prices))


def _prices(source: PlaceOrder | ModifyOrder | OrderTerms) -> Prices:
    return {name: getattr(source, name) for name in _NAMES}


def _one_of(name: str, value: str, accepted: tuple[str, ...]) -> list[str]:
    return [] if value in accepted else [f"{name} {value!r} is not known (accepted: {', '.join(accepted)})"]


def _quantity(value: Decimal | int) -> list[str]:
    quantity = Decimal(value)
    if not quantity.is_finite() or not 0 < quantity < _HUGE:
        return [f"quantity {value}: must be a number above zero and below {_HUGE:g}; the side says buy or sell"]
    return []


# --- how long it lasts --------------------------------------------------------------------------------


def _tif_known(tif: str) -> list[str]:
    return _one_of("tif", tif, _TIFS)


def _tif(tif: str, order_type: str, kind: Kind, word: str) -> list[str]:
    accepted = ("OPG",) if word in OPENING else kind.tifs
    if tif in accepted:
        return []
    name = word if word in OPENING else order_type
    return _tif_known(tif) or [f"tif {tif}: an order of type {name} does not take it (accepted: {', '.join(accepted)})"]


def _good_till(instant: datetime | None, tif: str, now: datetime) -> list[str]:
    if instant is None:
        return (
            ["good_till is missing: the time in force GTD needs an instant, with its time zone"] if tif == "GTD" else []
        )
    problems = []
    if tif != "GTD":
        problems.append(f"good_till {instant.isoformat()}: the time in force {tif} takes none (accepted: GTD)")
    if instant.tzinfo is None:
        problems.append(
            f"good_till {instant.isoformat()}: has no time zone (accepted: an instant such as {now:%FT%TZ})"
        )
    elif not now < instant < datetime(2100, 1, 1, tzinfo=UTC):
        problems.append(f"good_till {instant.isoformat()}: must be later than now, {now:%FT%TZ}, and before 2100")
    return problems


# --- its prices ---------------------------------------------------------------------------------------


def _check_prices(order_type: str, kind: Kind, prices: Prices) -> list[str]:
    problems = []
    for name, price in prices.items():
        if price is None and name in kind.needs:
            problems.append(f"{name} is missing: an order of type {order_type} needs a {_called(name)}")
        elif price is not None and name not in kind.takes:
            problems.append(
                f"{name} {price:.10g}: an order of type {order_type} takes no {_called(name)}; leave it out"
            )
        elif price is not None:
            problems += _sense(name, price)
    if kind.trailing:
        problems += _one_trail(order_type, prices)
    return problems


def _one_trail(order_type: str, prices: Prices) -> list[str]:
    trail, percent = prices["trail"], prices["trail_percent"]
    if trail is None and percent is None:
        return [f"trail is missing: an order of type {order_type} needs trail, an amount, or trail_percent"]
    if trail is not None and percent is not None:
        return [f"trail {trail:.10g} and trail_percent {percent:.10g}: an order trails by one of them; leave one out"]
    return []


def _sense(name: str, price: float) -> list[str]:
    if not (math.isfinite(price) and abs(price) < _HUGE):
        return [f"{name} {price}: must be a finite number below {_HUGE:g}"]
    if name == "trail" and price <= 0:
        return [f"trail {price:.10g}: must be above zero; the side says on which side of the market the stop trails"]
    if name == "trail_percent" and not 0 < price < 100:
        return [f"trail_percent {price:.10g}: must be above 0 and below 100"]
    if name == "limit_offset" and price < 0:
        return [
            f"limit_offset {price:.10g}: must be zero or more; the side says on which side of the stop the limit is"
        ]
    return []


def _called(name: str) -> str:
    return f"{name} price" if name in ("limit", "stop") else name
