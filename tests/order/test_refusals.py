"""What is refused, and in which words; nothing of it reaches the broker or the book."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from actors.messages.market import Combo, GetReference, Leg
from actors.messages.orders import (
    GetOrders,
    PlaceOrder,
)
from supervision.actor import LATER, Sender
from supervision.errors import Rejected
from tests.domain.order_builders import quote
from tests.order.neighbours import House


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": -5}, "quantity -5: must be a number above zero"),
        ({"quantity": 0}, "quantity 0"),
        ({"quantity": Decimal("NaN")}, "quantity NaN"),
        ({"quantity": Decimal("1.5")}, r"not a multiple of 1 \(accepted: 1 or 2\)"),
        ({"quantity": 1001}, r"above max_order_quantity \(accepted: up to 1000\)"),
        ({"quantity": 200}, r"value 30000.00 USD is above max_order_value \(accepted: up to 25000 USD\)"),
        ({"limit": None, "type": "LMT"}, "limit is missing: an order of type LMT needs a limit price"),
        ({"type": "MKT"}, "limit 150: an order of type MKT takes no limit price"),
        ({"type": "ICEBERG"}, r"type 'ICEBERG' is not known \(accepted: MKT, LMT, STP, STP LMT, TRAIL, "),
        ({"limit": float("nan")}, "limit nan: must be a finite number"),
        ({"limit": -1.0}, "must be above zero"),
        ({"limit": 150.001}, r"not on the tick of 0.01 \(accepted: 150 or 150.01\)"),
        (
            {"stop": 149.0, "tif": "IOC"},
            r"tif IOC: an order of type STP LMT does not take it \(accepted: DAY, GTC, GTD\)",
        ),
        ({"type": "LOO", "tif": "GTC"}, r"tif GTC: an order of type LOO does not take it \(accepted: OPG\)"),
        ({"tif": "GTD"}, "good_till is missing: the time in force GTD needs an instant, with its time zone"),
        ({"good_till": datetime(2026, 1, 1)}, "2026-01-01T00:00:00: has no time zone"),  # noqa: DTZ001
        ({"good_till": datetime(2026, 1, 1, tzinfo=UTC)}, r"2026-01-01T00:00:00\+00:00: must be later than now"),
        (
            {"good_till": datetime(2090, 1, 1, tzinfo=UTC), "tif": "GTC"},
            r"the time in force GTC takes none \(accepted: GTD\)",
        ),
        ({"trail": 1.0}, "limit 150: an order of type TRAIL takes no limit price; leave it out"),
        ({"limit": None, "trail": 1.0, "trail_percent": 2.0}, "trail 1 and trail_percent 2: an order trails by one"),
        ({"limit": None, "limit_offset": 0.1}, "trail is missing: an order of type TRAIL LIMIT needs trail"),
        ({"limit": None, "trail": -1.0}, "trail -1: must be above zero"),
        ({"limit": None, "trail_percent": 100.0}, "trail_percent 100: must be above 0 and below 100"),
        ({"limit": None, "trail": 1.0, "limit_offset": -0.1}, "limit_offset -0.1: must be zero or more"),
        ({"limit": None, "trail": 0.005}, r"trail 0.005 is not on the tick of 0.01 \(accepted: 0.01\)"),
        ({"limit": None, "trail": 1.0, "stop": -5.0}, "stop -5: must be above zero for AAPL"),
        ({"tif": "FOREVER"}, r"tif 'FOREVER' is not known \(accepted: DAY, GTC, IOC, FOK, GTD, OPG\)"),
        ({"account": "U999"}, r"account U999 is not one of this service's \(accepted: DU1\)"),
        ({"key": "12345"}, "digits alone are read as an order id"),
        ({"key": "a\0b"}, "printable ASCII"),
        ({"key": "ext:1"}, "kept for orders of other clients"),
    ],
)
def test_a_refused_order_says_which_rule_which_value_and_what_would_be_accepted(
    house: House, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        house.place(**change)
    assert house.ref.ask(GetOrders(all=True)).items == ()
    assert house.sent.empty()


def test_every_broken_rule_is_told_at_once(house: House) -> None:
    with pytest.raises(Rejected) as refused:
        house.place(quantity=-1, tif="X", limit=None, type="LMT")
    assert len(refused.value.reasons) == 3


def test_a_market_order_without_a_current_price_is_refused(house: House) -> None:
    house.market.quote = quote(bid=None, ask=None, last=None)
    with pytest.raises(Rejected, match="neither an ask nor a last trade"):
        house.place(limit=None)
    house.market.quote = quote(state="stale", age=45.0)
    with pytest.raises(Rejected, match=r"stale \(last tick 45 s ago\)"):
        house.place(limit=None)


def test_a_symbol_that_market_data_refuses_is_refused_in_its_words(house: House) -> None:
    def refuse(_: GetReference, __: Sender) -> object:
        raise Rejected("no contract is called AAPLX", kind="unknown")

    house.script[GetReference] = refuse
    with pytest.raises(Rejected, match="AAPLX"):
        house.place(contract="AAPLX")


def test_an_order_whose_contract_nobody_looked_up_was_surely_not_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.orders.references.REFERENCE_SECONDS", 0.1)
    house.script[GetReference] = lambda *_: LATER
    words = "contract and price could not be looked up: market_data did not reply within 0.1 s; nothing was sent"
    with pytest.raises(Rejected, match=f"^{words}$"):
        house.place()


class Price(float):
    """A number of a type that others made, as numpy's are."""


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (PlaceOrder("AAPL", "buy", 10), "side 'buy' (accepted: BUY, SELL)"),  # type: ignore[arg-type]
        (PlaceOrder("AAPL", "BUY", 10, limit=Decimal(100)), "limit Decimal('100') (accepted: float | None)"),  # type: ignore[arg-type]
        (PlaceOrder("AAPL", "BUY", True), "quantity True (accepted: Decimal | int)"),
        (PlaceOrder("AAPL", "BUY", 10**30), "PlaceOrder: can't serialize ints < -2**63 or > 2**64 - 1"),
        (PlaceOrder("AAPL", "BUY", 10, key=object()), "PlaceOrder: a value of type object cannot be sent"),  # type: ignore[arg-type]
        (
            PlaceOrder(Combo((Leg("AAPL", "BUY"), Leg("MSFT", "SELL", 1.5))), "BUY", 10),  # type: ignore[arg-type]
            "contract.legs[1].ratio 1.5 (accepted: int)",
        ),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_by_name_and_order_never_hears_of_it(
    house: House, message: PlaceOrder, reason: str
) -> None:
    with pytest.raises(Rejected) as refused:
        house.ref.ask(message)
    assert refused.value.reasons == (reason,)
    with pytest.raises(Rejected):
        house.ref.tell(message)


def test_numbers_of_types_that_others_made_are_numbers(house: House) -> None:
    assert house.ref.ask(PlaceOrder("AAPL", "BUY", 10, limit=Price(150.0), key="k1")).limit == 150.0
