"""Combos: from a user's words to legs, and from the legs' contracts to the one that is ordered. Pure.

A combo is bought and sold as one order at one net price, which may be zero or negative. Its contract has no id of
its own: the broker gives every combo the same one, and never answers a question for details of one
(pysystemtrade#1659), so all that is known of it is made from its legs. A combo that makes no sense is refused with
every reason before anything is asked or sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import fsum
from typing import Final, NamedTuple

from actors.domain.contracts import option, question, words
from actors.domain.fills import COMBO
from actors.messages.market import Combo, ComboLeg, Contract, ContractDetails, Leg, Quote, QuoteState
from supervision.errors import Rejected

_SIGN: Final = re.compile(r"(?:^|\s+)([+-])\s+")
_RATIO: Final = re.compile(r"(\d+)x\s+(.+)", re.IGNORECASE)
_VERTICAL: Final = re.compile(r"(.+?)\s+(\d{8})\s+(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)([CP])", re.IGNORECASE)
_LEG_TYPES: Final = ("STK", "OPT", "FUT", "FOP")
_MOST_RATIO: Final = 1_000
# From good to bad: a net price is as good as the worst of its parts.
_STATES: Final[tuple[QuoteState, ...]] = ("live", "delayed", "stale", "gap", "waiting")


def vertical(symbol: str, expiry: str, right: str, buy: float, sell: float) -> Combo:
    """A vertical spread: the option with strike `buy` bought, the one with strike `sell` sold, else alike.

    `expiry` is YYYYMMDD, `right` C or P. Rejected when the words make no option.
    """
    return Combo((Leg(option(symbol, expiry, right, buy), "BUY"), Leg(option(symbol, expiry, right, sell), "SELL")))


def meant(contract: str | Contract | Combo) -> Contract | Combo:
    """The combo, or the question for a single contract, that is meant. Rejected when the words make neither.

    In words a combo's legs follow " + " (bought) or " - " (sold), the first without a sign is bought, and each may
    begin with its ratio: "AAPL 20261218 150C - 2x AAPL 20261218 160C". "AAPL 20261218 150/160C" is a vertical, the
    first strike bought.
    """
    if isinstance(contract, Combo):
        return contract
    if isinstance(contract, Contract):
        return _known_combo(contract) if contract.sec_type == COMBO else question(contract)
    text = contract.strip()
    spread = _VERTICAL.fullmatch(text)
    if spread is not None:
        symbol, expiry, buy, sell, right = spread.groups()
        return vertical(symbol, expiry, right.upper(), float(buy), float(sell))
    first, *more = _SIGN.split(text)
    if not more:
        return question(contract)
    named = ("+", first, *more) if first else more
    return Combo(tuple(_leg(leg, sign) for sign, leg in zip(named[::2], named[1::2], strict=True)))


def check(combo: Combo) -> None:
    """Raise Rejected, with every reason, when these legs can be no combo."""
    problems = []
    if len(combo.legs) < 2:
        problems.append(f"a combo of {len(combo.legs)} legs (accepted: two or more)")
    for number, leg in enumerate(combo.legs, start=1):
        if not 1 <= leg.ratio <= _MOST_RATIO:
            problems.append(f"leg {number}: ratio {leg.ratio} (accepted: 1 to {_MOST_RATIO})")
        if leg.side not in ("BUY", "SELL"):
            problems.append(f"leg {number}: side {leg.side!r} (accepted: BUY, SELL)")
    if problems:
        raise Rejected(*problems, kind="contract")


def combine(combo: Combo, legs: tuple[ContractDetails, ...]) -> ContractDetails:
    """The contract that is ordered, from what the broker says of each leg. Raises Rejected.

    Its prices stand for `multiplier` units, the greatest of its legs': so a covered call is quoted per share.
    """
    contracts = [details.contract for details in legs]
    _check_together(contracts)
    symbols = dict.fromkeys(one.symbol for one in contracts)
    greatest = max(map(multiplier_of, contracts))
    bag = Contract(
        symbol=",".join(symbols),  # as IB writes the symbol of a combo of several underlyings
        sec_type=COMBO,
        exchange=contracts[0].exchange,
        currency=contracts[0].currency,
        multiplier=f"{greatest:f}",
        local_symbol=describe_legs(combo, contracts),
        legs=tuple(
            ComboLeg(one.con_id, leg.ratio, leg.side, one.exchange)
            for leg, one in zip(combo.legs, contracts, strict=True)
        ),
    )
    return ContractDetails(bag, long_name=bag.local_symbol, min_tick=min(details.min_tick for details in legs))


def describe_legs(combo: Combo, contracts: Iterable[Contract]) -> str:
    """A combo in words; those of options and shares are read by `meant`."""
    text = ""
    for leg, contract in zip(combo.legs, contracts, strict=True):
        sign = ("" if leg.side == "BUY" else "- ") if not text else (" + " if leg.side == "BUY" else " - ")
        ratio = f"{leg.ratio}x " if leg.ratio > 1 else ""
        text += sign + ratio + words(contract)
    return text


def multiplier_of(contract: Contract) -> Decimal:
    """Units that one price of this contract stands for."""
    return Decimal(contract.multiplier or 1)


class LegQuote(NamedTuple):
    """A leg with what it is worth for each combo, and its quote."""

    leg: ComboLeg
    weight: float
    quote: Quote


def weights(combo: ContractDetails, legs: Iterable[ContractDetails]) -> tuple[float, ...]:
    """How often each leg's price stands in the combo's."""
    greatest = multiplier_of(combo.contract)
    return tuple(
        float(leg.ratio * multiplier_of(details.contract) / greatest)
        for leg, details in zip(combo.contract.legs, legs, strict=True)
    )


def net_quote(combo: Contract, legs: tuple[LegQuote, ...]) -> Quote:
    """What buying (ask) and selling (bid) the combo would cost at its legs' quotes: as good as the worst of them.

    There is no last trade of a combo, and no bid or ask unless every leg has the price that it takes.
    """
    states = [one.quote.state for one in legs]
    ages = [one.quote.age for one in legs]
    return Quote(
        symbol=combo.symbol,
        con_id=combo.con_id,
        bid=_net(legs, buying=False),
        ask=_net(legs, buying=True),
        time_ns=min(one.quote.time_ns for one in legs),
        age=None if None in ages else max(age for age in ages if age is not None),
        state=max(states, key=_STATES.index),
        note="; ".join(dict.fromkeys(one.quote.note for one in legs if one.quote.note)),
    )


def whole_combos(legs: Iterable[ComboLeg], held: Mapping[int, Decimal]) -> Decimal:
    """How many combos these positions, by contract id, make up; negative when they are short of it."""
    parts = []
    for leg in legs:
        units = held.get(leg.con_id, Decimal(0)) * (1 if leg.side == "BUY" else -1)
        parts.append(Decimal(int(units / leg.ratio)))
    if all(part > 0 for part in parts):
        return min(parts)
    return max(parts) if all(part < 0 for part in parts) else Decimal(0)


def _known_combo(contract: Contract) -> Combo:
    """A combo whose legs the broker has told, or we resolved before."""
    if not contract.legs:
        raise Rejected(f"the combo {contract.symbol} names no legs; they are all that is known of it", kind="contract")
    return Combo(
        tuple(
            Leg(Contract("", "", leg.exchange or contract.exchange, contract.currency, leg.con_id), leg.side, leg.ratio)
            for leg in contract.legs
        )
    )


def _leg(text: str, sign: str) -> Leg:
    ratio = _RATIO.fullmatch(text)
    named, count = (text, 1) if ratio is None else (ratio[2], int(ratio[1]))
    return Leg(named, "BUY" if sign == "+" else "SELL", count)


def _check_together(contracts: list[Contract]) -> None:
    problems = [
        f"leg {number}: {one.symbol} is of type {one.sec_type} (accepted: {', '.join(_LEG_TYPES)})"
        for number, one in enumerate(contracts, start=1)
        if one.sec_type not in _LEG_TYPES
    ]
    if len({one.con_id for one in contracts}) < len(contracts):
        problems.append("a contract is in the combo twice; give it once, with a ratio")
    for name, values in (
        ("currencies", [one.currency for one in contracts]),
        ("exchanges", [one.exchange for one in contracts]),
    ):
        if len(set(values)) > 1:
            told = ", ".join(dict.fromkeys(values))
            problems.append(f"the legs have several {name} ({told}); a combo is ordered in one")
    if problems:
        raise Rejected(*problems, kind="contract")


def _net(legs: Iterable[LegQuote], *, buying: bool) -> float | None:
    parts = []
    for leg, weight, quote in legs:
        bought = (leg.side == "BUY") == buying
        price = quote.ask if bought else quote.bid
        if price is None:
            return None
        parts.append(price * (weight if leg.side == "BUY" else -weight))
    return round(fsum(parts), 10)
