"""A process that writes both databases as Order and State do, as fast as it can; it is there to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from actors.orders.journal import Journal
from actors.store.audit import AuditTrail
from actors.store.database import Database
from tests.books.shelf import place


def main() -> None:
    directory = Path(sys.argv[1])
    journal, database = Journal(directory / "orders.db"), Database(directory / "state.db")
    trail = AuditTrail(database)
    for number in range(1, 1_000_000):
        place(journal, number)
        if number % 3 == 0:  # State is a little behind
            with database.transaction():
                for row in journal.rows(trail.followed, 1000):
                    trail.append(row.at, row.kind, row.key, row.data, journal_sequence=row.sequence)
        journal.tidy()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
