"""What tests of brackets and groups ask of a House, and how its Connection may refuse."""

from __future__ import annotations

from typing import Any

from actors.messages.broker import Transmit
from actors.messages.orders import GetOrders, Orders, PlaceBracket, PlaceOneCancelsAll, PlaceOrder
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.order.neighbours import House

ENTRY = PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1", strategy="s")


def bracket(house: House, **changes: Any) -> Orders:
    values: dict[str, Any] = {"entry": ENTRY, "take_profit": 155.0, "stop_loss": 145.0}
    return house.ref.ask(PlaceBracket(**(values | changes)), timeout=5.0)


def one_cancels_all(house: House, *orders: PlaceOrder, key: str = "g") -> Orders:
    return house.ref.ask(PlaceOneCancelsAll(orders, key), timeout=5.0)


def limit(price: float, **changes: Any) -> PlaceOrder:
    return PlaceOrder(**({"contract": "AAPL", "side": "BUY", "quantity": 10, "limit": price} | changes))


def refusing(kind: str) -> Any:
    def refuse(_: Transmit, __: Sender) -> object:
        raise Rejected("the reason", kind=kind)

    return refuse


def known(house: House) -> dict[str, str]:
    return {each.key: each.status for each in house.ref.ask(GetOrders(all=True)).items}
