"""What State serves while others are away."""

from __future__ import annotations

import msgspec
import pytest

from actors.messages.account import AccountEvent, Accounts, Positions
from actors.messages.market import ContractDetails
from actors.messages.state import (
    GetCachedAccounts,
    GetCachedPositions,
    GetMemory,
    RememberContracts,
    RememberHold,
)
from supervision.errors import Rejected
from tests.state.house import PATIENCE, House
from tests.state.neighbours import (
    AAPL,
    NOON,
    Ledger,
)
from tests.state.samples import ACCOUNT, HELD


def test_caches_are_served_with_their_age_while_account_is_away(house: House) -> None:
    house.start_state()
    with pytest.raises(Rejected, match="no positions were ever confirmed"):
        house.ask(GetCachedPositions())
    house.ledger = Ledger(Accounts((ACCOUNT,)), Positions((HELD,), NOON, "broker"))
    account = house.start_account()
    assert [house.ledger.asked.get(timeout=PATIENCE) for _ in range(2)] == ["accounts", "positions"]
    account.call(lambda: account.actor.publish("account", AccountEvent("DU1")))
    house.settle()
    house.service.kill("account")
    house.kill_state()
    house.start_state()

    assert house.ask(GetCachedPositions()) == Positions((HELD,), NOON, "cache")
    (view,) = house.ask(GetCachedAccounts()).items
    assert (view.source, view.as_of, view.net_liquidation) == ("cache", NOON, ACCOUNT.net_liquidation)
    assert house.drain(house.ledger.asked) == []  # the change came within five seconds of the last question


def test_a_position_whose_cost_was_not_told_is_kept_without_one(house: House) -> None:
    unknown = msgspec.structs.replace(HELD, average_cost=None)
    house.ledger = Ledger(Accounts((ACCOUNT,)), Positions((unknown,), NOON, "broker"))
    house.start_account()
    house.start_state()
    assert [house.ledger.asked.get(timeout=PATIENCE) for _ in range(2)] == ["accounts", "positions"]
    house.settle()
    assert house.ask(GetCachedPositions()).items == (unknown,)


def test_contracts_and_holds_are_remembered_over_a_kill(house: House) -> None:
    house.start_state()
    details = ContractDetails(AAPL, "Apple Inc")
    state = house.service.ref("state")
    state.tell(RememberContracts((details,)))
    state.ask(RememberHold(details, held=True))
    house.kill_state()
    house.start_state()

    memory = house.ask(GetMemory())
    assert (memory.contracts, memory.held) == ((details,), (details,))
    assert house.rows("SELECT kind, key FROM audit") == [("hold", "AAPL")]
