"""What one rule found of one order, with its numbers; words are made of them when somebody reads them. Pure.

An order that leaves is decided long before anybody asks for the words, and mostly nobody ever does. A refusal is
worded at once. Answers of `why`, refusals and the journal are all made from these.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from actors.messages.risk import RuleVerdict

Found = str | int | float | Decimal
"""A number, or words where there is none."""

NONE: Final = "none"
"""What a rule tells as its limit when there is none."""
EXEMPT: Final = "not asked of an order that reduces a position"
NOT_ASKED: Final = "not asked"


class Form(NamedTuple):
    """How numbers of a rule read, where they are no words already; {1} is the unit."""

    value: str = "{0}"
    limit: str = "{0}"


AS_IT_IS: Final = Form()


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Value and limit of one rule; `text` is the refusal, empty when the order passed."""

    rule: str
    value: Found
    limit: Found
    form: Form = AS_IT_IS
    unit: str = ""
    text: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule lets the order through."""
        return not self.text

    def words(self) -> RuleVerdict:
        """The same for people."""
        limit = self.limit.normalize() if isinstance(self.limit, Decimal) else self.limit
        value, accepted = (
            text if isinstance(text, str) else form.format(text, self.unit)
            for form, text in zip(self.form, (self.value, limit), strict=True)
        )
        return RuleVerdict(self.rule, value, accepted, self.text)

    def refused(self, text: str) -> Verdict:
        """The same, but the rule refuses."""
        return Verdict(self.rule, self.value, self.limit, self.form, self.unit, text)
