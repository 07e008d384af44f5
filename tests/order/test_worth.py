"""What working orders are worth to the limits of a running Order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.messages.market import ComboLeg, Contract, Reference
from actors.messages.risk import Mark
from config.settings import RiskSettings
from supervision.errors import Rejected
from tests.domain.order_builders import quote
from tests.order.neighbours import NO_LOSS_LIMIT, RICH, House


def stands_at(house: House, symbol: str, con_id: int) -> None:
    """MarketData answers for this contract."""
    house.market.details = msgspec.structs.replace(house.market.details, contract=Contract(symbol, con_id=con_id))
    house.market.quote = quote(symbol=symbol, con_id=con_id)


@pytest.mark.parametrize("collar", [5.0, None])
@pytest.mark.parametrize("first", [{"limit": 150.0}, {"limit": None}, {"limit": None, "trail": 1.0}, {"side": "SELL"}])
def test_a_cheap_order_beside_a_dear_one_hides_nothing_of_what_that_is_worth(
    idle: House, first: dict[str, Any], collar: float | None
) -> None:
    idle.risk = RiskSettings(
        daily_loss=NO_LOSS_LIMIT, duplicate_window=0, price_collar=collar, max_order_value=Decimal(50000),
        max_gross_exposure=Decimal(60000),
    )  # fmt: skip
    house = idle.start().open()
    house.place(quantity=300, key="dear", **first)
    house.place(quantity=1, limit=1.0, key="cheap")
    stands_at(house, "MSFT", 272093)
    with pytest.raises(Rejected, match="above max_gross_exposure"):
        house.place(contract="MSFT", quantity=150)


@pytest.mark.parametrize("collar", [None, 50.0])
def test_what_sells_at_a_limit_or_above_is_worth_the_market_not_its_limit(idle: House, collar: float | None) -> None:
    idle.risk = RiskSettings(
        daily_loss=NO_LOSS_LIMIT, duplicate_window=0, price_collar=collar, max_order_value=Decimal(1499)
    )
    house = idle.start().open()
    with pytest.raises(Rejected, match=r"value 1648\.90 USD is above max_order_value"):
        house.place(side="SELL", quantity=11, limit=75.0)
    house.place(side="SELL", quantity=10, limit=75.0)


@pytest.mark.parametrize("collar", [None, 5.0])
def test_a_leg_is_worth_the_market_not_what_a_cheap_order_bids_for_it_nor_what_the_combo_costs(
    idle: House, collar: float | None
) -> None:
    idle.risk = RiskSettings(
        daily_loss=NO_LOSS_LIMIT, duplicate_window=0, price_collar=collar, max_position_value=Decimal(10000)
    )
    house = idle.start().open()
    single = house.market.details
    house.place(quantity=1, limit=1.0, key="cheap")
    other = msgspec.structs.replace(single, contract=Contract("MSFT", con_id=272093))
    legs = (ComboLeg(single.contract.con_id, 1, "BUY"), ComboLeg(272093, 1, "SELL"))
    house.market.details = msgspec.structs.replace(single, contract=Contract("AAPL,MSFT", "BAG", legs=legs))
    house.market.quote = quote(symbol="AAPL,MSFT", con_id=0, bid=0.4, ask=0.5, last=None)
    dear = quote(symbol="MSFT", con_id=272093, bid=120.0, last=120.0)
    house.market.legs = Reference(single, quote()), Reference(other, dear)
    house.place(contract="AAPL - MSFT", quantity=60, limit=0.5, key="inside")
    words = (
        r"position in AAPL worth 12758\.50 USD is above max_position_value \(accepted: up to 10000 USD\); "
        r"position in MSFT worth 10080\.00 USD is above max_position_value"
    )
    with pytest.raises(Rejected, match=words):  # what works counts; the contract is known by now
        house.place(contract="AAPL - MSFT", quantity=24, limit=0.5)
    house.market.legs = (house.market.legs[0], Reference(other, quote(symbol="MSFT", state="gap", con_id=272093)))
    with pytest.raises(Rejected, match=r"quote of MSFT is gap .* max_position_value cannot be kept"):
        house.place(contract="AAPL - MSFT", quantity=1, limit=0.5)


def test_a_leg_that_account_marks_needs_no_quote(idle: House) -> None:
    """Ten of each are held, so that a combo may be worth 100 a leg and no quote tells otherwise."""
    idle.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, price_collar=None, max_position_value=Decimal(2000))
    held = [Mark(con_id, name, "STK", "USD", Decimal(10), Decimal(1000)) for con_id, name in ((1, "A"), (2, "B"))]
    idle.figures = msgspec.structs.replace(RICH, marks=tuple(held))
    house = idle.start().open()
    legs = (ComboLeg(1, 1, "BUY"), ComboLeg(2, 1, "BUY"))
    house.market.details = msgspec.structs.replace(house.market.details, contract=Contract("A,B", "BAG", legs=legs))
    house.place(contract="A + B", quantity=10, limit=0.5, key="inside")
    with pytest.raises(Rejected, match=r"position in A worth 2100\.00 USD is above max_position_value"):
        house.place(contract="A + B", quantity=1, limit=0.5)
