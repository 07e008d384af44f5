"""Whether positions and executions tell the same story, also while the account trades.

Pure. The expectation is the position of the last confirmed cut plus the executions it had not yet
counted. Executions are asked before and after the positions: those known before must be in the
position, those learned in between (in flight) may be, from the first to the last. So trading never
makes a difference, and a difference is never lost: what one cut cannot tell apart from an execution
in flight stands out in the next, because every execution is counted exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate

from actors.domain.executions import Place, SignedExecution

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Positions of the last confirmed cut, and how much of each execution, by stem, they contain.

    A place that is absent was flat. A quantity of None was in motion when it was first seen: it
    becomes known in the next cut that finds it at rest.
    """

    positions: Mapping[Place, Decimal | None] = field(default_factory=dict)
    counted: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PositionDifference:
    """A position that executions do not explain."""

    account: str
    con_id: int
    expected: Decimal
    actual: Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look at the account says; `baseline` is where the next cut starts from."""

    baseline: Baseline
    differences: tuple[PositionDifference, ...]


@dataclass(slots=True)
class _Movement:
    """What executions did to one place since the baseline: settled ones, then those in flight, in order."""

    settled: Decimal = NOTHING
    changes: list[Decimal] = field(default_factory=list)
    in_flight: list[SignedExecution] = field(default_factory=list)

    def seen_in(self, gap: Decimal) -> int | None:
        """How many of the executions in flight explain a position that is `gap` beyond the settled ones."""
        reached = accumulate(self.changes, initial=NOTHING)
        return next((count for count, total in enumerate(reached) if total == gap), None)


def judge(
    baseline: Baseline | None,
    before: Mapping[str, SignedExecution],
    positions: Mapping[Place, Decimal],
    since: Iterable[SignedExecution],
    not_positions: Collection[int] = (),
) -> Verdict:
    """Compare `positions` with what the baseline and the executions make of it.

    `before` are the executions known, by stem, when the positions were asked for; `since` those learned
    until the positions, and then the executions once more, had been answered, in order. Without a
    baseline nothing is expected. Contracts in `not_positions` are counted but not judged.
    """
    movements = _movements({} if baseline is None else baseline.counted, before, since)
    old = None if baseline is None else baseline.positions
    now: dict[Place, Decimal | None] = {}
    counted = {stem: execution.quantity for stem, execution in before.items()}
    differences: list[PositionDifference] = []
    for place in sorted({*(old or ()), *positions, *movements}):
        account, con_id = place
        if con_id in not_positions:
            continue
        movement, actual = movements.get(place, _Movement()), positions.get(place, NOTHING)
        start = None if old is None else old.get(place, NOTHING)
        expected = None if start is None else start + movement.settled
        seen = None if expected is None else movement.seen_in(actual - expected)
        if expected is not None and seen is None:
            differences.append(PositionDifference(account, con_id, expected, actual))
        if seen is None and movement.in_flight:
            now[place] = None  # nobody can say which of the executions in flight it contains
        elif actual:
            now[place] = actual
        counted.update((execution.stem, execution.quantity) for execution in movement.in_flight[: seen or 0])
    return Verdict(Baseline(now, counted), tuple(differences))


def _movements(
    counted: Mapping[str, Decimal], before: Mapping[str, SignedExecution], since: Iterable[SignedExecution]
) -> dict[Place, _Movement]:
    movements: dict[Place, _Movement] = defaultdict(_Movement)
    for stem, execution in before.items():
        movements[execution.place].settled += execution.quantity - counted.get(stem, NOTHING)
    now = {stem: execution.quantity for stem, execution in before.items()}
    for execution in since:
        movement = movements[execution.place]
        movement.changes.append(execution.quantity - now.get(execution.stem, NOTHING))
        movement.in_flight.append(execution)
        now[execution.stem] = execution.quantity
    return movements
