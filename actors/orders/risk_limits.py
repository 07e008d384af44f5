"""From settings to the limits of one order: those of all, and beside them those of its strategy."""

from __future__ import annotations

from collections.abc import Mapping

from actors.domain.risk.limits import RiskLimits, StrategyLimits
from config.settings import RiskSettings, StrategyRisk


class LimitBook:
    """The limits as they are configured. `quote_age` is the age in seconds at which a quote is not fresh any more."""

    def __init__(self, risk: RiskSettings, strategies: Mapping[str, StrategyRisk], quote_age: float) -> None:
        self._risk = risk
        self._strategies = strategies
        self._quote_age = quote_age
        self._made: dict[str, RiskLimits] = {}

    @property
    def protection_grace(self) -> float:
        """Seconds for which a position may be without the stop it should have."""
        return self._risk.protection_grace

    @property
    def protected(self) -> tuple[str, ...]:
        """The strategies whose positions should have a live stop."""
        return tuple(name for name, own in self._strategies.items() if own.protect)

    def of(self, strategy: str) -> RiskLimits:
        """What orders of a strategy must keep; of one that is not configured, and without any, the limits of all."""
        name = strategy if strategy in self._strategies else ""
        made = self._made.get(name)
        if made is None:
            own = self._strategies.get(name)
            made = self._made[name] = _limits(self._risk, own or StrategyRisk(), self._quote_age)
        return made


def _limits(risk: RiskSettings, own: StrategyRisk, quote_age: float) -> RiskLimits:
    shared = {name: getattr(risk, name) for name in RiskLimits.__struct_fields__ if name in type(risk).model_fields}
    narrower = {name: getattr(own, name) for name in StrategyLimits.__struct_fields__}
    return RiskLimits(**shared, quote_age=quote_age, own=StrategyLimits(**narrower))
