"""Both databases of a service, written by the code that writes them in one, in a process of the test's own."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.books.verification import Verification, Verified
from actors.domain.audit_chain import Head
from actors.domain.fills import Commission
from actors.domain.order_words import execution_facts, facts
from actors.messages.orders import Execution
from actors.orders.change import Change, Entry
from actors.orders.journal import Journal
from actors.store.audit import AuditTrail
from actors.store.database import Database
from tests.domain.order_builders import START, order, terms

TRIGGERS = ("journal_is_not_changed", "journal_is_not_cut")


def place(journal: Journal, number: int) -> None:
    """One order as Order writes it: its intent, an acknowledgement, an execution."""
    key = f"schlüssel-{number}"
    intent = order(key=key, order_id=number, terms=terms(key=key))
    change = Change()
    change.intend(intent, Entry("intent", key, facts(intent)))
    journal.write(change)
    change = Change()
    after = msgspec.structs.replace(intent, reported="SUBMITTED")
    at = START + timedelta(seconds=number)
    change.entries.append((at, Entry("submitted", key, facts(after))))
    change.orders[key] = after
    execution = Execution(
        f"00e.{number}.01", key, number, 900, 17, "DU1", "AAPL", 265598, "BUY", Decimal(1), 150.5, "SMART", at
    )
    change.entries.append((at, Entry("execution", key, execution_facts(execution))))
    change.executions[execution.exec_id] = execution
    journal.write(change)


def charge(directory: Path, number: int) -> None:
    """The commission of that order's execution, as Order writes it; State has not followed it yet."""
    paid = Commission(f"00e.{number}.01", Decimal("1.25"), "USD", Decimal("-0.5"))
    told = {"exec_id": paid.exec_id, "commission": paid.commission, "currency": "USD", "realized": paid.realized}
    change = Change()
    change.entries.append((START, Entry("commission", f"schlüssel-{number}", told)))
    change.commissions[paid.exec_id] = paid
    journal = Journal(directory / "orders.db")
    journal.write(change)
    journal.close()


def follow(directory: Path) -> None:
    """What State does: the rows it does not have yet, between observations of its own."""
    database, journal = Database(directory / "state.db"), Journal(directory / "orders.db")
    trail = AuditTrail(database)
    with database.transaction():
        trail.append(START, "session_up", "", '{"epoch":1}')
        for row in journal.rows(trail.followed, 10_000):
            trail.append(row.at, row.kind, row.key, row.data, journal_sequence=row.sequence)
    database.close()
    journal.close()


def shelf(directory: Path, orders: int = 3) -> Path:
    """A directory with both databases, three journal rows an order, all of them followed."""
    directory.mkdir(exist_ok=True)
    journal = Journal(directory / "orders.db")
    for number in range(1, orders + 1):
        place(journal, number)
    journal.close()
    follow(directory)
    return directory


def copied(directory: Path, target: Path) -> Path:
    """The same databases elsewhere."""
    return Path(shutil.copytree(directory, target))


@contextmanager
def editing(path: Path) -> Iterator[sqlite3.Connection]:
    """A shell on a database, with what would keep somebody from editing the journal out of the way."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for trigger in TRIGGERS:
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        yield db
        db.commit()


def verified(directory: Path, wanted: Head | None = None) -> Verified:
    return Verification(directory, wanted, lambda _done, _total: None).run()


def named(directory: Path, wanted: Head | None = None) -> list[tuple[str, str, int]]:
    """File, table and row of every finding."""
    return [(one.file, one.table, one.row) for one in verified(directory, wanted).findings]
