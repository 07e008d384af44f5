"""Limits that contradict each other: a limit that another one makes pointless is not what anybody meant.

Each finding has path, value, what is wrong and the fix, as in `config.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from config.rules import Finding
from config.settings import RiskSettings, Settings, StrategyRisk, StrategySettings

_WITHIN: Final = (
    ("max_order_value", "max_position_value"),
    ("max_order_value", "max_gross_exposure"),
    ("max_position_value", "max_gross_exposure"),
)
"""Of each pair the first may not be above the second."""

_OF_ALL: Final = {
    "max_order_value": "max_order_value",
    "max_order_quantity": "max_order_quantity",
    "max_position_value": "max_position_value",
    "max_open_orders": "max_open_orders",
    "orders_per_minute": "orders_per_minute_each",
    "orders_per_day": "orders_per_day",
}
"""A strategy's limit, and the one of all that it narrows."""


def check_limits(settings: Settings) -> Iterator[Finding]:
    """Everything that contradicts itself in the limits of all and of each strategy."""
    yield from _of_all(settings.risk)
    for strategy in settings.strategies:
        yield from _of_strategy(strategy, settings.risk)


def _of_all(risk: RiskSettings) -> Iterator[Finding]:
    yield from _within(("risk",), risk, "")
    loss = risk.daily_loss
    if loss.reduce_at is not None and loss.halt_at is not None and loss.reduce_at > loss.halt_at:
        wrong = f"is above halt_at ({loss.halt_at}): everything would be halted before only reducing orders pass"
        yield ("risk", "daily_loss", "reduce_at"), loss.reduce_at, wrong, "make it lower than halt_at"
    for name in ("allowed", "restricted"):
        yield from _words(("risk", name), getattr(risk, name))
    both = sorted(_names(risk.allowed) & _names(risk.restricted))
    if both:
        yield ("risk", "restricted"), ", ".join(both), "allowed as well", "take it out of one of the two lists"


def _of_strategy(strategy: StrategySettings, risk: RiskSettings) -> Iterator[Finding]:
    own, of = strategy.risk, f" of strategy {strategy.name}"
    yield from _within(("strategies",), own, of)
    for name, of_all in _OF_ALL.items():
        mine, all_ = getattr(own, name), getattr(risk, of_all)
        if mine is not None and all_ is not None and mine > all_:
            wrong = f"{name}{of} is above risk.{of_all} ({all_}), which holds for it too"
            yield ("strategies",), mine, wrong, f"lower it, or leave it out and raise risk.{of_all}"
    yield from _words(("strategies",), own.allowed)
    foreign = sorted(_names(own.allowed) - _names(risk.allowed)) if risk.allowed else []
    foreign += sorted(_names(own.allowed) & _names(risk.restricted))
    if foreign:
        wrong = f"allowed{of} and not by risk.allowed and risk.restricted, which hold for it too"
        yield ("strategies",), ", ".join(foreign), wrong, "take it out there, or allow it in `risk`"


def _within(path: tuple[str, ...], risk: RiskSettings | StrategyRisk, of: str) -> Iterator[Finding]:
    for lesser, greater in _WITHIN:
        low: Decimal | None = getattr(risk, lesser, None)
        high: Decimal | None = getattr(risk, greater, None)
        if low is not None and high is not None and low > high:
            where = path if of else (*path, lesser)
            name = f"{lesser}{of} " if of else ""
            yield where, low, f"{name}is above {greater} ({high}), which would always refuse first", "lower it"


def _words(path: tuple[str, ...], symbols: tuple[str, ...]) -> Iterator[Finding]:
    for symbol in symbols:
        if not symbol or symbol != symbol.strip():
            yield path, symbol, "is no symbol as the broker writes it", "write it without blanks around it"


def _names(symbols: tuple[str, ...]) -> set[str]:
    return {symbol.upper() for symbol in symbols}
