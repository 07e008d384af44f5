"""Refusals in the journal of a running Order: none is left out, and a loop neither fills the disk nor hides others."""

from __future__ import annotations

import orjson
import pytest

from actors.messages.orders import Halt, ModifyOrder, PlaceOrder
from actors.messages.state import FollowJournal, JournalRow
from config.settings import RiskSettings
from supervision.errors import Rejected
from tests.domain.order_builders import order_report, terms
from tests.order.groups import bracket
from tests.order.neighbours import NO_LOSS_LIMIT, House, mine


def rows(house: House, kind: str = "refused") -> list[JournalRow]:
    return [row for row in house.ref.ask(FollowJournal(0)).items if row.kind == kind]


def test_a_change_that_the_gate_refuses_is_a_row(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine(), terms=terms(key="k1")))
    house.ref.ask(Halt("a test", cancel="none"))
    with pytest.raises(Rejected, match="kill switch: a test"):
        house.ref.ask(ModifyOrder("k1", quantity=20))
    (row,) = rows(house)
    assert row.key == "k1"
    assert "kill switch: a test" in orjson.loads(row.data)["reasons"][0]


def test_what_a_strategy_says_at_length_is_cut_in_the_journal(house: House) -> None:
    with pytest.raises(Rejected, match=r"strategy 's{64}': up to 64 printable characters"):
        house.place(strategy="s" * 100_000, key="k" * 100_000, contract="C" * 100_000)
    (row,) = rows(house)
    assert len(row.data) + len(row.key) < 6000
    for name in ("a\nb", "\0"):
        with pytest.raises(Rejected, match="up to 64 printable characters"):
            house.place(strategy=name)


def test_a_strategy_that_loops_hides_no_refusal_of_another(house: House) -> None:
    for number in range(40):
        with pytest.raises(Rejected):
            house.place(key=f"k{number}", quantity=200, strategy="loop")
    with pytest.raises(Rejected):
        house.place(key="other", quantity=200, strategy="calm")
    assert rows(house)[-1].key == "other"


def test_a_loop_that_goes_on_is_told_by_its_number_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.orders.refusals.CREDIT", 2.0)
    for number in range(30):
        with pytest.raises(Rejected):
            house.place(key=f"k{number}", quantity=200, strategy=f"s{number}")
    assert len(rows(house)) <= 4


def test_two_brackets_that_differ_in_their_entries_may_have_the_same_exits(idle: House) -> None:
    idle.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, duplicate_window=3600)
    house = idle.start().open()
    bracket(house)
    bracket(house, entry=PlaceOrder("AAPL", "BUY", 10, limit=149.0, key="k2", strategy="s"))
    with pytest.raises(Rejected) as refused:
        bracket(house, entry=PlaceOrder("AAPL", "BUY", 10, limit=149.0, key="k3", strategy="s"))
    (reason,) = refused.value.reasons
    assert reason.startswith("entry: the same order was placed")
