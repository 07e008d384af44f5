"""A combo on the wire: its legs there and back, and none of what only single contracts have."""

from __future__ import annotations

import msgspec
import pytest

from actors.ib.requests import Requests
from actors.ib.values import contract_from, contract_to
from actors.messages.market import ComboLeg, Contract
from tests.domain.order_builders import terms

LEGS = (ComboLeg(701, 1, "BUY"), ComboLeg(702, 2, "SELL", "CBOE"))
BAG = Contract("AAPL", "BAG", legs=LEGS)


def test_a_combo_keeps_its_legs_there_and_back() -> None:
    assert contract_from(contract_to(BAG)) == BAG


@pytest.mark.parametrize("version", [176, 200])
def test_the_same_legs_make_the_same_frame_whatever_else_is_known_of_the_combo(version: int) -> None:
    requests = Requests(server_version=version, client_id=17)
    frame = requests.place(5, BAG, terms())
    legs = b"\0".join((b"2", b"701", b"1", b"BUY", b"SMART", b"0", b"0", b"", b"-1", b"702", b"2", b"SELL", b"CBOE"))
    assert b"\0" + legs + b"\0" in frame
    known = msgspec.structs.replace(BAG, con_id=28812380, multiplier="100", local_symbol="AAPL", trading_class="COMB")
    assert requests.place(5, known, terms()) == frame
