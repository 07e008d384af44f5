"""Each invariant is seen to notice what it is there for, and to be content with a night on which all went well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.messages.orders import Execution, OrderEvent, OrderView
from actors.messages.session import SessionUp
from drills.books import Books, JournalEntry, LedgerExecution, LedgerOrder
from drills.invariants import INVARIANTS, violations
from drills.record import Operation, Record, Restart, Window
from supervision.lifecycle import ChildView, DeathRecord, TreeView

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SERVICE = 100


def order(**changes: Any) -> OrderView:
    view = OrderView(
        key="k1", order_id=7, perm_ids=(11,), account="DU1", symbol="AAPL", con_id=1, side="BUY", quantity=Decimal(5),
        order_type="MKT", limit=None, stop=None, tif="DAY", status="FILLED", filled=Decimal(5), average_price=10.0,
        commission=Decimal(1), strategy="", created=NOW, updated=NOW,
    )  # fmt: skip
    return msgspec.structs.replace(view, **changes)


def execution(**changes: Any) -> Execution:
    one = Execution(
        exec_id="e1", key="k1", order_id=7, perm_id=11, client_id=17, account="DU1", symbol="AAPL", con_id=1,
        side="BUY", quantity=Decimal(5), price=10.0, exchange="X", time=NOW, commission=Decimal(1),
    )  # fmt: skip
    return msgspec.structs.replace(one, **changes)


def child(**changes: Any) -> ChildView:
    view = ChildView("order", "broker", 201, 1, 0, "running", mailbox=0, handled=9, shed=0, since=NOW)
    return msgspec.structs.replace(view, **changes)


def death(**changes: Any) -> DeathRecord:
    return msgspec.structs.replace(DeathRecord("order", 1, NOW, "killed", "", 1.0), **changes)


def tree(*children: ChildView, deaths: tuple[DeathRecord, ...] = ()) -> TreeView:
    return TreeView(SERVICE, "running", NOW, children or (child(),), deaths)


GOOD = Books(
    ledger_orders=(LedgerOrder(11, "k1", "AAPL", "Filled", Decimal(5), 1000.0),),
    ledger_executions=(LedgerExecution("e1", "k1", Decimal(5), 10.0, Decimal(1)),),
    ledger_positions={"AAPL": Decimal(5)},
    corrected=frozenset(),
    orders=(order(),),
    executions=(execution(),),
    positions={"AAPL": Decimal(5)},
    journal=(JournalEntry(1, "2026-03-02T15:00:00", "intent", "k1", "INTENT"),),
    cuts=(),
    tree=tree(),
    clients=({"client_id": 17, "version": 200, "lines": ["AAPL"], "busiest": 10},),
    quotes=("AAPL",),
    expected_restarts={},
)


def good_record() -> Record:
    record = Record()
    record.saw(SERVICE, child())
    record.saw(SERVICE, SessionUp(1, 1, 200, ("DU1",), 1, NOW))
    record.saw(SERVICE, OrderEvent("filled", order()))
    record.operation(Operation("PlaceOrder", "order", "k1", 1.0, 1.2, 5.0, "ok", ""))
    record.restarts.append(Restart("order", 0.05, 1.0, "SIGKILL"))
    return record


def unknown_rows(*rows: tuple[str, str]) -> tuple[JournalEntry, ...]:
    """Of the order k1, or a cut that is confirmed ("cut") or not ("no")."""
    return tuple(
        JournalEntry(number, f"{at:0>2}", "cut_applied", "", "", what == "cut")
        if what in ("cut", "no")
        else JournalEntry(number, f"{at:0>2}", "x", "k1", what)
        for number, (at, what) in enumerate(rows, 1)
    )


def _refused(record: Record, books: Books) -> Books:
    record.operation(Operation("PlaceOrder", "order", "k2", 1.0, 1.1, 5.0, "rejected", "gate closed"))
    theirs = LedgerOrder(12, "k2", "AAPL", "Submitted", Decimal(0), 1000.0)
    ours = order(key="k2", status="SUBMITTED", filled=Decimal(0))
    return replace(books, ledger_orders=(*books.ledger_orders, theirs), orders=(*books.orders, ours))


def _refused_group(record: Record, books: Books) -> Books:
    record.operation(Operation("PlaceBracket", "order", "k2", 1.0, 1.1, 5.0, "rejected", "gate closed"))
    theirs = LedgerOrder(12, "k2/stop", "AAPL", "Submitted", Decimal(0), 1000.0)
    ours = order(key="k2/stop", status="SUBMITTED", filled=Decimal(0))
    return replace(books, ledger_orders=(*books.ledger_orders, theirs), orders=(*books.orders, ours))


CASES: dict[str, tuple[str, Callable[[Record, Books], Books | None]]] = {
    "an incarnation that falls": ("I1", lambda record, _: record.saw(SERVICE, child(incarnation=0))),
    "two processes of one incarnation": ("I1", lambda record, _: record.saw(SERVICE, child(pid=999))),
    "an ask that outlives its limit": (
        "I2",
        lambda record, _: record.operation(Operation("GetOrder", "order", "k1", 1.0, 7.0, 5.0, "unknown", "")),
    ),
    "two orders with one key": (
        "I3",
        lambda _, books: replace(
            books, ledger_orders=(*books.ledger_orders, replace(books.ledger_orders[0], perm_id=12))
        ),
    ),
    "an order that we do not know": ("I4", lambda _, books: replace(books, orders=())),
    "an order that the broker does not know": ("I4", lambda _, books: replace(books, ledger_orders=())),
    "an order filled for us alone": (
        "I4",
        lambda _, books: replace(books, ledger_orders=(replace(books.ledger_orders[0], status="Cancelled"),)),
    ),
    "an order that stays unknown": ("I4", lambda _, books: replace(books, orders=(order(status="UNKNOWN"),))),
    "an order called not placed that was": (
        "I4",
        lambda _, books: replace(books, orders=(order(status="NOT_PLACED"),)),
    ),
    "a working order that is over": ("I4", lambda _, books: replace(books, orders=(order(status="SUBMITTED"),))),
    "an order of which its client was told that it was not sent": ("I4", _refused),
    "an order of a group of which its client was told that it was not sent": ("I4", _refused_group),
    "a fill that was missed": ("I4", lambda _, books: replace(books, executions=())),
    "a fill that was counted twice": ("I4", lambda _, books: replace(books, executions=(execution(), execution()))),
    "a fill at another price": ("I4", lambda _, books: replace(books, executions=(execution(price=10.01),))),
    "a position that differs": ("I4", lambda _, books: replace(books, positions={})),
    "an unknown order that is sent again": (
        "I5",
        lambda _, books: replace(books, journal=unknown_rows(("1", "UNKNOWN"), ("2", "SENDING"))),
    ),
    "an order given up after one cut": (
        "I5",
        lambda _, books: replace(
            books,
            journal=unknown_rows(("1", "UNKNOWN"), ("2", "no"), ("3", "NOT_PLACED"), ("4", "cut")),
        ),
    ),
    "an order given up by a cut that asked half": (
        "I5",
        lambda _, books: replace(
            books, journal=unknown_rows(("1", "UNKNOWN"), ("2", "cut"), ("3", "NOT_PLACED"), ("4", "no"))
        ),
    ),
    "an order given up by a timer": (
        "I5",
        lambda _, books: replace(books, journal=unknown_rows(("1", "UNKNOWN"), ("2", "cut"), ("3", "NOT_PLACED"))),
    ),
    "a line that nobody wants": ("I6", lambda _, books: replace(books, quotes=())),
    "a line that is there twice": (
        "I6",
        lambda _, books: replace(books, clients=({**books.clients[0], "lines": ["AAPL", "AAPL"]},)),
    ),
    "more requests than allowed": (
        "I6",
        lambda _, books: replace(books, clients=({**books.clients[0], "busiest": 61},)),
    ),
    "a bystander with another process": ("I7", lambda _, books: replace(books, tree=tree(child(pid=202)))),
    "a recovery that took too long": (
        "I8",
        lambda record, _: record.restarts.append(Restart("order", 1.5, 1.0, "SIGKILL")),
    ),
    "a restart that nobody ordered": (
        "I8",
        lambda _, books: replace(books, tree=tree(child(restarts=1, incarnation=2), deaths=(death(),))),
    ),
    "two clients at the gateway": ("I9", lambda _, books: replace(books, clients=books.clients * 2)),
    "an order in a closed window": (
        "I10",
        lambda record, _: record.windows.append(Window(0, 1, 999.0, 1001.0, "State is down")),
    ),
    "a death without a record": (
        "I11",
        lambda _, books: replace(books, tree=tree(child(incarnation=2, restarts=1)), expected_restarts={"order": 1}),
    ),
    "a death with two records": ("I11", lambda _, books: replace(books, tree=tree(child(), deaths=(death(), death())))),
    "a death without a reason": (
        "I11",
        lambda _, books: replace(books, tree=tree(child(), deaths=(death(reason=""),))),
    ),
    "a session that was there before": (
        "I12",
        lambda record, _: record.saw(SERVICE, SessionUp(1, 1, 200, ("DU1",), 1, NOW)),
    ),
    "an order that lives again": (
        "I12",
        lambda record, _: record.saw(SERVICE, OrderEvent("submitted", order(status="SUBMITTED"))),
    ),
    "a fill that is taken back": (
        "I12",
        lambda record, _: record.saw(SERVICE, OrderEvent("filled", order(filled=Decimal(4)))),
    ),
}


def test_a_night_on_which_all_went_well_breaks_nothing() -> None:
    assert violations(good_record(), GOOD) == []


@pytest.mark.parametrize("case", CASES)
def test_each_invariant_notices_what_it_is_there_for(case: str) -> None:
    name, spoil = CASES[case]
    record = good_record()
    books = spoil(record, GOOD) or GOOD
    broken = violations(record, books)
    assert [one for one in broken if one.startswith(f"{name}: ")], broken
    assert not [one for one in broken if not one.startswith(f"{name}: ")], "the others hold"


def test_the_broker_may_take_back_what_it_corrected() -> None:
    record = good_record()
    record.saw(SERVICE, OrderEvent("submitted", order(status="SUBMITTED", filled=Decimal(4))))
    record.saw(SERVICE, OrderEvent("filled", order()))
    assert violations(record, replace(GOOD, corrected=frozenset(("k1",)))) == []


def test_what_a_person_settled_needs_no_cuts() -> None:
    record = good_record()
    record.operation(Operation("SettleOrder", "order", "k1", 2.0, 2.1, 5.0, "ok", ""))
    assert violations(record, replace(GOOD, journal=unknown_rows(("1", "UNKNOWN"), ("2", "NOT_PLACED")))) == []


def test_an_entry_that_the_gateway_kept_back_and_cancelled_is_in_no_book_of_the_brokers() -> None:
    kept_back = order(key="k2", status="CANCELLED", filled=Decimal(0), perm_ids=())
    stop = order(key="k2/stop", parent="k2", status="NOT_PLACED", filled=Decimal(0), perm_ids=())
    assert violations(good_record(), replace(GOOD, orders=(*GOOD.orders, kept_back, stop))) == []
    acknowledged = order(key="k2", status="CANCELLED", filled=Decimal(0), perm_ids=(12,))
    for never in ((kept_back,), (acknowledged, stop)):  # an order alone is not kept back; nor what has a permId
        (broken,) = violations(good_record(), replace(GOOD, orders=(*GOOD.orders, *never)))
        assert broken.startswith("I4: order k2 is CANCELLED")


@pytest.mark.parametrize("between", [(), (("5", ""),)], ids=["nothing", "the refusal of a change"])
def test_what_is_journalled_of_an_order_that_was_given_up_gives_it_up_once(
    between: tuple[tuple[str, str], ...],
) -> None:
    given_up = (("1", "UNKNOWN"), ("2", "cut"), ("3", "NOT_PLACED"), ("4", "cut"))
    rows = unknown_rows(*given_up, *between, ("6", "NOT_PLACED"), ("7", "no"))
    assert violations(good_record(), replace(GOOD, journal=rows)) == []


def test_two_confirmed_cuts_may_call_an_order_not_placed() -> None:
    journal = unknown_rows(("1", "UNKNOWN"), ("2", "cut"), ("3", "NOT_PLACED"), ("4", "cut"))
    assert violations(good_record(), replace(GOOD, journal=journal)) == []


def test_every_invariant_has_a_case() -> None:
    assert {name for name, _ in CASES.values()} == set(INVARIANTS)
