"""Rules about how many orders there are and how fast they come: open, by minute and day, and the same one twice. Pure.

A change of a working order is no new order and is not counted. Orders that reduce a position are: what loops may
loop while it sells. Only what closes positions for the kill switch is not held up by what looped before it: it comes
one at a time for each position, at a pace of its own.
"""

from __future__ import annotations

from typing import Final

from actors.domain.risk.facts import Facts
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.verdict import NONE, NOT_ASKED, Form, Verdict
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract

_CHANGE: Final = "not asked of a change"
_COUNT: Final = Form("{0}", "up to {0}")
_AFTER: Final = Form("{0:.3f} s after {1}", "{0:g} s or more after the same order")
_EXIT: Final = "not asked of an exit, which comes with its entry"
_FLATTENS: Final = "not asked of what closes a position for the kill switch"


def _exempt(facts: Facts) -> str:
    return _CHANGE if facts.change else _FLATTENS if facts.flattens else ""


def fingerprint(contract: Contract, terms: OrderTerms, strategy: str) -> tuple[object, ...]:
    """What makes two orders the same to the duplicate window: all they say but for key and group."""
    return (
        strategy,
        terms.account,
        contract.con_id,
        contract.legs,
        terms.side,
        terms.quantity,
        terms.order_type,
        terms.limit,
        terms.stop,
        terms.trail,
        terms.trail_percent,
        terms.limit_offset,
    )


def open_orders(facts: Facts, limits: RiskLimits) -> tuple[Verdict, ...]:
    """Orders that work or wait, with this one."""
    counts, own = facts.counts, limits.own.max_open_orders
    found = [_counted(facts, "max_open_orders", counts.open, limits.max_open_orders, "open at once")]
    if own is not None:
        found.append(_counted(facts, f"max_open_orders of {facts.strategy}", counts.open_own, own, "open at once"))
    return tuple(found)


def rates(facts: Facts, limits: RiskLimits) -> tuple[Verdict, ...]:
    """Orders by minute and day, with this one."""
    counts, own, name = facts.counts, limits.own, facts.strategy
    each = f"{f'of {name}' if name else 'without a strategy'} within a minute"
    found = [
        _counted(facts, "orders_per_minute", counts.minute, limits.orders_per_minute, "within a minute"),
        _counted(facts, "orders_per_minute_each", counts.minute_own, limits.orders_per_minute_each, each),
        _counted(facts, "orders_per_day", counts.day, limits.orders_per_day, "today"),
    ]
    if own.orders_per_minute is not None:
        rule = f"orders_per_minute of {name}"
        found.append(_counted(facts, rule, counts.minute_own, own.orders_per_minute, "within a minute"))
    if own.orders_per_day is not None:
        found.append(_counted(facts, f"orders_per_day of {name}", counts.day_own, own.orders_per_day, "today"))
    return tuple(found)


def _counted(facts: Facts, rule: str, before: int, limit: int | None, when: str) -> Verdict:
    count = before + facts.together
    if limit is None or _exempt(facts):
        return Verdict(rule, count, _exempt(facts) or NONE)
    found = Verdict(rule, count, limit, _COUNT)
    if count <= limit:
        return found
    text = f"it would be order {count} {when}, which is above {rule} (accepted: {found.words().limit})"
    return found.refused(text)


def duplicates(facts: Facts, limits: RiskLimits) -> Verdict:
    """The same order may not come twice within the window; one with the same key is not even a second order."""
    rule, twin, window = "duplicate_window", facts.twin, limits.duplicate_window
    exempt = _exempt(facts) or (_EXIT if facts.waits_for_entry else "")
    if exempt or window <= 0:
        return Verdict(rule, NOT_ASKED, exempt or NONE)
    if twin is None:
        return Verdict(rule, "no such order", window, _AFTER)
    found = Verdict(rule, twin.age, window, _AFTER, twin.key)
    if twin.age >= window:
        return found
    limit = found.words().limit
    text = f"the same order was placed {twin.age:.3f} s ago as {twin.key}: {rule} (accepted: {limit}, or other terms)"
    return found.refused(text)
