"""What each account holds at this moment: the positions of the last confirmed cut and the executions since. Pure.

Account hears positions over a way of its own, so that its word may be older or newer than an execution that Order has
counted. Here each execution counts exactly once: one that was known when the cut began is in its positions, one that
was learned later is when the cut says so, else it is added. Times are monotonic seconds. Until a cut was confirmed
nothing is known: no order leaves before that.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

from actors.domain.executions import NOT_A_POSITION, Place
from actors.messages.broker_account import PositionReport
from actors.messages.market import Contract
from actors.messages.orders import Execution

NOTHING = Decimal(0)


class _Movement(NamedTuple):
    """What one execution, or its correction, did to one place, and when it was learned."""

    exec_id: str
    place: Place
    quantity: Decimal
    at: float


class Holdings:
    """Signed quantities by account and contract; negative is short."""

    def __init__(self) -> None:
        self.known = False
        """Whether any cut was confirmed."""
        self.asked = -math.inf
        """When the last one began that was confirmed."""
        self.version = 0
        """How often anything changed."""
        self.contracts: dict[int, Contract] = {}
        """The contracts of the positions that the last cut listed."""
        self._now: defaultdict[Place, Decimal] = defaultdict(Decimal)
        self._moved: dict[Place, float] = {}
        self._since: list[_Movement] = []

    def heard(self, before: Execution | None, after: Execution, at: float) -> None:
        """An execution was booked; `before` is what it corrects."""
        self.version += 1
        for execution, sign in ((before, -1), (after, 1)):
            if execution is not None and execution.sec_type not in NOT_A_POSITION:
                signed = sign * (execution.quantity if execution.side == "BUY" else -execution.quantity)
                movement = _Movement(after.exec_id, (execution.account, execution.con_id), signed, at)
                self._since.append(movement)
                self._now[movement.place] += signed
                self._moved[movement.place] = at

    def confirmed(self, positions: Iterable[PositionReport], contained: Collection[str], asked: float) -> None:
        """A cut that began at `asked` found these positions, in which the executions `contained` are counted."""
        self.known = True
        self.asked = asked
        self.version += 1
        self._since = [each for each in self._since if each.at >= asked and each.exec_id not in contained]
        self._now.clear()
        self.contracts = {}
        for report in positions:
            if report.quantity and report.contract.sec_type not in NOT_A_POSITION:
                self.contracts[report.contract.con_id] = report.contract
                self._now[report.account, report.contract.con_id] += report.quantity
        for movement in self._since:
            self._now[movement.place] += movement.quantity

    def of(self, account: str, con_id: int) -> Decimal:
        """What is held of one contract."""
        return self._now.get((account, con_id), NOTHING)

    def moved(self, account: str, con_id: int) -> float:
        """When an execution in it was last learned."""
        return self._moved.get((account, con_id), -math.inf)

    def all(self, account: str) -> dict[int, Decimal]:
        """What is held of each contract, by its id, without what is flat."""
        return {con_id: held for (name, con_id), held in self._now.items() if name == account and held}
