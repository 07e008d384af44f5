"""Reconciliation in state.db: cuts with their parts and differences, and where the next cut starts from.

A confirmed cut replaces the confirmed positions and what of each execution they contain, in the same
transaction as the cut itself, so that a killed process leaves either all of it or nothing. A
difference that a person must decide, or that locks, stays open until a confirmed cut no longer finds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec

from actors.domain.executions import KnownExecutions, SignedExecution
from actors.domain.reconciliation import Baseline
from actors.messages.market import Contract
from actors.messages.state import CutPart, CutView, Difference
from actors.store.database import Database


class CutStore:
    """The reconciliation tables of one database. The caller opens the transaction for what writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_known(self) -> KnownExecutions:
        """Every execution stored, and every contract that has a name here."""
        rows = self._database.query(
            "SELECT exec_id, account, con_id, symbol, quantity, at FROM known_executions ORDER BY rowid"
        )
        executions = [
            SignedExecution(exec_id, account, con_id, symbol, Decimal(quantity), datetime.fromisoformat(at))
            for exec_id, account, con_id, symbol, quantity, at in rows
        ]
        contracts = self._database.query(
            "SELECT symbol, sec_type, con_id FROM contracts UNION ALL "
            "SELECT symbol, '', con_id FROM confirmed_positions WHERE con_id NOT IN (SELECT con_id FROM contracts)"
        )
        met = (Contract(symbol, sec_type, con_id=con_id) for symbol, sec_type, con_id in contracts)
        return KnownExecutions(executions, met)

    def load_baseline(self) -> Baseline | None:
        """What the last confirmed cut left; None when there never was one."""
        if not self._database.query("SELECT 1 FROM cuts WHERE confirmed = 1 LIMIT 1"):
            return None
        rows = self._database.query("SELECT account, con_id, quantity FROM confirmed_positions")
        positions = {(account, con_id): None if text is None else Decimal(text) for account, con_id, text in rows}
        counted = self._database.query("SELECT stem, counted FROM known_executions")
        return Baseline(positions, {stem: Decimal(text) for stem, text in counted})

    def last_number(self) -> int:
        """The number of the last cut stored; 0 when there is none."""
        return int(self._database.query("SELECT coalesce(max(cut), 0) FROM cuts")[0][0])

    def last(self) -> CutView | None:
        """The last cut that ended."""
        rows = self._database.query("SELECT * FROM cuts ORDER BY cut DESC LIMIT 1")
        if not rows:
            return None
        cut, epoch, cause, started, finished, confirmed = rows[0]
        parts = self._database.query("SELECT name, error, items FROM cut_parts WHERE cut = ? ORDER BY rowid", (cut,))
        found = self._database.query(
            "SELECT kind, subject, ours, theirs, action, repaired, scope, locks, unlock FROM differences "
            "WHERE last_cut = ? ORDER BY id",
            (cut,),
        )
        return CutView(
            cut=cut,
            epoch=epoch,
            cause=cause,
            started=datetime.fromisoformat(started),
            finished=datetime.fromisoformat(finished),
            confirmed=bool(confirmed),
            parts=tuple(CutPart(*row) for row in parts),
            differences=tuple(
                Difference(kind, subject, ours, theirs, action, bool(repaired), scope, bool(locks), unlock)
                for kind, subject, ours, theirs, action, repaired, scope, locks, unlock in found
            ),
        )

    def open_differences(self) -> int:
        """How many differences wait for a person."""
        rows = self._database.query("SELECT count(*) FROM differences WHERE repaired = 0 AND cleared_cut IS NULL")
        return int(rows[0][0])

    def remember(self, executions: Iterable[SignedExecution]) -> None:
        """Store executions, new or corrected; what is counted of them stays."""
        self._database.execute_many(
            "INSERT INTO known_executions VALUES (?, ?, ?, ?, ?, ?, '0', ?) "
            "ON CONFLICT (stem) DO UPDATE "
            "SET exec_id = excluded.exec_id, quantity = excluded.quantity, at = excluded.at",
            (
                (one.stem, one.exec_id, one.account, one.con_id, one.symbol, str(one.quantity), one.at.isoformat())
                for one in executions
            ),
        )

    def save(self, view: CutView) -> None:
        """Store a cut that ended. A confirmed one clears the open differences it no longer found."""
        self._database.execute(
            "INSERT INTO cuts VALUES (?, ?, ?, ?, ?, ?)",
            (view.cut, view.epoch, view.cause, view.started.isoformat(), view.finished.isoformat(), view.confirmed),
        )
        self._database.execute_many(
            "INSERT INTO cut_parts VALUES (?, ?, ?, ?)",
            ((view.cut, part.name, part.error, part.items) for part in view.parts),
        )
        self._database.execute_many(
            "INSERT INTO differences "
            "(cut, last_cut, kind, subject, ours, theirs, action, repaired, scope, locks, unlock) "
            "VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
            "ON CONFLICT (kind, subject) WHERE (repaired = 0 OR locks = 1) AND cleared_cut IS NULL DO UPDATE SET "
            "last_cut = excluded.last_cut, ours = excluded.ours, theirs = excluded.theirs, "
            "action = excluded.action, repaired = excluded.repaired, scope = excluded.scope, "
            "locks = excluded.locks, unlock = excluded.unlock",
            ((view.cut, *msgspec.structs.astuple(one)) for one in view.differences),
        )
        if view.confirmed:
            self._database.execute(
                "UPDATE differences SET cleared_cut = ?1 "
                "WHERE (repaired = 0 OR locks = 1) AND cleared_cut IS NULL AND last_cut < ?1",
                (view.cut,),
            )

    def save_baseline(self, baseline: Baseline, known: KnownExecutions, forgotten: Iterable[str]) -> None:
        """Store where the next cut starts from, and drop executions that nobody reports any more."""
        self._database.execute("DELETE FROM confirmed_positions")
        self._database.execute_many(
            "INSERT INTO confirmed_positions VALUES (?, ?, ?, ?)",
            (
                (account, con_id, known.symbol(con_id), None if quantity is None else str(quantity))
                for (account, con_id), quantity in baseline.positions.items()
            ),
        )
        self._database.execute_many(
            "UPDATE known_executions SET counted = ?1 WHERE stem = ?2 AND counted <> ?1",
            ((str(quantity), stem) for stem, quantity in baseline.counted.items()),
        )
        self._database.execute_many("DELETE FROM known_executions WHERE stem = ?", ((stem,) for stem in forgotten))
