"""Reading placeOrder (message 3): some 114 fields by position, more when an order is not plain.

The variable parts (combination legs, delta-neutral, scale, hedge, algorithm, conditions) and the settings
of order types that this simulator does not trade are recognised and refused by name, never ignored: an
order that is worked differently from what was asked would be worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.orders import Terms
from simulator.market.universe import Query
from simulator.refusal import invalid
from simulator.wire.fields import UNSET_INTEGER, Fields, parse_amount, parse_integer
from simulator.wire.requests import read_contract

_ORDER = """
    action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef transmit
    parentId blockOrder sweepToFill displaySize triggerMethod outsideRth hidden
    sharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage faProfile
    modelCode shortSaleSlot designatedLocation exemptCode ocaType rule80A settlingFirm allOrNone minQty
    percentOffset eTradeOnly firmQuoteOnly nbboPriceCap auctionStrategy startingPrice stockRefPrice delta
    stockRangeLower stockRangeUpper overridePercentageConstraints volatility volatilityType
    deltaNeutralOrderType deltaNeutralAuxPrice continuousUpdate referencePriceType trailStopPrice
    trailingPercent scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement scaleTable activeStartTime
    activeStopTime hedgeType optOutSmartRouting clearingAccount clearingIntent notHeld deltaNeutralContract
    algoStrategy algoId whatIf miscOptions solicited randomizeSize randomizePrice conditions adjustedOrderType
    triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount
    adjustableTrailingUnit extOperator softDollarTierName softDollarTierValue cashQty mifid2DecisionMaker
    mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo dontUseAutoPriceForHedge isOmsContainer
    discretionaryUpToLimitPrice usePriceMgmtAlgo duration postToAts autoCancelParent advancedErrorOverride
    manualOrderTime
"""
_NOT_OFFERED = """
    ocaGroup parentId allOrNone minQty discretionaryAmt goodAfterTime goodTillDate faGroup percentOffset
    volatility deltaNeutralOrderType scalePriceIncrement hedgeType deltaNeutralContract algoStrategy conditions
    adjustedOrderType cashQty trailStopPrice trailingPercent
"""
_ECHOED_NUMBERS = """
    origin blockOrder sweepToFill displaySize triggerMethod outsideRth hidden shortSaleSlot exemptCode eTradeOnly
    firmQuoteOnly optOutSmartRouting notHeld whatIf solicited randomizeSize randomizePrice dontUseAutoPriceForHedge
    isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo duration postToAts autoCancelParent transmit
"""
_ECHOED_TEXTS = """
    openClose modelCode designatedLocation rule80A settlingFirm clearingAccount extOperator
"""
_ORDER_TYPE_NAMES = {"STPLMT": "STP LMT", "STOP": "STP", "STOP LIMIT": "STP LMT", "LIMIT": "LMT", "MARKET": "MKT"}
_NAMES = tuple(_ORDER.split())
_NOT_OFFERED_NAMES = frozenset(_NOT_OFFERED.split())
_NOTHING = {"", "0", "None", UNSET_INTEGER}


@dataclass(frozen=True)
class OrderRequest:
    """A placeOrder: which id, for what, on which terms."""

    order_id: int
    contract: Query
    terms: Terms
    what_if: bool


def read_order(order_id: int, fields: Fields, version: int, account: str) -> OrderRequest:
    """Read the rest of message 3. Raises `BadField`, or `Refused` for what this simulator does not trade."""
    contract = read_contract(fields)
    fields.skip(2)  # secIdType, secId
    if contract.sec_type == "BAG":
        raise invalid("combination orders are not offered by this simulator")
    values: dict[str, str] = {}
    for name in _NAMES:
        if name == "faProfile" and version >= 177:
            continue
        values[name] = fields.text(name)
        if name in _NOT_OFFERED_NAMES and not _is_nothing(name, values[name]):
            raise invalid(f"{name} = {values[name][:40]!r} is not offered by this simulator")
    terms = Terms(
        action=values["action"].upper(),
        quantity=parse_amount("totalQuantity", values["totalQuantity"]) or Decimal(0),
        order_type=_ORDER_TYPE_NAMES.get(values["orderType"].upper(), values["orderType"].upper()),
        limit=parse_amount("lmtPrice", values["lmtPrice"]),
        stop=parse_amount("auxPrice", values["auxPrice"]),
        tif=values["tif"] or "DAY",
        account=values["account"] or account,
        ref=values["orderRef"],
        wire=_echoed(values) | {"exchange": contract.exchange},
    )
    return OrderRequest(order_id, contract, terms, values["whatIf"] == "1")


def _echoed(values: dict[str, str]) -> dict[str, str]:
    """What an open order repeats of the rest; numbers are checked, as other clients will read them too."""
    numbers = {name: parse_integer(name, values[name], -1) for name in _ECHOED_NUMBERS.split()}
    echoed = {name: str(number) for name, number in numbers.items() if number >= 0}
    return echoed | {name: values[name] for name in _ECHOED_TEXTS.split() if values[name]}


def _is_nothing(name: str, text: str) -> bool:
    if text in _NOTHING:
        return True
    if name in {"ocaGroup", "goodAfterTime", "goodTillDate", "faGroup", "hedgeType", "algoStrategy"}:
        return False
    try:
        return not parse_amount(name, text)
    except ValueError:
        return False
