"""A strategy's own positions: by symbol, by contract, by combo."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain.own_positions import OwnPositions
from actors.messages.market import Combo, ComboLeg, Contract, Leg
from actors.messages.orders import Execution, Side
from supervision.errors import Rejected
from tests.domain.order_builders import START

LEGS = (ComboLeg(701, 1, "BUY"), ComboLeg(702, 2, "SELL"))
SPREAD = Contract("AAPL", "BAG", legs=LEGS)


def one(number: str, con_id: int, sec_type: str, side: Side, quantity: int) -> Execution:
    return Execution(
        f"e.{number}", "k", 1, 1, 1, "DU1", "AAPL", con_id, side, Decimal(quantity), 1.0, "", START, sec_type=sec_type
    )


def test_shares_options_and_combos_of_one_symbol_are_told_apart() -> None:
    own = OwnPositions()
    for number, (con_id, sec_type, side, quantity) in enumerate(
        [
            (265598, "STK", "BUY", 10),
            (28812380, "BAG", "BUY", 3),
            (701, "OPT", "BUY", 3),
            (702, "OPT", "SELL", 6),
            (265598, "", "SELL", 4),
        ]
    ):
        assert own.count(one(f"{number}.01", con_id, sec_type, side, quantity))  # type: ignore[arg-type]
    assert own.of("AAPL") == 6
    assert own.of(Contract("AAPL", "OPT", con_id=702)) == -6
    assert own.of(SPREAD) == 3
    assert (own.of("MSFT"), own.of(Contract("", con_id=9))) == (0, 0)
    with pytest.raises(Rejected, match="AAPL OPT is found by its con_id"):
        own.of(Contract("AAPL", "OPT"))
    with pytest.raises(Rejected, match="resolve the combo"):
        own.of(Combo((Leg("AAPL", "BUY"), Leg("MSFT", "SELL"))))


def test_a_correction_counts_in_place_of_what_it_corrects_and_is_no_new_execution() -> None:
    own = OwnPositions()
    told = [own.count(one(number, 265598, "STK", "BUY", quantity)) for number, quantity in (("1.01", 10), ("1.02", 7))]
    assert (told, own.of("AAPL")) == ([True, False], 7)
    assert not own.count(one("1.01", 265598, "STK", "BUY", 10))
    assert own.of("AAPL") == 7
