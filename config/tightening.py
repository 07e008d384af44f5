"""Limits are tightened while the service runs, and loosened only by a restart: which limits a reload would loosen.

One table says for each setting what looser means; a setting of a limit that is not in it is a fault that a test
finds. What a reload tightened is what the next one is compared with, and the limits of a strategy that was taken out
are remembered, so that no detour over several reloads loosens anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from config.errors import Problem
from config.settings import Section, Settings, StrategyRisk

_FIX: Final = "stop and start the service: limits are tightened live and loosened only by a restart"


def _more(before: Any, after: Any) -> bool:
    """Of a limit that is not exceeded; None is no limit."""
    return before is not None and (after is None or after > before)


def _less(before: Any, after: Any) -> bool:
    """Of a limit that is not fallen short of; None is no limit."""
    return before is not None and (after is None or after < before)


def _off(before: bool, after: bool) -> bool:
    return before and not after


def _wider(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Of a list outside of which nothing is traded; an empty one allows everything."""
    return bool(before) and (not after or not _names(after) <= _names(before))


def _shorter(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    return not _names(before) <= _names(after)


def _names(symbols: tuple[str, ...]) -> set[str]:
    return {symbol.upper() for symbol in symbols}


LOOSER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "max_order_value": _more,
    "max_order_quantity": _more,
    "max_position_value": _more,
    "max_gross_exposure": _more,
    "max_open_orders": _more,
    "orders_per_minute": _more,
    "orders_per_minute_each": _more,
    "orders_per_day": _more,
    "price_collar": _more,
    "duplicate_window": _less,
    "buying_power": _off,
    "market_hours": _off,
    "allowed": _wider,
    "restricted": _shorter,
    "reduce_at": _more,
    "halt_at": _more,
    "unknown_after": _more,
    "margin_cushion": _less,
    "protection_grace": _more,
    "protect": _off,
}
"""For each limit, by the name of its setting: whether the second value is looser than the first."""


class Ratchet:
    """The limits of the running service; the age at which a quote is not fresh any more is one of them."""

    def __init__(self, settings: Settings) -> None:
        self._strategies: dict[str, StrategyRisk] = {}
        self.take(settings)

    def loosened(self, wanted: Settings) -> list[Problem]:
        """Every limit that these settings would loosen."""
        problems = [*_compared("risk", self._risk, wanted.risk)]
        if wanted.market_data.stale_after > self._stale_after:
            problems.append(_problem("market_data.stale_after", self._stale_after, wanted.market_data.stale_after))
        for strategy in wanted.strategies:
            before = self._strategies.get(strategy.name)
            if before is not None:
                problems += _compared(f"strategies ({strategy.name}).risk", before, strategy.risk)
        return problems

    def take(self, settings: Settings) -> None:
        """These are the limits from now on."""
        self._risk = settings.risk
        self._stale_after = settings.market_data.stale_after
        self._strategies.update({strategy.name: strategy.risk for strategy in settings.strategies})


def _compared(path: str, before: Section, after: Section) -> Iterator[Problem]:
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, Section):
            yield from _compared(f"{path}.{name}", old, new)
        elif LOOSER[name](old, new):
            yield _problem(f"{path}.{name}", old, new)


def _problem(key: str, old: object, new: object) -> Problem:
    wrong = f"looser than the limit of the running service, which is {_told(old)}"
    return Problem(key, _told(new), "all layers", wrong, _FIX)


class _Told(str):
    """A value in words, shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _told(value: object) -> _Told:
    if isinstance(value, tuple):
        return _Told(f"[{', '.join(value)}]")
    return _Told("no limit" if value is None else value)
