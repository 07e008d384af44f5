"""What somebody's own executions add up to, contract by contract: each counted once, corrections in place. Pure.

A symbol means its shares, futures or currency. Options are asked for by their contract, since a symbol has hundreds;
a combo is as many whole ones as its legs make up. The combo's own executions are no positions: its legs' are.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Final

from actors.domain.combos import whole_combos
from actors.domain.fills import COMBO, FillLedger, Recorded
from actors.messages.market import Combo, Contract
from actors.messages.orders import Execution
from supervision.errors import Rejected

_BY_CONTRACT_ONLY: Final = frozenset({"OPT", "FOP", "WAR", "IOPT"})


class OwnPositions:
    """Signed quantities by contract; negative is short."""

    def __init__(self) -> None:
        self._fills = FillLedger()
        self._held: defaultdict[int, Decimal] = defaultdict(Decimal)
        self._in_account: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
        self._of_symbol: defaultdict[str, set[int]] = defaultdict(set)

    def count(self, execution: Execution) -> bool:
        """Count an execution; False when it was known, or corrects one that was."""
        before = self._fills.find(execution.exec_id)
        recorded = self._fills.record(execution)
        if recorded is Recorded.KNOWN:
            return False
        if before is not None:
            self._move(before, -1)
        self._move(execution, 1)
        return recorded is Recorded.NEW

    def held(self, account: str, con_id: int) -> Decimal:
        """What is held of one contract in one account."""
        return self._in_account[account, con_id]

    def of(self, contract: str | Contract | Combo) -> Decimal:
        """What is held of a symbol, a contract with its id, or a combo with its legs. Rejected when it is none."""
        if isinstance(contract, str):
            return sum((self._held[con_id] for con_id in self._of_symbol.get(contract, ())), Decimal(0))
        if isinstance(contract, Combo):
            raise Rejected(
                "the position in a combo is found by its legs' con_ids; resolve the combo (ResolveContract)",
                kind="contract",
            )
        if contract.legs:
            return whole_combos(contract.legs, self._held)
        if not contract.con_id:
            raise Rejected(
                f"the position in {contract.symbol} {contract.sec_type} is found by its con_id; resolve the contract",
                kind="contract",
            )
        return self._held.get(contract.con_id, Decimal(0))

    def _move(self, execution: Execution, sign: int) -> None:
        if execution.sec_type == COMBO:
            return
        signed = execution.quantity if execution.side == "BUY" else -execution.quantity
        self._held[execution.con_id] += sign * signed
        self._in_account[execution.account, execution.con_id] += sign * signed
        if execution.sec_type not in _BY_CONTRACT_ONLY:
            self._of_symbol[execution.symbol].add(execution.con_id)
