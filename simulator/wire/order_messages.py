"""Messages about orders: open (5), status (3), execution (11), commission (59), bound (100), completed (101).

The two long ones are laid out by `order_layouts`: what the exchange knows, else what the client sent, else what
a plain order shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from simulator.exchange.orders import Execution, Order
from simulator.market.hours import stamp
from simulator.market.universe import Instrument
from simulator.wire.fields import UNSET_DOUBLE, message
from simulator.wire.layout import write
from simulator.wire.order_layouts import COMPLETED_ORDER, DEFAULTS, OPEN_ORDER

OPEN_ORDER_END = message(53, 1)
COMPLETED_ORDERS_END = message(102)


def contract_fields(item: Instrument, exchange: str = "", no_right: str = "") -> list[object]:
    """The eleven contract fields of executions and positions; `no_right` stands where there is no put or call."""
    return [
        *(item.con_id, item.symbol, item.sec_type, item.expiry, f"{item.strike:.1f}", item.right or no_right),
        *(item.multiplier, exchange, item.currency, item.local_symbol, item.trading_class),
    ]


def open_order(
    order: Order, version: int, margins: Mapping[str, object] | None = None, *, charged: bool = False
) -> bytes:
    """Message 5. `margins` are the figures of a what-if answer; `charged` when the fills' commission is known."""
    values = _values(order) | dict(margins or {})
    if charged:
        values |= {"commission": order.commission, "commissionCurrency": order.instrument.currency}
    return message(5, *write(OPEN_ORDER, version, values))


def completed_order(order: Order, version: int, parent: Order | None = None) -> bytes:
    """Message 101. Its total quantity is what was left to fill: 0 of an order that is filled."""
    values = _values(order) | {
        "totalQuantity": order.remaining,
        "filledQuantity": order.filled,
        "completedTime": stamp(order.completed or order.placed),
        "completedStatus": order.completed_status,
    }
    if parent is not None:
        values["parentPermId"] = parent.perm_id
    return message(101, *write(COMPLETED_ORDER, version, values))


def order_status(order: Order) -> bytes:
    """Message 3."""
    return message(
        *(3, order.order_id, order.status, order.filled, order.remaining, order.average, order.perm_id),
        *(order.terms.parent_id, order.last_price, order.client_id, order.why_held, 0),
    )


def order_bound(perm_id: int, client_id: int, order_id: int) -> bytes:
    """Message 100: an order made by hand, or by another client, has this order id for `client_id` now."""
    return message(100, perm_id, client_id, order_id)


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


def _values(order: Order) -> dict[str, object]:
    return {**DEFAULTS, **order.terms.wire, **_contract(order), **_terms(order)}


def _contract(order: Order) -> dict[str, object]:
    item = order.instrument
    values: dict[str, object] = {
        "conId": item.con_id,
        "symbol": item.symbol,
        "secType": item.sec_type,
        "expiry": item.expiry,
        "strike": _double(item.strike) if item.strike else 0,
        "right": item.right or "?",
        "multiplier": item.multiplier,
        "exchange": order.terms.wire.get("exchange") or item.exchange,
        "currency": item.currency,
        "localSymbol": item.local_symbol,
        "tradingClass": item.trading_class,
    }
    if item.legs:
        sizes = (f"{leg.con_id}|{leg.ratio if leg.action == 'BUY' else -leg.ratio}" for leg in item.legs)
        values |= {"comboLegsDescrip": ",".join(sizes), "comboLegs": len(item.legs)}
    for number, leg in enumerate(item.legs):
        at = f"comboLegs.{number}."
        parts = {"conId": leg.con_id, "ratio": leg.ratio, "action": leg.action, "exchange": leg.exchange}
        plain = {"openClose": "0", "shortSaleSlot": "0", "exemptCode": "-1"}
        values |= {at + name: value for name, value in parts.items()}
        values |= {at + name: order.terms.wire.get(at + name, value) for name, value in plain.items()}
    return values


def _terms(order: Order) -> dict[str, object]:
    terms = order.terms
    values: dict[str, object] = {
        "orderId": order.order_id,
        "action": terms.action,
        "totalQuantity": terms.quantity,
        "orderType": terms.order_type,
        "lmtPrice": _double(terms.limit),
        "auxPrice": _double(terms.stop),
        "tif": terms.tif,
        "ocaGroup": terms.oca_group,
        "ocaType": terms.oca_type,
        "account": terms.account,
        "orderRef": terms.ref,
        "clientId": order.client_id,
        "permId": order.perm_id,
        "sharesAllocation": f"{order.perm_id}.{order.modifications}/{terms.account}/100",
        "status": order.status,
    }
    if terms.trail_stop is not None:
        values |= {"trailStopPrice": terms.trail_stop, "stopPrice": terms.trail_stop}
    if terms.limit_offset is not None:
        values["lmtPriceOffset"] = terms.limit_offset
    return values


def _double(number: Decimal | None) -> str:
    """A price as gateways write doubles: always with a fraction, 0.0 when there is none."""
    if number is None:
        return "0.0"
    text = f"{number:f}"
    return text if "." in text else text + ".0"
