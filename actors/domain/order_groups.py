"""Orders that go together: a bracket, or orders of which one cancels the others; from the ask to single orders. Pure.

A bracket's exits are on the other side, of the entry's quantity, and name it as their parent. The broker holds them
until the entry fills, then as much of them as it has filled, and cancels them with it. Each takes off the other what
it fills itself (type 2): were the rest cancelled, a part fill would leave a position without its stop.
In a group of one-cancels-all the first fill cancels all others (type 1). Prices are in the contract's unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from actors.domain.order_kinds import KINDS, kind_of, tif_of
from actors.domain.order_state import OrderState
from actors.messages.broker import OrderTerms
from actors.messages.market import Quote
from actors.messages.orders import PlaceBracket, PlaceOneCancelsAll, PlaceOrder, Side

# What the broker does to the others when one of a group is filled.
CANCEL_OTHERS: Final = 1
REDUCE_OTHERS: Final = 2
ENTRY, PROFIT, STOP = "entry", "profit", "stop"

_OPPOSITE: Final[dict[str, Side]] = {"BUY": "SELL", "SELL": "BUY"}
_LASTING: Final = ("DAY", "GTC")
_CLOSING: Final = frozenset({"MOC", "LOC"})


class Member(NamedTuple):
    """One order of an ask: `role` is what its problems are told under, `parent` the key of its entry."""

    order: PlaceOrder
    role: str = ""
    parent: str = ""
    oca_group: str = ""
    oca_type: int = 0

    def grouped(self, terms: OrderTerms) -> OrderTerms:
        """The terms of its order, with the group."""
        if not self.oca_group:
            return terms
        return msgspec.structs.replace(terms, oca_group=self.oca_group, oca_type=self.oca_type)


def bracket(asked: PlaceBracket, entry: PlaceOrder, default_tif: str) -> tuple[Member, ...]:
    """The entry, which has its key, and its exits; these last GTC where the entry's time in force is none for them."""
    key = entry.key
    profit_key, stop_key = exit_keys(key)
    members = [Member(entry, ENTRY)]
    if asked.take_profit is not None:
        profit = _exit(asked, entry, default_tif, limit=asked.take_profit, key=profit_key)
        members.append(Member(profit, PROFIT, key, key, REDUCE_OTHERS))
    if _has_stop(asked):
        prices = {"limit": asked.stop_limit, "stop": asked.stop_loss}
        trails = {"trail": asked.trail, "trail_percent": asked.trail_percent}
        stop = _exit(asked, entry, default_tif, **prices, **trails, key=stop_key)
        members.append(Member(stop, STOP, key, key, REDUCE_OTHERS))
    return tuple(members)


def exit_keys(key: str) -> tuple[str, str]:
    """The keys that the exits of an entry have."""
    return f"{key}/{PROFIT}", f"{key}/{STOP}"


def check_bracket(asked: PlaceBracket) -> tuple[str, ...]:
    """What is wrong with a bracket before any of its orders is looked at."""
    problems = []
    if asked.take_profit is None and not _has_stop(asked):
        problems.append("a bracket needs an exit (accepted: take_profit, stop_loss, trail or trail_percent)")
    if asked.stop_limit is not None and asked.stop_loss is None:
        problems.append(f"stop_limit {asked.stop_limit:.10g} needs stop_loss, at which that limit order is sent")
    if asked.exit_tif is not None and asked.exit_tif not in _LASTING:
        problems.append(f"exit_tif {asked.exit_tif!r}: exits wait for the entry (accepted: {', '.join(_LASTING)})")
    return tuple(problems)


def one_cancels_all(asked: PlaceOneCancelsAll, key: str) -> tuple[Member, ...]:
    """The orders of a group, with their keys."""
    return tuple(
        Member(
            msgspec.structs.replace(order, key=order.key or f"{key}/{number}"),
            f"order {number}",
            oca_group=key,
            oca_type=CANCEL_OTHERS,
        )
        for number, order in enumerate(asked.orders, 1)
    )


def check_group(members: tuple[Member, ...]) -> tuple[str, ...]:
    """What is wrong with a group of one-cancels-all before any of its orders is looked at."""
    problems = []
    if len(members) < 2:
        problems.append(f"a group of {len(members)}: of which one cancels the others there must be two orders or more")
    twice = [key for key, count in Counter(member.order.key for member in members).items() if count > 1]
    if twice:
        problems.append(f"keys must differ within a group: {', '.join(twice)} more than once")
    accounts = {member.order.account for member in members}
    if len(accounts) > 1:
        problems.append(f"orders of a group are of one account, these of {', '.join(sorted(accounts))}")
    return tuple(problems)


def check_size(count: int, burst: int) -> tuple[str, ...]:
    """Orders that leave together take their tokens at once."""
    if count <= burst:
        return ()
    return (f"{count} orders that leave at once are more than gateway.pacing.burst (accepted: up to {burst})",)


def check_exits(members: tuple[Member, ...], terms: tuple[OrderTerms, ...], quote: Quote | None) -> tuple[str, ...]:
    """Whether a bracket's exits stand on the right sides of the entry: its own price, else the quote's."""
    entry = terms[0]
    price = _entry_price(entry, quote)
    if price is None:
        return ()  # a market order without a price is refused on its own
    problems = (_misplaced(member.role, exit_terms, entry.side, price) for member, exit_terms in _exits(members, terms))
    return tuple(problem for problem in problems if problem)


def check_change(order: OrderState, terms: OrderTerms, find: Callable[[str], OrderState | None]) -> tuple[str, ...]:
    """Whether new terms keep a bracket in shape while its entry lives: exits for no more than the entry, which would
    turn the position round, and on their sides of it as long as it has not begun to fill.
    """
    entry = find(order.parent) if order.parent else order
    if entry is None or entry.terminal:
        return ()
    exits = [order] if order.parent else [each for each in map(find, exit_keys(order.key)) if each and each.parent]
    problems: list[str] = []
    for each in exits:
        if not each.terminal:
            problems += _out_of_shape(entry, each, terms, changed=order)
    return tuple(problems)


def _out_of_shape(entry: OrderState, one: OrderState, terms: OrderTerms, *, changed: OrderState) -> list[str]:
    of_entry, of_exit = (entry.terms, terms) if changed is one else (terms, one.terms)
    problems = []
    if of_exit.quantity > of_entry.quantity:
        problems.append(
            f"quantity {terms.quantity}: its entry is for {of_entry.quantity} (accepted: up to {of_entry.quantity})"
            if changed is one
            else f"quantity {terms.quantity}: its exit {one.key} is for {of_exit.quantity}; change that one first"
        )
    price = _entry_price(of_entry, None)
    if price is not None and not entry.totals.filled:
        role = PROFIT if one.key == exit_keys(entry.key)[0] else STOP
        misplaced = _misplaced(role, of_exit, of_entry.side, price)
        if misplaced:
            problems.append(f"{one.key}: {misplaced}")
    return problems


def _exits(members: tuple[Member, ...], terms: tuple[OrderTerms, ...]) -> list[tuple[Member, OrderTerms]]:
    return [(member, each) for member, each in zip(members, terms, strict=True) if member.parent]


def _misplaced(role: str, terms: OrderTerms, entry_side: str, price: float) -> str:
    """What is wrong with where an exit stands, given the price of its entry."""
    name, exit_price = ("take_profit", terms.limit) if role == PROFIT else ("stop_loss", terms.stop)
    above = (role == PROFIT) == (entry_side == "BUY")
    if exit_price is None or (exit_price > price if above else exit_price < price):
        return ""
    return (
        f"{name} {exit_price:.10g} must be {'above' if above else 'below'} the entry's price of {price:.10g}, which is"
        f" a {entry_side} (accepted: {'more' if above else 'less'} than {price:.10g})"
    )


def _has_stop(asked: PlaceBracket) -> bool:
    return any(one is not None for one in (asked.stop_loss, asked.trail, asked.trail_percent))


def _exit(asked: PlaceBracket, entry: PlaceOrder, default_tif: str, **own: Any) -> PlaceOrder:
    order = PlaceOrder(
        entry.contract,
        _OPPOSITE.get(entry.side, entry.side),
        entry.quantity,
        tif=asked.exit_tif or _exit_tif(entry, default_tif),
        account=entry.account,
        strategy=entry.strategy,
        outside_rth=entry.outside_rth,
    )
    return msgspec.structs.replace(order, **own)


def _exit_tif(entry: PlaceOrder, default_tif: str) -> str:
    if kind_of(entry) in _CLOSING:
        return "GTC"  # exits of the day would expire as it fills
    kind = KINDS.get(kind_of(entry))  # type: ignore[call-overload] # any text, of which some are types
    tif = default_tif if kind is None else tif_of(entry, kind, default_tif)
    return tif if tif in _LASTING else "GTC"


def _entry_price(entry: OrderTerms, quote: Quote | None) -> float | None:
    own = entry.limit if entry.limit is not None else entry.stop
    if own is not None or quote is None:
        return own
    side = quote.ask if entry.side == "BUY" else quote.bid
    return side if side is not None else quote.last
