"""Rules about how many orders there are and how fast they come: open, by minute and day, and the same one twice. Pure.

A change of a working order is no new order and is not counted. Orders that reduce a position are: what loops may
loop while it sells.
"""

from __future__ import annotations

from typing import Final

from actors.domain.risk.contract_rules import NONE
from actors.domain.risk.facts import Facts
from actors.domain.risk.limits import RiskLimits
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract
from actors.messages.risk import RuleVerdict

_CHANGE: Final = "not asked of a change"


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


def open_orders(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """Orders that work or wait, with this one."""
    counts = facts.counts
    return _counted(
        facts,
        ("max_open_orders", counts.open, limits.max_open_orders, "open at once"),
        (f"max_open_orders of {facts.strategy}", counts.open_own, limits.own.max_open_orders, "open at once"),
    )


def rates(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """Orders by minute and day, with this one."""
    counts, name = facts.counts, facts.strategy
    of = f"of {name}" if name else "without a strategy"
    return _counted(
        facts,
        ("orders_per_minute", counts.minute, limits.orders_per_minute, "within a minute"),
        ("orders_per_minute_each", counts.minute_own, limits.orders_per_minute_each, f"{of} within a minute"),
        (f"orders_per_minute of {name}", counts.minute_own, limits.own.orders_per_minute, "within a minute"),
        ("orders_per_day", counts.day, limits.orders_per_day, "today"),
        (f"orders_per_day of {name}", counts.day_own, limits.own.orders_per_day, "today"),
    )


def _counted(facts: Facts, *rows: tuple[str, int, int | None, str]) -> tuple[RuleVerdict, ...]:
    """One verdict for each limit that there is, and for those of all that there is none."""
    verdicts = []
    for rule, before, limit, when in rows:
        value = f"{before + facts.together}"
        if limit is None or facts.change:
            if " of " not in rule:
                verdicts.append(RuleVerdict(rule, value, _CHANGE if facts.change else NONE))
            continue
        accepted, text = f"up to {limit}", ""
        if before + facts.together > limit:
            text = f"it would be order {value} {when}, which is above {rule} (accepted: {accepted})"
        verdicts.append(RuleVerdict(rule, value, accepted, text))
    return tuple(verdicts)


def duplicates(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """The same order may not come twice within the window; one with the same key is not even a second order."""
    rule, twin, window = "duplicate_window", facts.twin, limits.duplicate_window
    if facts.change or window <= 0:
        return (RuleVerdict(rule, "not asked", _CHANGE if facts.change else NONE),)
    limit = f"{window:g} s or more after the same order"
    if twin is None:
        return (RuleVerdict(rule, "no such order", limit),)
    value = f"{twin.age:.3f} s after {twin.key}"
    if twin.age >= window:
        return (RuleVerdict(rule, value, limit),)
    text = f"the same order was placed {twin.age:.3f} s ago as {twin.key}: {rule} (accepted: {limit}, or other terms)"
    return (RuleVerdict(rule, value, limit, text),)
