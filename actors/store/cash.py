"""Cash in reconciliation: when a balance counts, what state.db keeps of it, and what a cut says about it.

A balance counts when REST has passed since State last learned of an execution. Where the next judgement starts from
is stored in the same transaction as the cut.
"""

from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal

from actors.domain import differences
from actors.domain.cash import REST, CashBaseline, CashVerdict, Movement, balances, judge, movements, opaque
from actors.domain.cut import Cut
from actors.domain.executions import KnownExecutions
from actors.messages.state import Difference
from actors.store.database import Database


class CashJudge:
    """Judges the cash of one cut after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._moved: dict[str, Movement] = {}
        self._mark = -1
        self._quiet_since = time.monotonic()
        self._verdict: CashVerdict | None = None
        self.session_since: datetime | None = None
        """When the session, or the gateway's link to the broker, last came up: balances from before may be old."""
        self.load()

    def load(self) -> None:
        """Begin where the database stands."""
        rows = self._database.query("SELECT account, currency, balance FROM confirmed_cash")
        counted = self._database.query("SELECT stem, exec_id, currency, amount FROM counted_cash")
        self._baseline = CashBaseline(
            {(account, currency): Decimal(balance) for account, currency, balance in rows},
            {
                stem: Movement(exec_id, currency, None if amount is None else Decimal(amount))
                for stem, exec_id, currency, amount in counted
            },
        )

    def look(self, known: KnownExecutions) -> None:
        """An execution may have been learned: then nothing is at rest."""
        if known.mark != self._mark:
            self._mark, self._quiet_since = known.mark, time.monotonic()

    def judge(self, cut: Cut, known: KnownExecutions) -> tuple[Difference, ...]:
        """What the balances say; nothing while accounts trade, nobody could tell, or the cut is not confirmed."""
        self.look(known)
        self._verdict = None
        if cut.executions is not None:
            self._moved |= movements(cut.executions)
        told, held = cut.accounts, cut.positions
        if not cut.confirmed or told is None or held is None or self.session_since is None:
            return ()
        if time.monotonic() - self._quiet_since < REST:
            return ()
        heard = known.snapshot()
        self._moved = {name: one for name, one in self._moved.items() if name in heard}
        now = balances(told, heard, self.session_since)
        self._verdict = judge(self._baseline, now, self._moved, heard, opaque(held))
        return tuple(
            differences.cash(one.account, one.currency, one.expected, one.actual) for one in self._verdict.differences
        )

    def save(self) -> None:
        """Store where the next judgement starts from, in the caller's transaction."""
        if self._verdict is None:
            return
        self._baseline = self._verdict.baseline
        self._database.execute("DELETE FROM confirmed_cash")
        self._database.execute("DELETE FROM counted_cash")
        self._database.execute_many(
            "INSERT INTO confirmed_cash VALUES (?, ?, ?)",
            ((*place, str(balance)) for place, balance in self._baseline.balances.items()),
        )
        self._database.execute_many(
            "INSERT INTO counted_cash VALUES (?, ?, ?, ?)",
            (
                (stem, one.exec_id, one.currency, None if one.amount is None else str(one.amount))
                for stem, one in self._baseline.counted.items()
            ),
        )
