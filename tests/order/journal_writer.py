"""A process that writes orders to a journal for ever and says so after each commit; it is there to be killed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from actors.orders.change import Change, Entry
from actors.orders.journal import Journal
from tests.domain.order_builders import order, terms


def main() -> None:
    journal = Journal(Path(sys.argv[1]))
    for number in range(1, 1_000_000):
        key = f"k{number}"
        now = datetime.now(UTC)
        intent = order(key=key, order_id=number, terms=terms(key=key), created=now, updated=now)
        change = Change()
        change.intend(intent, Entry("intent", key, {"order_id": number}))
        journal.write(change)
        sys.stdout.write(f"{key} intent\n")
        sys.stdout.flush()
        change = Change()
        change.entries.append((now, Entry("sent", key, {})))
        change.orders[key] = msgspec.structs.replace(intent, reported="SENT")
        journal.write(change)
        sys.stdout.write(f"{key} sent\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
