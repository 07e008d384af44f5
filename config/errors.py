"""The two ways a configuration can stop the service, in words a person can act on.

A value that is wrong (exit 78) names key, value, source and fix. A value that is right but would
let orders reach a market that nobody unlocked (exit 10) is refused by an interlock.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Problem:
    """One wrong value: the dotted key, the value as it was read, where it was read, what is wrong, how to fix it."""

    key: str
    value: object
    source: str
    wrong: str
    fix: str

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, Decimal) else repr(self.value)
        return f"{self.key} = {value} ({self.source}): {self.wrong}. Fix: {self.fix}"


class SettingsError(Exception):
    """The configuration cannot be used; `problems` is never empty."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class InterlockError(Exception):
    """The configuration is well formed, but trading with it is not allowed; every reason is told."""

    def __init__(self, refused: str, *reasons: str) -> None:
        several = "".join(f"\n  {reason}" for reason in reasons)
        super().__init__(f"{refused}: {reasons[0]}" if len(reasons) == 1 else f"{refused}:{several}")
