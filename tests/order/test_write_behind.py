"""What must be on disk before it leaves, and what may follow: neither loses a row, neither keeps an order waiting."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.messages.broker import OrderNotice
from actors.messages.state import JournalRows
from actors.orders.change import Change, Entry
from actors.orders.journal import CHECKPOINT_EVERY, DuplicateKey, Journal
from tests.domain.order_builders import START, execution_report, order, order_report, status_report, terms
from tests.order.neighbours import House, mine


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "orders.db")
    yield opened
    opened.close()


def watched(house: House) -> list[tuple[list[str], bool]]:
    """What Order writes from now on: the kinds of each transaction's rows, and whether its news still wait inside."""
    written: list[tuple[list[str], bool]] = []
    actor = house.order.actor
    write, dirty = actor._records._journal.write, actor.context.mailbox.dirty

    def writing(change: Change) -> Any:
        written.append(([entry.kind for _, entry in change.entries], bool(dirty)))
        return write(change)

    house.order.call(lambda: setattr(actor._records._journal, "write", writing))
    return written


def journalled(house: House, last: str) -> list[str]:
    """The kinds of rows that followers hear of, up to this one."""
    kinds: list[str] = []
    while last not in kinds:
        message = house.heard.get(timeout=5.0)
        if isinstance(message, JournalRows):
            kinds += [row.kind for row in message.items]
    return kinds


def test_what_the_broker_says_is_told_at_once_and_journalled_a_little_later_in_one_transaction(house: House) -> None:
    house.place()
    journalled(house, "sent")
    written = watched(house)
    house.says(order_report(status="PreSubmitted", **mine()), status_report("Submitted", **mine()))
    assert journalled(house, "submitted") == ["presubmitted", "submitted"]
    assert written == [(["presubmitted", "submitted"], False)]


def test_an_execution_is_on_disk_before_anybody_hears_of_it(house: House) -> None:
    house.place()
    journalled(house, "sent")
    written = watched(house)
    house.says(execution_report("a.b.c.01", 4, **mine()))
    assert [(kinds[0], inside) for kinds, inside in written] == [("execution", True)]


def test_that_an_order_is_over_is_on_disk_before_anybody_hears_of_it(house: House) -> None:
    house.place()
    journalled(house, "sent")
    written = watched(house)
    house.says(order_report("Cancelled", **mine()))
    assert journalled(house, "cancelled")
    assert written == [(["cancelled"], True)]


def test_what_is_said_of_an_order_that_is_over_waits_as_it_would_have_before(house: House) -> None:
    house.place()
    house.says(order_report("Cancelled", **mine()))
    journalled(house, "cancelled")
    written = watched(house)
    house.says(OrderNotice(1, 2, 1, 202, "Order Canceled - reason:"))
    assert journalled(house, "notice") == ["notice"]
    assert written == [(["notice"], False)]


def test_a_key_that_exists_takes_nothing_else_of_its_transaction_with_it(journal: Journal) -> None:
    taken = Change()
    taken.intend(order(key="k1", order_id=5), Entry("intent", "k1", {}))
    journal.write(taken)
    gathered = Change()
    gathered.entries.append((START, Entry("noted", "k1", {})))
    again = Change()
    again.intend(order(key="k1", order_id=6, terms=terms(key="k1")), Entry("intent", "k1", {}))
    with pytest.raises(DuplicateKey):
        journal.write(gathered.followed_by(again))
    journal.write(gathered)
    assert [row.kind for row in journal.rows(0, 10)] == ["intent", "noted"]


def test_the_log_is_moved_into_the_main_file_between_orders_and_not_by_one(journal: Journal, tmp_path: Path) -> None:
    for number in range(CHECKPOINT_EVERY):
        change = Change()
        change.intend(order(key=f"k{number}", order_id=number + 1), Entry("intent", f"k{number}", {}))
        journal.write(change)
    assert in_main_file(journal, tmp_path) == 0
    journal.tidy()
    assert in_main_file(journal, tmp_path) == CHECKPOINT_EVERY


def in_main_file(journal: Journal, directory: Path) -> int:
    """How many rows are in the database without its log."""
    alone = directory / "alone.db"
    alone.write_bytes(journal.path.read_bytes())
    with closing(sqlite3.connect(alone)) as shell:
        if not shell.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
            return 0  # not even its tables
        return int(shell.execute("SELECT count(*) FROM journal").fetchone()[0])
