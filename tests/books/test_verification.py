"""Whoever touches a row of the journal or of the audit trail is found out, and the row is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.books.files import Unreadable
from actors.domain.audit_chain import GENESIS, Head, append
from actors.orders.journal import Journal
from actors.store.audit import AuditTrail
from actors.store.database import Database
from tests.books.shelf import charge, copied, editing, follow, named, place, shelf, verified
from tests.domain.order_builders import START
from tests.support.disk import damage

PAGE = 4096
TABLES = {"orders.db": "journal", "state.db": "audit"}
TEXTS = {"orders.db": ("at", "kind", "key", "data"), "state.db": ("at", "kind", "key", "data", "previous_hash", "hash")}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return shelf(tmp_path / "whole")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf(tmp_path_factory.mktemp("books") / "pristine")


def edit(path: Path, *statements: str) -> None:
    with editing(path) as db:
        for statement in statements:
            db.execute(statement)


def test_what_nobody_touched_is_whole_and_ends_where_the_trail_ends(whole: Path) -> None:
    database = Database(whole / "state.db")
    head = AuditTrail(database).head
    database.close()
    seen = verified(whole, head)
    assert (seen.found, seen.head, seen.rows, seen.followed, seen.unfollowed) == (0, head, 10, 9, 0)


# --- any byte -----------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_byte_of_any_column_of_any_row_of_either_file_that_is_another_is_found_and_its_row_named(
    pristine: Path, data: st.DataObject
) -> None:
    file = data.draw(st.sampled_from(sorted(TABLES)))
    table, column = TABLES[file], data.draw(st.sampled_from(TEXTS[file]))
    with TemporaryDirectory() as temporary:
        books = copied(pristine, Path(temporary) / "copy")
        with editing(books / file) as db:
            rows = db.execute(f"SELECT sequence, CAST({column} AS BLOB) FROM {table} WHERE {column} <> ''").fetchall()
            row, stored = data.draw(st.sampled_from(rows))
            value = bytearray(stored)
            value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
            db.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE sequence = ?", (bytes(value), row))
        assert (file, table, row) in named(books)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_row_of_either_file_under_another_number_is_found(pristine: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted(TABLES)))
    row, number = data.draw(st.integers(1, 9)), data.draw(st.integers(-5, 0) | st.integers(11, 2**40))
    column = data.draw(st.sampled_from(("sequence", "journal_sequence") if file == "state.db" else ("sequence",)))
    with TemporaryDirectory() as temporary:
        books = copied(pristine, Path(temporary) / "copy")
        edit(books / file, f"UPDATE {TABLES[file]} SET {column} = {number} WHERE sequence = {row}")
        assert {name for name, _, found in named(books) if found in (row, number)} >= {file}


def stored(path: Path, table: str) -> list[tuple[object, ...]]:
    """Everything that anybody can read of a table, with its types."""
    with closing(sqlite3.connect(path)) as db:
        columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
        types = ", ".join(f"{column}, typeof({column})" for column in columns)
        return db.execute(f"SELECT {types} FROM {table} ORDER BY rowid").fetchall()


@pytest.mark.parametrize("file", sorted(TABLES))
def test_any_byte_of_the_page_on_which_the_rows_lie_is_found_if_anybody_can_read_a_difference(
    tmp_path: Path, file: str
) -> None:
    books = shelf(tmp_path / "books", orders=1)
    path, table = books / file, TABLES[file]
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    true, raw = stored(path, table), path.read_bytes()
    page = (root - 1) * PAGE
    first = page + int.from_bytes(raw[page + 5 : page + 7], "big")  # where the contents of its rows begin
    assert first < page + PAGE - 500
    same = 0
    with path.open("r+b", buffering=0) as disk:
        for place_ in range(first, page + PAGE):
            disk.seek(place_)
            disk.write(bytes([raw[place_] ^ 1 << place_ % 8]))
            if not verified(books).found:
                assert stored(path, table) == true
                same += 1
            disk.seek(place_)
            disk.write(raw[place_ : place_ + 1])
    assert same <= len(true), "one byte a row stands for its number, which is stored elsewhere"


# --- rows that come, go and change places -------------------------------------------------------------

ROW = "INSERT INTO journal SELECT {}, at, kind, key, data FROM journal WHERE sequence = 3"
EDITS = {
    "removed": (("DELETE FROM journal WHERE sequence = 5",), [5]),
    "two removed": (("DELETE FROM journal WHERE sequence IN (5, 6)",), [5, 6]),
    "cut off the end": (("DELETE FROM journal WHERE sequence >= 8",), [8, 9]),
    "all removed": (("DELETE FROM journal",), [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    "swapped": (
        (
            "UPDATE journal SET sequence = 100 WHERE sequence = 2",
            "UPDATE journal SET sequence = 2 WHERE sequence = 5",
            "UPDATE journal SET sequence = 5 WHERE sequence = 100",
        ),
        [2, 5],
    ),
    "inserted before the first": ((ROW.format(0),), [0]),
    "inserted beyond a gap": ((ROW.format(12),), [10]),
    "a key of another order": (("UPDATE journal SET key = 'schlüssel-3' WHERE sequence = 4",), [4]),
}


@pytest.mark.parametrize(("statements", "rows"), EDITS.values(), ids=EDITS)
def test_a_journal_row_that_came_went_or_changed_places_is_named(
    whole: Path, statements: tuple[str, ...], rows: list[int]
) -> None:
    edit(whole / "orders.db", *statements)
    assert [found for found in named(whole) if found[1] == "journal"] == [("orders.db", "journal", row) for row in rows]


def test_rows_cut_off_the_journal_before_the_trail_followed_them_are_missed(whole: Path) -> None:
    journal = Journal(whole / "orders.db")
    place(journal, 4)
    journal.close()
    assert verified(whole).unfollowed == 3
    assert verified(whole).found == 0
    edit(whole / "orders.db", "DELETE FROM journal WHERE sequence > 10")
    (finding,) = verified(whole).findings
    assert (finding.row, finding.problem) == (11, "rows 11 to 12 are missing: rows up to 12 were written")


def test_a_row_removed_from_the_trail_is_named_and_no_row_of_the_journal_is_suspected(whole: Path) -> None:
    edit(whole / "state.db", "DELETE FROM audit WHERE sequence = 4")
    assert named(whole) == [("state.db", "audit", 4)]


def test_every_row_that_was_touched_is_told_not_the_first_alone(whole: Path) -> None:
    edit(whole / "orders.db", "UPDATE journal SET data = '{}' WHERE sequence IN (2, 7)")
    edit(whole / "state.db", "UPDATE audit SET key = 'x' WHERE sequence = 5")
    assert named(whole) == [("orders.db", "journal", 2), ("state.db", "audit", 5), ("orders.db", "journal", 7)]


def test_what_differs_is_shown(whole: Path) -> None:
    edit(whole / "orders.db", 'UPDATE journal SET data = replace(data, \'"quantity":"10"\', \'"quantity":"90"\')')
    problem = verified(whole).findings[0].problem
    assert '"quantity":"90"' in problem
    assert '"quantity":"10"' in problem
    assert problem.endswith("(audit row 2)")


# --- a chain that is rewritten as a whole ---------------------------------------------------------------


def rewritten(books: Path) -> None:
    """What somebody does who knows the program: both files changed, and every hash made to fit."""
    with editing(books / "orders.db") as db:
        db.execute("UPDATE journal SET data = replace(data, 'AAPL', 'MSFT') WHERE sequence = 1")
    with editing(books / "state.db") as db:
        db.execute("UPDATE audit SET data = replace(data, 'AAPL', 'MSFT') WHERE journal_sequence = 1")
        head = Head()
        columns = "sequence, journal_sequence, at, kind, key, data"
        for number, journal, at, kind, key, data in db.execute(f"SELECT {columns} FROM audit").fetchall():
            row = append(head, journal_sequence=journal, at=at, kind=kind, key=key, data=data)
            hashes = (head.hash, row.hash.decode(), number)
            db.execute("UPDATE audit SET previous_hash = ?, hash = ? WHERE sequence = ?", hashes)
            head = Head(number, row.hash.decode())


def test_a_chain_that_was_rewritten_as_a_whole_does_not_agree_with_a_head_noted_before(whole: Path) -> None:
    noted = verified(whole).head
    rewritten(whole)
    assert named(whole) == []
    assert named(whole, noted) == [("state.db", "audit", noted.sequence)]


def test_a_trail_whose_end_was_cut_off_does_not_reach_a_head_noted_before(whole: Path) -> None:
    noted = verified(whole).head
    edit(whole / "state.db", "DELETE FROM audit WHERE sequence > 8")
    seen = verified(whole)
    assert (seen.found, seen.unfollowed) == (0, 2)
    (finding,) = verified(whole, noted).findings
    assert (finding.row, finding.problem) == (10, "the row of the noted head is missing: the trail ends at row 8")
    assert named(whole, Head(0, GENESIS)) == []


# --- another journal ------------------------------------------------------------------------------------


def replace(books: Path) -> None:
    """What State does when it finds that the journal is another one."""
    database = Database(books / "state.db")
    trail = AuditTrail(database)
    with database.transaction():
        trail.append(START, "journal_replaced", "", "journal row 9 is not the one stored")
        trail.follow_anew()
        journal = Journal(books / "orders.db")
        for row in journal.rows(0, 100):
            trail.append(row.at, row.kind, row.key, row.data, journal_sequence=row.sequence)
        journal.close()
    database.close()


def test_a_row_that_was_edited_and_followed_a_second_time_is_named_by_its_first_record(whole: Path) -> None:
    edit(whole / "orders.db", "UPDATE journal SET data = '{}' WHERE sequence = 9")
    replace(whole)
    assert named(whole) == [("orders.db", "journal", 9)]
    assert verified(whole).replaced == 1


def test_a_journal_that_lost_its_end_is_missed_by_the_record_of_before(whole: Path) -> None:
    edit(whole / "orders.db", "DELETE FROM journal WHERE sequence > 7", "UPDATE sqlite_sequence SET seq = 7")
    replace(whole)
    assert named(whole) == [("orders.db", "journal", 8), ("orders.db", "journal", 9)]


def test_a_journal_followed_a_second_time_without_any_difference_is_whole(whole: Path) -> None:
    replace(whole)
    assert verified(whole).found == 0


# --- what follows from the journal ----------------------------------------------------------------------

DERIVED = {
    "status": ("UPDATE orders SET status = 'FILLED' WHERE key = 'schlüssel-2'", "orders", "has status FILLED"),
    "filled": ("UPDATE orders SET filled = '7' WHERE key = 'schlüssel-2'", "orders", "filled 7"),
    "order removed": ("DELETE FROM orders WHERE key = 'schlüssel-2'", "orders", "order schlüssel-2 is missing"),
    "order made up": ("UPDATE orders SET key = 'x' WHERE order_id = 2", "orders", "order x is nowhere in the journal"),
    "price": ("UPDATE executions SET price = 1.0 WHERE order_id = 2", "executions", "execution 00e.2.01"),
    "quantity": ("UPDATE executions SET quantity = '9' WHERE order_id = 2", "executions", "execution 00e.2.01"),
    "execution removed": ("DELETE FROM executions WHERE order_id = 2", "executions", "execution 00e.2.01"),
    "order's quantity": ("UPDATE orders SET quantity = '77' WHERE order_id = 2", "orders", "has quantity 77"),
    "order's limit": ("UPDATE orders SET limit_price = 1.5 WHERE order_id = 2", "orders", "has limit_price 1.5"),
    "what is read back": (
        "UPDATE orders SET quantity = '77', state = json_set(state, '$.terms[3]', '77') WHERE order_id = 2",
        "orders",
        "has quantity 77 in its state, the journal 10",
    ),
    "no state": ("UPDATE orders SET state = '{}' WHERE order_id = 2", "orders", "has a state that cannot be read"),
    "execution's strategy": ("UPDATE executions SET strategy = 'x' WHERE order_id = 2", "executions", "00e.2.01"),
    "commission": ("UPDATE commissions SET commission = '0' WHERE exec_id = '00e.2.01'", "commissions", "00e.2.01"),
    "commission removed": ("DELETE FROM commissions WHERE exec_id = '00e.2.01'", "commissions", "00e.2.01"),
    "commission made up": ("INSERT INTO commissions VALUES ('y.01', '1', 'USD', NULL)", "commissions", "y.01"),
    "execution made up": ("UPDATE executions SET exec_id = 'y.01' WHERE order_id = 2", "executions", "execution y.01"),
}


@pytest.mark.parametrize(("statement", "table", "words"), DERIVED.values(), ids=DERIVED)
def test_orders_executions_and_commissions_that_are_not_as_the_journal_has_them_are_named(
    whole: Path, statement: str, table: str, words: str
) -> None:
    charge(whole, 2)
    follow(whole)
    assert named(whole) == []
    edit(whole / "orders.db", statement)
    findings = verified(whole).findings
    assert {one.table for one in findings} == {table}
    assert any(words in one.problem for one in findings)


def test_words_that_another_version_would_put_otherwise_are_no_finding(whole: Path) -> None:
    edit(whole / "orders.db", "UPDATE orders SET reason = 'in other words' WHERE key = 'schlüssel-2'")
    assert named(whole) == []


# --- files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(TABLES))
def test_a_file_that_is_gone_or_damaged_is_a_finding(whole: Path, file: str) -> None:
    damage(whole / file)
    assert file in {name for name, _, _ in named(whole)}
    (whole / file).unlink()
    assert (file, "", 0) in named(whole)


IN_THE_PLACE_OF_OURS = {
    "journal's number is text": ("orders.db", "sequence || '' AS sequence"),
    "journal's number is none": ("orders.db", "nullif(sequence, 4) AS sequence"),
    "trail's number is text": ("state.db", "sequence || '' AS sequence, journal_sequence"),
    "trail's number is none": ("state.db", "nullif(sequence, 4) AS sequence, journal_sequence"),
    "trail's journal number": ("state.db", "sequence, journal_sequence || '' AS journal_sequence"),
}


@pytest.mark.parametrize(("file", "numbers"), IN_THE_PLACE_OF_OURS.values(), ids=IN_THE_PLACE_OF_OURS)
def test_a_table_in_the_place_of_ours_with_numbers_that_are_none_is_a_finding(
    whole: Path, file: str, numbers: str
) -> None:
    table = TABLES[file]
    edit(whole / file, f"CREATE TABLE other AS SELECT {numbers}, {', '.join(TEXTS[file])} FROM {table}")
    edit(whole / file, f"DROP TABLE {table}", f"ALTER TABLE other RENAME TO {table}")
    assert file in {name for name, _, _ in named(whole)}


def test_a_counter_that_is_no_number_is_a_finding(whole: Path) -> None:
    edit(whole / "orders.db", "UPDATE sqlite_sequence SET seq = 'x'")
    assert named(whole) == [("orders.db", "sqlite_sequence", 0)]


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.books.files.BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(whole / "state.db", isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("DELETE FROM cache_times")
        with pytest.raises(Unreadable, match="locked") as raised:
            verified(whole)
    assert not raised.value.damaged


def test_verifying_changes_neither_file(whole: Path) -> None:
    before = {name: (whole / name).read_bytes() for name in TABLES}
    verified(whole)
    assert {name: (whole / name).read_bytes() for name in TABLES} == before
    assert [path.name for path in whole.glob("*-wal") if path.stat().st_size] == []


def test_the_trail_goes_on_where_it_is_whole(whole: Path) -> None:
    journal = Journal(whole / "orders.db")
    place(journal, 4)
    journal.close()
    noted = verified(whole).head
    follow(whole)
    seen = verified(whole, noted)
    assert (seen.found, seen.unfollowed, seen.rows) == (0, 0, 14)
