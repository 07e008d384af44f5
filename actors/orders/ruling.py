"""What was decided about an order: kept with its numbers, told in words, both of the same verdicts and facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from actors.domain.risk.facts import Facts
from actors.domain.risk.told import numbers, told
from actors.domain.risk.verdict import NONE, Verdict
from actors.messages.risk import Decision


class Ruling(NamedTuple):
    """All verdicts on one order. `reduces`: it reduces positions and nothing else; `figures`: its account, in words."""

    allowed: bool
    reduces: bool
    verdicts: tuple[Verdict, ...]
    facts: Facts
    figures: str
    at: datetime

    def decision(self) -> Decision:
        """In words, as `why` shows it."""
        verdicts = tuple(one.words() for one in self.verdicts)
        return Decision(self.allowed, verdicts, told(self.facts, self.figures), self.at)

    def kept(self) -> dict[str, Any]:
        """As the row of an intent has it: the facts, and of each rule that has a limit its value and that limit."""
        rules = {one.rule: (one.value, one.limit) for one in self.verdicts if one.limit != NONE}
        return {"facts": numbers(self.facts, self.figures), "rules": rules}

    def refused(self) -> dict[str, Any]:
        """The same in words, for the row of a refusal, which has no order beside it."""
        decision = self.decision()
        rules = {one.rule: (one.value, one.limit) for one in decision.verdicts if one.limit != NONE}
        return {"facts": decision.facts, "rules": rules}
