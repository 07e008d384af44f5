"""New orders in a contract on which broker and service do not agree are refused; nothing else is."""

from __future__ import annotations

import time
from decimal import Decimal

import msgspec
import pytest

from actors.domain.locks import APART
from actors.messages.orders import CancelOrder, GetOrdersView, ModifyOrder
from actors.messages.state import UnexplainedPosition
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, details, order_report, terms
from tests.order.neighbours import House, mine

MOVED = UnexplainedPosition("DU1", AAPL.con_id, "AAPL", Decimal(10), Decimal(25))
MSFT = msgspec.structs.replace(AAPL, symbol="MSFT", con_id=272093)


def locked(house: House) -> list[str]:
    return [lock.reason for lock in house.ref.ask(GetOrdersView()).locks]


def test_an_order_lost_at_a_cut_locks_its_contract_also_after_a_restart_until_two_cuts_lack_it(house: House) -> None:
    house.place()
    house.transmitted()
    house.end()
    house.wait_gate("closed")
    house.begin(2)
    (told,) = house.cut().differences
    assert (told.kind, told.subject, told.scope, told.locks, told.repaired) == (
        "order_missing", "k1", "AAPL in DU1", True, True,
    )  # fmt: skip
    refusal = "AAPL is locked in DU1: order k1 is UNKNOWN.*unlocked by evidence.*`order settle k1`"
    with pytest.raises(Rejected, match=refusal) as error:
        house.place(key="k2")
    assert error.value.kind == "locked"
    assert house.place().status == "UNKNOWN"  # its own key answers with it
    house.wait_gate("open")
    house.restart()
    house.wait_gate("reconciling")
    house.cut()
    with pytest.raises(Rejected, match=refusal):
        house.place(key="k2")
    house.market.details = details(contract=MSFT)
    house.place(key="k3", contract="MSFT")
    house.market.details = details()
    works = order_report("Submitted", **mine(2), contract=MSFT, terms=terms(key="k3"))
    house.cut((works,), asked=time.monotonic() + 1.0)
    assert locked(house) == []
    house.place(key="k2")


def test_a_position_that_no_execution_explains_locks_new_orders_alone_and_asks_until_it_is_at_rest(
    house: House,
) -> None:
    house.place()
    works = order_report("Submitted", **mine())
    house.says(works)
    assert house.cut((works,), unexplained=(MOVED,)).differences == ()  # State tells it itself
    assert locked(house) == ["its position is 25, executions make it 10"]
    assert "AAPL in DU1: no execution explains it" in house.causes.get(timeout=5.0)
    with pytest.raises(Rejected, match="AAPL is locked in DU1: its position is 25"):
        house.place(key="k2")
    with pytest.raises(Rejected, match="AAPL is locked in DU1: its position is 25"):
        house.ref.ask(ModifyOrder("k1", quantity=11))  # one that grows is new by so much
    house.ref.ask(ModifyOrder("k1", limit=149.0))
    house.ref.ask(CancelOrder("k1"))
    (still,) = [each for each in house.cut((works,)).differences if each.kind == "position"]
    assert (still.subject, still.locks) == ("AAPL in DU1", True)
    house.cut((works,), completed=None, asked=time.monotonic() + APART)
    assert locked(house) != []  # a part failed: nothing was judged
    assert house.cut((works,), asked=time.monotonic() + APART).differences == ()
    assert locked(house) == []
    house.place(key="k2")
