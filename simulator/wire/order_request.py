"""Reading placeOrder (message 3): some 114 fields by position, more when an order is not plain.

What the exchange acts on becomes a typed part of the order's terms; everything a client set is kept in `wire` as
it is echoed. A field that would change how the order is worked, and that this simulator does not act on, is
refused by name: an order that is worked differently from what was asked would be worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.exchange import conditions as kinds
from simulator.exchange.orders import Terms
from simulator.market.hours import parse_stamp, stamp
from simulator.market.universe import Leg, Query
from simulator.refusal import Refused, invalid
from simulator.wire.fields import BadField, Fields, parse_amount, parse_integer
from simulator.wire.layout import read
from simulator.wire.order_layouts import PLACE_ORDER
from simulator.wire.requests import read_contract

# Not here, because they are acted on or change nothing here: who owns, clears and answers for an order, its
# routing, what others see of it, overrides of precautions that are not taken.
_NOT_OFFERED = """
    sharesAllocation faGroup faMethod faPercentage faProfile modelCode discretionaryAmt percentOffset eTradeOnly
    firmQuoteOnly nbboPriceCap auctionStrategy startingPrice stockRefPrice delta stockRangeLower stockRangeUpper
    volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice continuousUpdate referencePriceType
    scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement scaleTable activeStartTime activeStopTime hedgeType
    deltaNeutralContract algoId miscOptions randomizeSize randomizePrice referenceContractId adjustedOrderType
    triggerPrice adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount adjustableTrailingUnit cashQty
    isOmsContainer discretionaryUpToLimitPrice duration minTradeQty minCompeteSize competeAgainstBestOffset
    midOffsetAtWhole midOffsetAtHalf includeOvernight imbalanceOnly
"""
_NOT_OFFERED_NAMES = tuple(_NOT_OFFERED.split())
_NOT_ECHOED = frozenset({"dontUseAutoPriceForHedge", "secType"})  # real gateways show 1 whatever was sent
# A client ends that finds nothing there in an open order.
_CONDITION_VALUES = ("price", "time", "percent", "volume", "changePercent")
_FAR_AWAY = 4_102_444_800.0  # the year 2100
_ORDER_TYPE_NAMES = {
    "STPLMT": "STP LMT",
    "STOP": "STP",
    "STOP LIMIT": "STP LMT",
    "LIMIT": "LMT",
    "MARKET": "MKT",
    "TRAILLMT": "TRAIL LIMIT",
    "TRAIL LMT": "TRAIL LIMIT",
    "TRAILLIMIT": "TRAIL LIMIT",
    "PEGBENCH": "PEG BENCH",
    "PEGBEST": "PEG BEST",
    "PEGMID": "PEG MID",
}


@dataclass(frozen=True)
class OrderRequest:
    """A placeOrder: which id, for what, on which terms."""

    order_id: int
    contract: Query
    terms: Terms
    what_if: bool


def read_order(order_id: int, fields: Fields, version: int, account: str) -> OrderRequest:
    """Read the rest of message 3. Raises `BadField`, or `Refused` for what this simulator does not trade."""
    request = parse_order(order_id, fields, version, account)
    _refuse_what_is_not_offered(request.terms.wire)
    return request


def parse_order(order_id: int, fields: Fields, version: int, account: str) -> OrderRequest:
    """Read the rest of message 3, whatever of it is offered. Raises `BadField`, or `Refused` for a wrong date."""
    contract = read_contract(fields)
    values = {"secType": contract.sec_type, "exchange": contract.exchange}
    read(PLACE_ORDER, fields, version, values)
    if fields.left:
        raise BadField(f"{fields.left} fields more than an order has")
    contract = replace(contract, sec_id_type=values["secIdType"], sec_id=values["secId"], legs=_legs(values))
    return OrderRequest(order_id, contract, _terms(values, account), values["whatIf"] == "1")


def _refuse_what_is_not_offered(wire: Mapping[str, str]) -> None:
    for name in _NOT_OFFERED_NAMES:
        value = wire.get(name, "")
        if value.strip("-0.") and value != "None":
            raise invalid(f"{name} = {value[:40]!r} is not offered by this simulator")
    for number in range(_count(wire, "orderComboLegs")):
        if f"orderComboLegs.{number}.price" in wire:
            raise invalid("prices for single combo legs are not offered by this simulator")


def _terms(values: dict[str, str], account: str) -> Terms:
    kind = values["orderType"].upper()
    conditions = tuple(_condition(number, values) for number in range(_count(values, "conditions")))
    return Terms(
        action=values["action"].upper(),
        quantity=_amount(values, "totalQuantity") or Decimal(0),
        order_type=_ORDER_TYPE_NAMES.get(kind, kind),
        limit=_amount(values, "lmtPrice"),
        stop=_amount(values, "auxPrice"),
        tif=values["tif"].upper() or "DAY",
        account=values["account"] or account,
        ref=values["orderRef"],
        transmit=values["transmit"] != "0",
        parent_id=_integer(values, "parentId"),
        oca_group=values["ocaGroup"],
        oca_type=_integer(values, "ocaType") or 3,
        outside_rth=_flag(values, "outsideRth"),
        all_or_none=_flag(values, "allOrNone"),
        min_quantity=_amount(values, "minQty") or Decimal(0),
        trailing_percent=_amount(values, "trailingPercent"),
        trail_stop=_amount(values, "trailStopPrice"),
        limit_offset=_amount(values, "lmtPriceOffset"),
        trigger_method=_integer(values, "triggerMethod"),
        good_after=_instant(values, "goodAfterTime"),
        good_till=_instant(values, "goodTillDate"),
        conditions=conditions,
        conditions_cancel=_flag(values, "conditionsCancelOrder"),
        conditions_ignore_rth=_flag(values, "conditionsIgnoreRth"),
        auto_cancel_parent=_flag(values, "autoCancelParent"),
        algo=values["algoStrategy"],
        wire=_echoed(values),
    )


def _echoed(values: Mapping[str, str]) -> dict[str, str]:
    """What was set; the rest shows what a plain order shows."""
    return {
        name: value
        for name, value in values.items()
        if value and name not in _NOT_ECHOED and (name, value) != ("displaySize", "0")
    }


def _legs(values: Mapping[str, str]) -> tuple[Leg, ...]:
    return tuple(
        Leg(
            _integer(values, f"comboLegs.{number}.conId"),
            _integer(values, f"comboLegs.{number}.ratio"),
            values[f"comboLegs.{number}.action"].upper(),
            values[f"comboLegs.{number}.exchange"],
        )
        for number in range(_count(values, "comboLegs"))
    )


def _condition(number: int, values: dict[str, str]) -> kinds.Condition:
    """One condition as the exchange evaluates it. Its time is echoed as gateways write times."""
    at = f"conditions.{number}."
    if values[at + "conjunction"] not in {"a", "o"}:
        raise BadField(f"a condition is joined by a or o, not by {values[at + 'conjunction'][:40]!r}")
    if lacking := [name for name in _CONDITION_VALUES if values.get(at + name) == ""]:
        raise BadField(f"a condition lacks its {lacking[0]}")
    both, more = values[at + "conjunction"] == "a", _flag(values, at + "isMore")
    con_id, exchange = _integer(values, at + "conId"), values.get(at + "exchange", "")
    match values[at + "type"]:
        case "1":
            price, method = _amount(values, at + "price") or Decimal(0), _integer(values, at + "triggerMethod")
            return kinds.PriceCondition(more, price, con_id, exchange, method, both)
        case "3":
            moment = _moment(values, at + "time")
            values[at + "time"] = stamp(moment)
            return kinds.TimeCondition(more, moment, values[at + "time"], both)
        case "4":
            return kinds.MarginCondition(more, _integer(values, at + "percent"), both)
        case "5":
            return kinds.ExecutionCondition(values[at + "secType"], exchange, values[at + "symbol"], both)
        case "6":
            return kinds.VolumeCondition(more, _integer(values, at + "volume"), con_id, exchange, both)
    change = _amount(values, at + "changePercent") or Decimal(0)
    return kinds.PercentChangeCondition(more, change, con_id, exchange, both)


def _count(values: Mapping[str, str], name: str) -> int:
    return int(values.get(name, "0"))


def _flag(values: Mapping[str, str], name: str) -> bool:
    return values.get(name) == "1"


def _integer(values: Mapping[str, str], name: str) -> int:
    return parse_integer(name, values.get(name, ""))


def _amount(values: Mapping[str, str], name: str) -> Decimal | None:
    return parse_amount(name, values[name])


def _instant(values: Mapping[str, str], name: str) -> float | None:
    return _moment(values, name) if values[name] else None


def _moment(values: Mapping[str, str], name: str) -> float:
    moment = parse_stamp(values[name])
    if moment is None or not 0 < moment < _FAR_AWAY:
        raise Refused(343, f"The date, time, or time-zone entered is invalid: {name} {values[name][:40]!r}")
    return moment
