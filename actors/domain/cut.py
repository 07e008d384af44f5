"""One cut through the broker's books: which query comes next, what it answered, and what follows.

Pure. Every query ends confirmed or failed, and a failed one is never an empty answer: it leaves None
in the picture and the cut unconfirmed. Open orders are asked before completed ones, so that an order
which completes in between appears twice rather than not at all; executions are asked first and last,
round the positions. When positions and executions disagree they are asked again after a pause, since
the broker books a fill and moves the position at slightly different times: only a difference that
stays is one. What is in flight grows with every look, so a lag may last as long as all pauses together.
Cash comes last, when Order has what it needs: a cut is confirmed without it, since only rest makes it tell.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from typing import TypeVar

from actors.domain import differences
from actors.domain.executions import KnownExecutions, SignedExecution, signed
from actors.domain.reconciliation import Baseline, Verdict, judge
from actors.messages.account import Accounts
from actors.messages.broker import ExecutionList, OpenOrders
from actors.messages.broker_account import PositionList
from actors.messages.state import ApplyCut, CutPart, CutResult, CutView, Difference, UnexplainedPosition

LOOKS = 3  # how often positions are compared before a difference counts


class Step(Enum):
    """What a cut does next."""

    EXECUTIONS_BEFORE = auto()
    OPEN_ORDERS = auto()
    COMPLETED_ORDERS = auto()
    POSITIONS = auto()
    EXECUTIONS_AFTER = auto()
    SETTLE = auto()
    APPLY = auto()
    CASH = auto()


Answer = OpenOrders | ExecutionList | PositionList | CutResult | Accounts
A = TypeVar("A", OpenOrders, ExecutionList, PositionList, CutResult, Accounts)

PARTS = {
    Step.EXECUTIONS_BEFORE: "executions",
    Step.OPEN_ORDERS: "open_orders",
    Step.COMPLETED_ORDERS: "completed_orders",
    Step.POSITIONS: "positions",
    Step.EXECUTIONS_AFTER: "executions",
    Step.APPLY: "applied",
    Step.CASH: "cash",
}
_NAMES = tuple(dict.fromkeys(PARTS.values()))
_NEEDED = frozenset(_NAMES) - {"cash"}
_LOOK = (Step.POSITIONS, Step.EXECUTIONS_AFTER)


class Cut:
    """A cut in progress. Do `next_step()`, tell `confirm` or `fail`, until there is none; then `finish`."""

    def __init__(
        self,
        number: int,
        epoch: int,
        cause: str,
        known: KnownExecutions,
        baseline: Baseline | None,
        *,
        asked: float,
        started: datetime,
    ) -> None:
        """A cut that begins at the monotonic time `asked`, on the date `started`.

        `known` learns from this cut; `baseline` is what the last confirmed cut left, None before the first.
        """
        self.number = number
        self.verdict: Verdict | None = None
        self._epoch = epoch
        self._cause = cause
        self._started = started
        self._asked = asked
        self._known = known
        self._baseline = baseline
        self._plan = deque(
            [Step.EXECUTIONS_BEFORE, Step.OPEN_ORDERS, Step.COMPLETED_ORDERS, *_LOOK, Step.APPLY, Step.CASH]
        )
        self._looks = 0
        self._before: Mapping[str, SignedExecution] = {}
        self._mark = self._first_mark = known.mark
        self._answers: dict[str, Answer] = {}
        self._errors: dict[str, str] = {}

    @property
    def confirmed(self) -> bool:
        """Whether every part that is needed was answered, and Order took the result."""
        return not self._spoiled and self._answers.keys() >= _NEEDED

    @property
    def executions(self) -> ExecutionList | None:
        """The broker's last list; None when it failed."""
        return self._answer("executions", ExecutionList)

    @property
    def positions(self) -> PositionList | None:
        """The broker's last list; None when it failed."""
        return self._answer("positions", PositionList)

    @property
    def accounts(self) -> Accounts | None:
        """What Account knows of every account; None when it did not answer."""
        return self._answer("cash", Accounts)

    @property
    def learned(self) -> tuple[SignedExecution, ...]:
        """Every execution heard of since the cut started."""
        return self._known.since(self._first_mark)

    @property
    def reported(self) -> frozenset[str]:
        """The stems of all executions in the broker's last list."""
        listed = () if self.executions is None else self.executions.items
        return frozenset(signed(report).stem for report in listed)

    def next_step(self) -> Step | None:
        """What to do now; None when the cut is complete."""
        return self._plan.popleft() if self._plan else None

    def confirm(self, step: Step, answer: Answer) -> None:
        """The query was answered in full."""
        self._answers[PARTS[step]] = answer
        if isinstance(answer, ExecutionList):
            self._known.learn(map(signed, answer.items))
        if isinstance(answer, ExecutionList | PositionList):
            self._known.meet(report.contract for report in answer.items)
        if step is Step.EXECUTIONS_BEFORE:
            self._before, self._mark = self._known.snapshot(), self._known.mark
        elif step is Step.EXECUTIONS_AFTER:
            self._compare_positions()

    def fail(self, step: Step, error: str) -> None:
        """The query was not answered, for this reason. The other parts are still worth having."""
        self._errors.setdefault(PARTS[step], error)

    def abandon(self, error: str) -> None:
        """Nothing more can be asked: every part that was not answered yet fails for this reason."""
        for name in _NAMES:
            if name not in self._answers:
                self._errors.setdefault(name, error)
        self._plan.clear()

    def picture(self) -> ApplyCut:
        """What Order is told: the answers, and None for each query that failed."""
        return ApplyCut(
            cut=self.number,
            epoch=self._epoch,
            orders=self._answer("open_orders", OpenOrders),
            completed=self._answer("completed_orders", OpenOrders),
            executions=self.executions,
            positions=self.positions,
            asked=self._asked,
            unexplained=self._unexplained(),
            uncounted=self._uncounted(),
        )

    def finish(self, now: datetime, cash: tuple[Difference, ...] = ()) -> CutView:
        """The cut as it is stored and shown, with what was found about its `cash`."""
        result = self._answer("applied", CutResult)
        found = () if result is None else result.differences
        return CutView(
            cut=self.number,
            epoch=self._epoch,
            cause=self._cause,
            started=self._started,
            finished=now,
            confirmed=self.confirmed,
            parts=tuple(CutPart(name, self._errors.get(name, ""), self._count(name)) for name in _NAMES),
            differences=(*found, *map(differences.position, self._unexplained()), *cash),
        )

    def _compare_positions(self) -> None:
        if self._spoiled or self.positions is None:
            return
        self._looks += 1
        held = {(report.account, report.contract.con_id): report.quantity for report in self.positions.items}
        since = self._known.since(self._mark)
        self.verdict = judge(self._baseline, self._before, held, since, self._known.not_positions)
        if self.verdict.differences and self._looks < LOOKS:
            self._plan.extendleft(reversed((Step.SETTLE, *_LOOK)))

    def _unexplained(self) -> tuple[UnexplainedPosition, ...]:
        found = () if self.verdict is None or self._spoiled else self.verdict.differences
        return tuple(
            UnexplainedPosition(one.account, one.con_id, self._name(one.con_id), one.expected, one.actual)
            for one in found
        )

    def _uncounted(self) -> tuple[str, ...]:
        """Executions in flight that the positions did not have yet."""
        if self.verdict is None:
            return ()
        counted = self.verdict.baseline.counted
        since = self._known.since(self._mark)
        return tuple(one.exec_id for one in since if counted.get(one.stem) != one.quantity)

    def _name(self, con_id: int) -> str:
        """What tells the contract from others of its symbol, if the broker still lists it."""
        held = () if self.positions is None else self.positions.items
        names = (report.contract.local_symbol for report in held if report.contract.con_id == con_id)
        return next(names, "") or self._known.symbol(con_id)

    @property
    def _spoiled(self) -> bool:
        """Whether a part failed that a confirmed cut needs."""
        return not _NEEDED.isdisjoint(self._errors)

    def _answer(self, name: str, kind: type[A]) -> A | None:
        answer = self._answers.get(name)
        return answer if name not in self._errors and isinstance(answer, kind) else None

    def _count(self, name: str) -> int:
        answer = self._answers.get(name)
        if answer is None:
            return 0
        return len(answer.differences if isinstance(answer, CutResult) else answer.items)
