"""Executions counted once each, and their commissions, which may come before or after them.

An execution id ends in its revision: a correction has the same stem and a higher revision and replaces
what came before, whichever is heard first. So any order and any duplication of the same reports ends
in the same ledger. Not every execution under an order's key fills it: a combo is told as a whole (BAG)
and again leg by leg, an allocated order as a whole and again for each account; what is told again moves
positions only. Pure; money is Decimal, the average price is summed without regard to order.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from decimal import Decimal
from enum import Enum
from math import fsum
from typing import Final

import msgspec

from actors.messages.orders import Execution

NOTHING = Decimal(0)
COMBO: Final = "BAG"  # the broker's security type of a combo
_FIRST_REVISION: Final = 1


class Recorded(Enum):
    """What an execution was to the ledger."""

    NEW = "new"
    CORRECTION = "correction"
    KNOWN = "known"


class Commission(msgspec.Struct, frozen=True):
    """What the broker charged for one execution; `commission` None when it did not say."""

    exec_id: str
    commission: Decimal | None
    currency: str
    realized: Decimal | None


class Totals(msgspec.Struct, frozen=True):
    """What the executions of one order add up to; `average_price` is None before the first.

    `corrected`: an execution was corrected, so statuses from before may have counted more or less.
    """

    filled: Decimal = NOTHING
    average_price: float | None = None
    commission: Decimal = NOTHING
    corrected: bool = False


def stem(exec_id: str) -> str:
    """The execution id without its revision; the whole id when it has none."""
    return exec_id.rpartition(".")[0] or exec_id


def revision(exec_id: str) -> int:
    """Which correction of its stem an execution is; 0 when the id does not say."""
    text = exec_id.rpartition(".")[2]
    return int(text) if text.isdecimal() else 0


class FillLedger:
    """Every execution known, by stem, with the commissions that belong to them."""

    def __init__(self) -> None:
        self._by_stem: dict[str, Execution] = {}
        self._of_order: dict[str, dict[str, Execution]] = {}
        self._commissions: dict[str, Commission] = {}

    def __len__(self) -> int:
        return len(self._by_stem)

    def record(self, execution: Execution) -> Recorded:
        """Count an execution; one with an older revision than the one known is KNOWN."""
        name = stem(execution.exec_id)
        known = self._by_stem.get(name)
        if known is not None and revision(execution.exec_id) <= revision(known.exec_id):
            return Recorded.KNOWN
        self._by_stem[name] = execution
        if known is not None and known.key != execution.key:
            del self._of_order[known.key][name]
        self._of_order.setdefault(execution.key, {})[name] = execution
        return Recorded.NEW if known is None else Recorded.CORRECTION

    def charge(self, commission: Commission) -> bool:
        """Keep a commission; whether it says anything new."""
        if self._commissions.get(commission.exec_id) == commission:
            return False
        self._commissions[commission.exec_id] = commission
        return True

    def forget(self, since: datetime, keys: Container[str]) -> None:
        """Drop executions from before `since`, with their commissions, but those of the orders with these keys."""
        for name, execution in [*self._by_stem.items()]:
            if execution.time < since and execution.key not in keys:
                del self._by_stem[name]
                self._commissions.pop(execution.exec_id, None)
                del self._of_order[execution.key][name]
                if not self._of_order[execution.key]:
                    del self._of_order[execution.key]

    def find(self, exec_id: str) -> Execution | None:
        """The execution that now stands for this id's stem, with its commission."""
        execution = self._by_stem.get(stem(exec_id))
        return None if execution is None else self._charged(execution)

    def owns(self, key: str) -> bool:
        """Whether any execution belongs to the order with this key."""
        return bool(self._of_order.get(key))

    def totals(self, key: str, *, sec_type: str = "", account: str = "") -> Totals:
        """What the executions of one order, for contracts of this type in this account, add up to.

        Commissions are those of the legs, too: the broker charges a combo leg by leg. An `account` that the broker
        does not name is any.
        """
        executions = [
            self._charged(each) for each in self._of_order.get(key, {}).values() if account in ("", each.account)
        ]
        commission = sum((each.commission or NOTHING for each in executions), NOTHING)
        fills = [each for each in executions if sec_type != COMBO or each.sec_type == COMBO]
        filled = sum((each.quantity for each in fills), NOTHING)
        corrected = any(revision(each.exec_id) > _FIRST_REVISION for each in fills)
        if not filled:
            return Totals(commission=commission, corrected=corrected)
        average = fsum(float(each.quantity) * each.price for each in fills) / float(filled)
        return Totals(filled, average, commission, corrected)

    def all(self) -> tuple[Execution, ...]:
        """Every execution with its commission, oldest first."""
        charged = (self._charged(each) for each in self._by_stem.values())
        return tuple(sorted(charged, key=lambda each: (each.time, each.exec_id)))

    def _charged(self, execution: Execution) -> Execution:
        paid = self._commissions.get(execution.exec_id)
        if paid is None:
            return execution
        return msgspec.structs.replace(
            execution, commission=paid.commission, currency=paid.currency, realized=paid.realized
        )
