"""What the caches and the cuts of state.db are given comes out again, also when the file is opened anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec

from actors.domain.executions import SignedExecution
from actors.domain.reconciliation import Baseline
from actors.messages.account import Accounts, Positions
from actors.messages.market import Contract, ContractDetails
from actors.messages.state import CutPart, CutView, Difference, Memory
from actors.store.caches import Caches
from actors.store.cuts import CutStore
from actors.store.database import Database
from tests.state.databases import Databases
from tests.state.samples import ACCOUNT, HELD, NOON, SHORT

# --- caches -------------------------------------------------------------------------------------------


def test_positions_come_back_as_they_were_marked_as_cached(databases: Databases, database: Database) -> None:
    caches = Caches(database)
    assert caches.positions() is None
    with database.transaction():
        caches.store_positions(Positions((HELD, SHORT), NOON, "broker"))

    database = databases.open()
    caches = Caches(database)
    assert caches.positions() == Positions((HELD, SHORT), NOON, "cache")
    with database.transaction():
        caches.store_positions(Positions((), NOON + timedelta(seconds=5), "broker"))
    assert caches.positions() == Positions((), NOON + timedelta(seconds=5), "cache")


def test_what_the_broker_has_not_confirmed_replaces_nothing(database: Database) -> None:
    caches = Caches(database)
    with database.transaction():
        caches.store_positions(Positions((HELD,), NOON, "broker"))
        caches.store_accounts(Accounts((ACCOUNT,)))
        caches.store_positions(Positions((), None, "broker"))
        caches.store_accounts(Accounts((msgspec.structs.replace(ACCOUNT, cash=None, complete=False),)))

    assert caches.positions() == Positions((HELD,), NOON, "cache")
    assert caches.accounts() == Accounts((msgspec.structs.replace(ACCOUNT, source="cache"),))


def test_an_account_without_a_value_any_more_forgets_it(database: Database) -> None:
    caches = Caches(database)
    fewer = msgspec.structs.replace(ACCOUNT, values=ACCOUNT.values[:1], source="cache")
    with database.transaction():
        caches.store_accounts(Accounts((ACCOUNT,)))
        caches.store_accounts(Accounts((fewer,)))

    assert caches.accounts() == Accounts((fewer,))


def test_contracts_and_holds_are_remembered(databases: Databases, database: Database) -> None:
    caches = Caches(database)
    apple = ContractDetails(Contract("AAPL", con_id=265598, primary_exchange="NASDAQ"), "Apple Inc", 0.01)
    option = ContractDetails(Contract("AAPL", "OPT", con_id=7, last_trade_date="20261218", strike=150.0, right="C"))
    with database.transaction():
        caches.store_contracts([option, apple], NOON)
        caches.store_hold(apple, True, NOON)
        caches.store_hold(option, True, NOON)
        caches.store_hold(option, False, NOON)

    database = databases.open()
    assert Caches(database).memory() == Memory(contracts=(option, apple), held=(apple,))


# --- cuts ---------------------------------------------------------------------------------------------

UNKNOWN = Difference("order_missing", "key-1", "UNKNOWN", "absent", "a person must decide", False)
TAKEN = Difference("position", "AAPL in DU1", "10", "12", "took the broker's position", True)


def cut(number: int, *differences: Difference, error: str = "") -> CutView:
    parts = (CutPart("executions", error, 3), CutPart("positions", "", 2))
    return CutView(number, 4, "test", NOON, NOON + timedelta(seconds=1), not error, parts, differences)


def save(database: Database, store: CutStore, view: CutView) -> None:
    with database.transaction():
        store.save(view)


LOCKING = Difference(
    kind="position", subject="AAPL in DU1", ours="10", theirs="12", action="taken", repaired=True,
    scope="AAPL in DU1", locks=True, unlock="a cut that finds it equal",
)  # fmt: skip


def test_what_locks_stays_open_like_what_waits_for_a_person_but_waits_for_nobody(database: Database) -> None:
    store = CutStore(database)
    save(database, store, cut(1, LOCKING))
    save(database, store, cut(2, LOCKING))
    assert store.last() == cut(2, LOCKING)
    assert store.open_differences() == 0
    save(database, store, cut(3))
    assert database.query("SELECT cut, last_cut, cleared_cut FROM differences") == [(1, 2, 3)]


def test_the_last_cut_comes_back_whole(databases: Databases, database: Database) -> None:
    store = CutStore(database)
    assert store.last() is None
    assert store.last_number() == 0
    save(database, store, cut(1, UNKNOWN, TAKEN))

    database = databases.open()
    again = CutStore(database)
    assert again.last() == cut(1, UNKNOWN, TAKEN)
    assert again.last_number() == 1


def test_a_difference_stays_open_until_a_confirmed_cut_no_longer_finds_it(database: Database) -> None:
    store = CutStore(database)
    save(database, store, cut(1, UNKNOWN, TAKEN))
    save(database, store, cut(2, UNKNOWN))
    assert store.open_differences() == 1
    save(database, store, cut(3, error="session lost"))
    assert store.open_differences() == 1
    save(database, store, cut(4))
    assert store.open_differences() == 0

    rows = database.query("SELECT kind, cut, last_cut, cleared_cut FROM differences ORDER BY id")
    assert rows == [("order_missing", 1, 2, 4), ("position", 1, 1, None)]


def test_the_baseline_survives_and_counts_what_it_counted(databases: Databases, database: Database) -> None:
    store = CutStore(database)
    known = store.load_known()
    assert store.load_baseline() is None
    first = SignedExecution("0000e0d5.01.01", "DU1", 265598, "AAPL", Decimal("2.5"), NOON)
    second = SignedExecution("0000e0d5.02.01", "DU1", 265598, "AAPL", Decimal(-1), NOON)
    known.learn([first, second])
    baseline = Baseline({("DU1", 265598): Decimal("1.5"), ("DU1", 7): None}, {first.stem: Decimal("2.5")})
    with database.transaction():
        store.remember([first, second])
        store.save(cut(1))
        store.save_baseline(baseline, known, ())

    database = databases.open()
    again = CutStore(database)
    known_again = again.load_known()
    loaded = again.load_baseline()
    assert known_again.snapshot() == known.snapshot()
    assert known_again.symbol(265598) == "AAPL"
    assert loaded is not None
    assert loaded.positions == baseline.positions
    assert loaded.counted == {**baseline.counted, second.stem: Decimal(0)}

    with database.transaction():
        again.save_baseline(Baseline({}, {second.stem: Decimal(-1)}), known_again, [first.stem])
    assert database.query("SELECT exec_id, counted FROM known_executions") == [(second.exec_id, "-1")]
