"""What working orders are worth to the limits of a running Order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.messages.market import Contract
from config.settings import RiskSettings
from supervision.errors import Rejected
from tests.domain.order_builders import quote
from tests.order.neighbours import NO_LOSS_LIMIT, House


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
