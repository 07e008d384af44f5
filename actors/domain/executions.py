"""What executions do to positions, whoever reported them, each stem once and in its newest revision.

Quantities are signed: positive bought, negative sold. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from actors.domain.fills import revision, stem
from actors.messages.broker import ExecutionReport
from actors.messages.market import Contract

# Executions of these types do not move a position of their own contract, so they are known but not
# judged: a currency trade (CASH) moves two cash balances, and what IB lists as its position are balances;
# a combo (BAG) is reported a second time leg by leg.
NOT_A_POSITION = frozenset({"CASH", "BAG"})

_SIGNS = {"BUY": 1, "SELL": -1}

Place = tuple[str, int]
"""Account and contract id: where a position is."""


@dataclass(frozen=True, slots=True)
class SignedExecution:
    """One execution, as far as positions are concerned."""

    exec_id: str
    account: str
    con_id: int
    symbol: str
    quantity: Decimal
    at: datetime

    @property
    def stem(self) -> str:
        """What it shares with its corrections."""
        return stem(self.exec_id)

    @property
    def place(self) -> Place:
        """Where it is an execution."""
        return (self.account, self.con_id)


class JournalledExecution(msgspec.Struct):
    """What is needed here of an `execution` row of the order journal."""

    exec_id: str
    account: str
    con_id: int
    symbol: str
    sec_type: str
    side: str
    quantity: Decimal
    time: datetime

    @property
    def contract(self) -> Contract:
        """What was traded, as far as the row says."""
        return Contract(self.symbol, self.sec_type, con_id=self.con_id)


def signed(report: ExecutionReport | JournalledExecution) -> SignedExecution:
    """What was reported, as a movement."""
    return SignedExecution(
        exec_id=report.exec_id,
        account=report.account,
        con_id=report.contract.con_id,
        symbol=report.contract.symbol,
        quantity=_SIGNS[report.side] * report.quantity,
        at=report.time,
    )


class KnownExecutions:
    """Every execution heard of, whoever told first, with a log of what was learned in which order."""

    def __init__(self, executions: Iterable[SignedExecution] = (), contracts: Iterable[Contract] = ()) -> None:
        self.not_positions: set[int] = set()
        self._by_stem: dict[str, SignedExecution] = {}
        self._symbols: dict[int, str] = {}
        self._log: list[SignedExecution] = []
        self._forgotten = 0
        self.learn(executions)
        self.meet(contracts)

    @property
    def mark(self) -> int:
        """Where the log stands, for `since`."""
        return self._forgotten + len(self._log)

    def learn(self, executions: Iterable[SignedExecution]) -> None:
        """Add executions; one that is known, or corrected already, changes nothing."""
        for execution in executions:
            old = self._by_stem.get(execution.stem)
            if old is None or revision(execution.exec_id) > revision(old.exec_id):
                self._by_stem[execution.stem] = execution
                self._symbols[execution.con_id] = execution.symbol
                self._log.append(execution)

    def since(self, mark: int) -> tuple[SignedExecution, ...]:
        """What was learned after the log stood at `mark`, corrections after what they correct."""
        return tuple(self._log[mark - self._forgotten :])

    def meet(self, contracts: Iterable[Contract]) -> None:
        """Remember what these contracts are called, and which of them have no positions."""
        for contract in contracts:
            self._symbols[contract.con_id] = contract.symbol
            if contract.sec_type in NOT_A_POSITION:
                self.not_positions.add(contract.con_id)

    def symbol(self, con_id: int) -> str:
        """The contract's symbol, or its number in words when nobody named it."""
        return self._symbols.get(con_id, f"contract {con_id}")

    def forget(self, age: timedelta, reported: Collection[str]) -> tuple[str, ...]:
        """Drop, and return, the stems that lie more than `age` before the newest execution and are not `reported`.

        What the broker still reports must stay: it would look new when it is reported again. The log
        starts afresh.
        """
        self._forgotten += len(self._log)
        self._log.clear()
        if not self._by_stem:
            return ()
        limit = max(execution.at for execution in self._by_stem.values()) - age
        old = [name for name, execution in self._by_stem.items() if execution.at < limit and name not in reported]
        for name in old:
            del self._by_stem[name]
        return tuple(old)

    def snapshot(self) -> Mapping[str, SignedExecution]:
        """What is known now, by stem; later learning does not change it."""
        return dict(self._by_stem)
