"""What was decided about an order: kept with its numbers, told in words, both of the same verdicts and facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actors.domain.risk.facts import Facts
from actors.domain.risk.reducing import reducing
from actors.domain.risk.told import numbers, told
from actors.domain.risk.verdict import NONE, Verdict
from actors.messages.risk import Decision


class Ruling:
    """All verdicts on one order, and the facts of which they are; `figures` is its account in words."""

    def __init__(self, verdicts: tuple[Verdict, ...], facts: Facts, figures: str, at: datetime) -> None:
        self.verdicts = verdicts
        self.refusals = [one for one in verdicts if one.text]
        self._facts = facts
        self._figures = figures
        self._at = at

    @property
    def reduces(self) -> bool:
        """Whether the order reduces positions and nothing else."""
        return reducing(self._facts)

    def decision(self) -> Decision:
        """In words, as `why` shows it."""
        verdicts = tuple(one.words() for one in self.verdicts)
        return Decision(not self.refusals, verdicts, told(self._facts, self._figures), self._at)

    def kept(self) -> dict[str, Any]:
        """As the row of an intent has it: the facts, and of each rule that has a limit its value and that limit."""
        rules = {one.rule: (one.value, one.limit) for one in self.verdicts if one.limit != NONE}
        return {"facts": numbers(self._facts, self._figures), "rules": rules}

    def refused(self) -> dict[str, Any]:
        """The same in words, for the row of a refusal, which has no order beside it."""
        decision = self.decision()
        rules = {one.rule: (one.value, one.limit) for one in decision.verdicts if one.limit != NONE}
        return {"facts": decision.facts, "rules": rules}
