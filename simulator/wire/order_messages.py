"""Messages about orders: open order (5), status (3), execution (11), commission (59), completed order (101).

The two long ones are filled by name from `order_layouts`: what the exchange knows, else what the client sent,
else the default.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.orders import Execution, Order
from simulator.market.hours import stamp
from simulator.market.universe import Instrument
from simulator.wire.fields import UNSET_DOUBLE, message
from simulator.wire.order_layouts import COMPLETED_ORDER, CONTRACT, DEFAULTS, OPEN_ORDER

OPEN_ORDER_END = message(53, 1)
COMPLETED_ORDERS_END = message(102)


def contract_fields(item: Instrument, exchange: str = "") -> list[object]:
    """The eleven contract fields of executions and positions."""
    return [
        *(item.con_id, item.symbol, item.sec_type, item.expiry, f"{item.strike:.1f}", item.right),
        *(item.multiplier, exchange, item.currency, item.local_symbol, item.trading_class),
    ]


def open_order(order: Order, version: int, margins: dict[str, object] | None = None) -> bytes:
    """Message 5. `margins` are the figures of a what-if answer."""
    known = _known(order) | (margins or {})
    return message(5, *(known.get(name, "") for name in OPEN_ORDER[version]))


def completed_order(order: Order, version: int) -> bytes:
    """Message 101."""
    known = _known(order) | {
        "filledQuantity": order.filled,
        "completedTime": stamp(order.completed or order.placed),
        "completedStatus": order.completed_status,
    }
    return message(101, *(known.get(name, "") for name in COMPLETED_ORDER[version]))


def _known(order: Order) -> dict[str, object]:
    terms, item = order.terms, order.instrument
    exchange = terms.wire.get("exchange") or item.exchange
    known: dict[str, object] = {**DEFAULTS, **terms.wire}
    known.update(zip(CONTRACT, contract_fields(item, exchange), strict=True))
    return known | {
        "orderId": order.order_id,
        "strike": f"{item.strike:f}",
        "right": item.right or "?",
        "action": terms.action,
        "totalQuantity": terms.quantity,
        "orderType": terms.order_type,
        "lmtPrice": Decimal("0.0") if terms.limit is None else terms.limit,
        "auxPrice": Decimal("0.0") if terms.stop is None else terms.stop,
        "tif": terms.tif,
        "account": terms.account,
        "orderRef": terms.ref,
        "clientId": order.client_id,
        "permId": order.perm_id,
        "sharesAllocation": f"{order.perm_id}.{order.modifications}/{terms.account}/100",
        "status": order.status,
    }


def order_status(order: Order) -> bytes:
    """Message 3."""
    return message(
        *(3, order.order_id, order.status, order.filled, order.remaining, order.average, order.perm_id, 0),
        *(order.last_price, order.client_id, order.why_held, 0),
    )


def execution(fill: Execution, version: int, request_id: int = -1) -> bytes:
    """Message 11; request id -1 when it was not asked for."""
    fields: list[object] = [
        *(11, request_id, fill.order_id, *contract_fields(fill.instrument, fill.exchange), fill.exec_id),
        *(stamp(fill.time), fill.account, fill.exchange, "BOT" if fill.action == "BUY" else "SLD"),
        *(fill.quantity, fill.price, fill.perm_id, fill.client_id, 0, fill.cumulative, fill.average, fill.ref),
        *("", "", "", 2 if fill.aggressive else 1),
    ]
    if version >= 178:
        fields.append(False)
    if version >= 200:
        fields.append("")
    return message(*fields)


def executions_end(request_id: int) -> bytes:
    """Message 55."""
    return message(55, 1, request_id)


def commission_report(fill: Execution) -> bytes:
    """Message 59; realised profit unset for a fill that closed nothing."""
    realized = UNSET_DOUBLE if fill.realized is None else fill.realized
    return message(59, 1, fill.exec_id, fill.commission, fill.instrument.currency, realized, UNSET_DOUBLE, "")
