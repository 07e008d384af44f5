"""Orders of every shape, from the official client's encoder through our reader to our messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product

from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.order import COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID, OrderComboLeg
from ibapi.order import Order as OfficialOrder
from ibapi.order_condition import (
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

from simulator.exchange.orders import Execution, Order
from simulator.market.universe import Instrument, Universe
from simulator.services.reference import resolve
from simulator.wire import order_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.order_request import OrderRequest, parse_order
from tests.simulator.rig import NOON, Connection, contract, order, stock

ORDER_ID = 7
ACCOUNT = "DU1000001"
_MARGINS: dict[str, object] = {
    "initMarginBefore": Decimal("10.00"),
    "maintMarginAfter": Decimal("12.50"),
    "marginCurrency": "USD",
    "commission": Decimal("1.00"),
    "commissionCurrency": "USD",
    "warningText": "something",
}


def encoded(version: int, call: Callable[[EClient], None]) -> list[str]:
    """The fields that the official client sends."""
    sent: list[bytes] = []
    client = EClient(EWrapper())
    client.conn, client.serverVersion_ = Connection(sent.append), version
    client.setConnState(EClient.CONNECTED)
    call(client)
    (frame,) = sent
    return frame[4:-1].decode().split("\0")


def parsed(version: int, what: Contract, wanted: OfficialOrder) -> OrderRequest:
    """What we read of an order that the official client sends."""
    fields = Fields(encoded(version, lambda client: client.placeOrder(ORDER_ID, what, wanted)))
    return parse_order(fields.integer("orderId"), fields, version, ACCOUNT)


def placed(universe: Universe, version: int, what: Contract, wanted: OfficialOrder) -> Order:
    """The exchange's order for it."""
    request = parsed(version, what, wanted)
    instrument = resolve(universe, replace(request.contract, exchange=""))
    return Order(3, ORDER_ID, 1_100_000_007, instrument, request.terms, NOON)


def combo(*prices: float, routing: str = "") -> tuple[Contract, OfficialOrder]:
    """Two shares against each other, with a price for each leg when `prices` are given."""
    spread = contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=[])
    for con_id, action in ((265598, "BUY"), (272093, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = con_id, 1, action, "SMART"
        spread.comboLegs.append(leg)
    wanted = order("BUY", 1, "LMT", lmtPrice=-3.5, orderComboLegs=[])
    for price in prices:
        priced = OrderComboLeg()
        priced.price = price
        wanted.orderComboLegs.append(priced)
    if routing:
        wanted.smartComboRoutingParams = [TagValue("NonGuaranteed", routing)]
    return spread, wanted


def conditional() -> OfficialOrder:
    """An order with a condition of each kind."""
    later = TimeCondition(True, "20261120-20:00:00")
    return order(
        *("BUY", 1, "LMT"),
        lmtPrice=100.0,
        conditionsIgnoreRth=True,
        conditions=[
            PriceCondition(4, 265598, "SMART", True, 101.25).Or(),
            later,
            MarginCondition(False, 30),
            ExecutionCondition("STK", "SMART", "AAPL").Or(),
            VolumeCondition(265598, "SMART", True, 1_000_000),
            PercentChangeCondition(265598, "SMART", False, 2.5),
        ],
    )


def shapes(version: int) -> Iterator[tuple[str, Contract, OfficialOrder]]:
    """Every block that an order may have, alone and together with others."""
    yield "market", stock(), order("BUY", 1)
    yield "limit", stock(), order("SELL", 5, "LMT", lmtPrice=100.0, tif="GTC", orderRef="ref")
    yield "trailing", stock(), order("SELL", 5, "TRAIL", trailingPercent=2.0, trailStopPrice=99.5)
    trailing = {"auxPrice": 1.0, "trailStopPrice": 99.5, "lmtPriceOffset": 0.05}
    yield "trailing limit", stock(), order("SELL", 5, "TRAIL LIMIT", **trailing)
    yield "child in a group", stock(), order("SELL", 5, "STP", auxPrice=90.0, parentId=3, ocaGroup="g", ocaType=1)
    neutral = {"deltaNeutralOrderType": "MKT", "deltaNeutralConId": 265598, "deltaNeutralOpenClose": "O"}
    yield "delta-neutral", stock(), order("BUY", 1, "VOL", volatility=0.2, volatilityType=2, **neutral)
    underlying = DeltaNeutralContract()
    underlying.conId, underlying.delta, underlying.price = 265598, 0.5, 250.0
    yield "delta-neutral contract", stock(deltaNeutralContract=underlying), order("BUY", 1)
    scale = {"scaleInitLevelSize": 10, "scaleSubsLevelSize": 5, "scalePriceIncrement": 0.5}
    yield "scale", stock(), order("BUY", 100, "LMT", lmtPrice=100.0, **scale, scaleAutoReset=True)
    yield "hedge", stock(), order("BUY", 1, hedgeType="B", hedgeParam="1.2")
    yield "algorithm", stock(), order("BUY", 1, algoStrategy="Adaptive", algoParams=[TagValue("priority", "Urgent")])
    yield "algorithm without settings", stock(), order("BUY", 1, algoStrategy="Twap")
    pegged = {"referenceContractId": 272093, "peggedChangeAmount": 0.1, "referenceChangeAmount": 0.2}
    yield "pegged to a benchmark", stock(), order("BUY", 1, "PEG BENCH", **pegged, referenceExchangeId="ISLAND")
    yield "pegged to the best", stock(), order("BUY", 1, "PEG BEST", minCompeteSize=100, competeAgainstBestOffset=0.02)
    middle = {"midOffsetAtWhole": 0.01, "midOffsetAtHalf": 0.005}
    up_to_middle = {"competeAgainstBestOffset": COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID, **middle}
    yield "pegged to the best up to the middle", stock(), order("BUY", 1, "PEG BEST", **up_to_middle)
    yield "pegged to the middle", stock(), order("BUY", 1, "PEG MID", **middle)
    ats = contract(symbol="AAPL", secType="STK", exchange="IBKRATS", currency="USD")
    yield "on IBKRATS", ats, order("BUY", 100, "LMT", lmtPrice=100.0, minTradeQty=10)
    yield "conditions", stock(), conditional()
    adjusted = {"triggerPrice": 95.0, "adjustedStopPrice": 94.0, "adjustedTrailingAmount": 1.0}
    yield "adjusted", stock(), order("SELL", 1, "STP", auxPrice=90.0, adjustedOrderType="TRAIL", **adjusted)
    yield "soft dollar tier", stock(), order("BUY", 1, softDollarTier=SoftDollarTier("tier", "value", ""))
    yield "combo", *combo()
    yield "combo with prices", *combo(10.0, 13.5)
    yield "combo with routing", *combo(routing="1")
    if version >= 200:
        owner = {"customerAccount": "C1", "professionalCustomer": True, "extOperator": "me", "manualOrderIndicator": 1}
        yield "of a customer", stock(), order("BUY", 1, **owner, includeOvernight=True, imbalanceOnly=True)


def order_messages(universe: Universe, version: int) -> Iterator[tuple[str, bytes]]:
    """Every message about every shape of order."""
    for name, what, wanted in shapes(version):
        made = placed(universe, version, what, wanted)
        yield f"open order: {name}", wire.open_order(made, version)
        yield f"what-if: {name}", wire.open_order(made, version, _MARGINS)
        made.status, made.filled, made.completed, made.completed_status = "Filled", Decimal(1), NOON, "Filled Size: 1"
        yield f"filled: {name}", wire.open_order(made, version, charged=True)
        yield f"completed: {name}", wire.completed_order(made, version)
        yield f"status: {name}", wire.order_status(made)
    spread = placed(universe, version, *combo()).instrument
    for aggressive, item in product((True, False), (universe.shares["AAPL"], spread)):
        fill = _fill(item, aggressive=aggressive)
        yield f"unsolicited execution: {item.sec_type}", wire.execution(fill, version)
        yield f"requested execution: {item.sec_type}", wire.execution(fill, version, 5)
        yield f"commission: {item.sec_type}", wire.commission_report(fill)
    by_hand = replace(placed(universe, version, stock(), order("BUY", 1)), client_id=0, order_id=-3)
    yield "open order by hand", wire.open_order(by_hand, version)
    yield "status by hand", wire.order_status(by_hand)
    yield "end of executions", wire.executions_end(5)
    yield "order bound", wire.order_bound(1_100_000_007, 3, ORDER_ID)
    yield "end of open orders", wire.OPEN_ORDER_END
    yield "end of completed orders", wire.COMPLETED_ORDERS_END


def _fill(item: Instrument, *, aggressive: bool) -> Execution:
    return Execution(
        exec_id="0000e0d5.00000001.01.01",
        order_id=ORDER_ID,
        client_id=3,
        perm_id=1_100_000_007,
        instrument=item,
        time=NOON,
        account=ACCOUNT,
        exchange="NASDAQ",
        action="BUY" if aggressive else "SELL",
        quantity=Decimal(1),
        price=Decimal("250.25"),
        cumulative=Decimal(1),
        average=Decimal("250.25"),
        ref="",
        aggressive=aggressive,
        commission=Decimal("1.00"),
        realized=None if aggressive else Decimal("12.34"),
    )
