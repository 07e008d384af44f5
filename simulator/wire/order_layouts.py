"""The three long messages about orders as tables: placeOrder (3), openOrder (5), completedOrder (101).

What opens a block is what the reader on the other side looks at. Real gateways show `None` where a client set no
delta-neutral order type, and that opens its block: a plain open order has 8 fields more than the shortest
possible one, as recorded. `DEFAULTS` is what recorded plain orders show; a name that is not there is an empty
field.
"""

from __future__ import annotations

from simulator.wire.fields import UNSET_DOUBLE, UNSET_INTEGER
from simulator.wire.layout import Block, Choice, Layout, Repeated, among, fields, filled, flagged, positive

PEG_BENCH = {"PEG BENCH", "PEGBENCH"}
PEG_BEST = {"PEG BEST", "PEGBEST"}
PEG_MID = {"PEG MID", "PEGMID"}
NO_PERM_ID = "9223372036854775807"
_TAGS = fields("tag value")
_CONTRACT = fields(
    "conId symbol secType expiry strike right multiplier exchange currency localSymbol tradingClass",
)

# --- blocks that several of the messages share ---

_LEG = fields(
    "conId:integer ratio:integer action exchange openClose:integer shortSaleSlot:integer designatedLocation"
    " exemptCode:integer"
)
_COMBO: Layout = (
    Repeated("comboLegs", _LEG),
    Repeated("orderComboLegs", fields("price:amount")),
    Repeated("smartComboRoutingParams", _TAGS),
)
_DELTA_NEUTRAL = filled(
    "deltaNeutralOrderType",
    fields(
        "deltaNeutralConId:integer deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent"
        " deltaNeutralOpenClose deltaNeutralShortSale:flag deltaNeutralShortSaleSlot:integer"
        " deltaNeutralDesignatedLocation"
    ),
)
_DELTA_NEUTRAL_COMPLETED = filled(
    "deltaNeutralOrderType",
    fields("deltaNeutralConId deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"),
)
_SCALE: Layout = (
    *fields("scaleInitLevelSize:integer scaleSubsLevelSize:integer scalePriceIncrement:amount"),
    positive(
        "scalePriceIncrement",
        fields(
            "scalePriceAdjustValue:amount scalePriceAdjustInterval:integer scaleProfitOffset:amount"
            " scaleAutoReset:flag scaleInitPosition:integer scaleInitFillQty:integer scaleRandomPercent:flag"
        ),
    ),
)
_HEDGE: Layout = (*fields("hedgeType"), filled("hedgeType", fields("hedgeParam")))
_DELTA_NEUTRAL_CONTRACT: Layout = (
    *fields("deltaNeutralContract:flag"),
    flagged(
        "deltaNeutralContract",
        fields("deltaNeutralContractConId:integer deltaNeutralContractDelta:amount deltaNeutralContractPrice:amount"),
    ),
)
_ALGO: Layout = (*fields("algoStrategy"), filled("algoStrategy", (Repeated("algoParams", _TAGS),)))
_PEG_BENCH = among(
    "orderType",
    PEG_BENCH,
    fields(
        "referenceContractId:integer isPeggedChangeAmountDecrease:flag peggedChangeAmount:amount"
        " referenceChangeAmount:amount referenceExchangeId"
    ),
)
_CONDITION = Choice(
    "type",
    {
        "1": fields("conjunction isMore:flag price:amount conId:integer exchange triggerMethod:integer"),
        "3": fields("conjunction isMore:flag time"),
        "4": fields("conjunction isMore:flag percent:integer"),
        "5": fields("conjunction secType exchange symbol"),
        "6": fields("conjunction isMore:flag volume:integer conId:integer exchange"),
        "7": fields("conjunction isMore:flag changePercent:amount conId:integer exchange"),
    },
)
_CONDITIONS: Layout = (
    Repeated("conditions", (_CONDITION,)),
    positive("conditions", fields("conditionsIgnoreRth:flag conditionsCancelOrder:flag")),
)

# --- client to server ---

PLACE_ORDER: Layout = (
    *fields(
        """secIdType secId action totalQuantity:amount orderType lmtPrice:amount auxPrice:amount tif ocaGroup account
        openClose origin:integer orderRef transmit:flag parentId:integer blockOrder:flag sweepToFill:flag
        displaySize:integer triggerMethod:integer outsideRth:flag hidden:flag"""
    ),
    among("secType", {"BAG"}, _COMBO),
    *fields(
        """sharesAllocation discretionaryAmt:amount goodAfterTime goodTillDate faGroup faMethod faPercentage
        faProfile@..176 modelCode shortSaleSlot:integer designatedLocation exemptCode:integer ocaType:integer rule80A
        settlingFirm allOrNone:flag minQty:integer percentOffset:amount eTradeOnly:flag firmQuoteOnly:flag
        nbboPriceCap:amount auctionStrategy:integer startingPrice:amount stockRefPrice:amount delta:amount
        stockRangeLower:amount stockRangeUpper:amount overridePercentageConstraints:flag volatility:amount
        volatilityType:integer deltaNeutralOrderType deltaNeutralAuxPrice:amount"""
    ),
    _DELTA_NEUTRAL,
    *fields("continuousUpdate:flag referencePriceType:integer trailStopPrice:amount trailingPercent:amount"),
    *_SCALE,
    *fields("scaleTable activeStartTime activeStopTime"),
    *_HEDGE,
    *fields("optOutSmartRouting:flag clearingAccount clearingIntent notHeld:flag"),
    *_DELTA_NEUTRAL_CONTRACT,
    *_ALGO,
    *fields("algoId whatIf:flag miscOptions solicited:flag randomizeSize:flag randomizePrice:flag"),
    _PEG_BENCH,
    *_CONDITIONS,
    *fields(
        """adjustedOrderType triggerPrice:amount lmtPriceOffset:amount adjustedStopPrice:amount
        adjustedStopLimitPrice:amount adjustedTrailingAmount:amount adjustableTrailingUnit:integer extOperator
        softDollarTierName softDollarTierValue cashQty:amount mifid2DecisionMaker mifid2DecisionAlgo
        mifid2ExecutionTrader mifid2ExecutionAlgo dontUseAutoPriceForHedge:flag isOmsContainer:flag
        discretionaryUpToLimitPrice:flag usePriceMgmtAlgo:flag duration:integer postToAts:integer
        autoCancelParent:flag advancedErrorOverride manualOrderTime"""
    ),
    among("exchange", {"IBKRATS"}, fields("minTradeQty:integer")),
    among("orderType", PEG_BEST, fields("minCompeteSize:integer competeAgainstBestOffset:offset")),
    Block(
        lambda get: (
            get("orderType") in PEG_MID
            or (get("orderType") in PEG_BEST and get("competeAgainstBestOffset") == "Infinity")
        ),
        fields("midOffsetAtWhole:amount midOffsetAtHalf:amount"),
    ),
    *fields(
        "customerAccount@200.. professionalCustomer:flag@200.. includeOvernight:flag@200.."
        " manualOrderIndicator:integer@200.. imbalanceOnly:flag@200.."
    ),
)

# --- server to client ---

_MARGINS = """
    initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange equityWithLoanChange
    initMarginAfter maintMarginAfter equityWithLoanAfter
"""
_MARGINS_OUTSIDE = " ".join(f"{name}OutsideRTH@200.." for name in _MARGINS.split())
_COMPETITION = "minTradeQty minCompeteSize competeAgainstBestOffset midOffsetAtWhole midOffsetAtHalf"

OPEN_ORDER: Layout = (
    *fields("orderId"),
    *_CONTRACT,
    *fields(
        """action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef clientId
        permId outsideRth hidden discretionaryAmt goodAfterTime sharesAllocation faGroup faMethod faPercentage
        faProfile@..176 modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot designatedLocation
        exemptCode auctionStrategy startingPrice stockRefPrice delta stockRangeLower stockRangeUpper displaySize
        blockOrder sweepToFill allOrNone minQty ocaType eTradeOnly firmQuoteOnly nbboPriceCap parentId triggerMethod
        volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"""
    ),
    _DELTA_NEUTRAL,
    *fields(
        """continuousUpdate referencePriceType trailStopPrice trailingPercent basisPoints basisPointsType
        comboLegsDescrip"""
    ),
    *_COMBO,
    *_SCALE,
    *_HEDGE,
    *fields("optOutSmartRouting clearingAccount clearingIntent notHeld"),
    *_DELTA_NEUTRAL_CONTRACT,
    *_ALGO,
    *fields(f"solicited whatIf status {_MARGINS} commission minCommission maxCommission commissionCurrency"),
    *fields(f"marginCurrency@200.. {_MARGINS_OUTSIDE} suggestedSize@200.. rejectReason@200.. accountsCount@200.."),
    *fields("warningText randomizeSize randomizePrice"),
    _PEG_BENCH,
    *_CONDITIONS,
    *fields(
        f"""adjustedOrderType triggerPrice stopPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice
        adjustedTrailingAmount adjustableTrailingUnit softDollarTierName softDollarTierValue softDollarTierDisplayName
        cashQty dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo duration postToAts
        autoCancelParent {_COMPETITION} customerAccount@200.. professionalCustomer@200.. bondAccruedInterest@200..
        includeOvernight@200.. extOperator@200.. manualOrderIndicator@200.. submitter@200.. imbalanceOnly@200.."""
    ),
)
COMPLETED_ORDER: Layout = (
    *_CONTRACT,
    *fields(
        """action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef permId
        outsideRth hidden discretionaryAmt goodAfterTime faGroup faMethod faPercentage faProfile@..176 modelCode
        goodTillDate rule80A percentOffset settlingFirm shortSaleSlot designatedLocation exemptCode startingPrice
        stockRefPrice delta stockRangeLower stockRangeUpper displaySize sweepToFill allOrNone minQty ocaType
        triggerMethod volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"""
    ),
    _DELTA_NEUTRAL_COMPLETED,
    *fields("continuousUpdate referencePriceType trailStopPrice trailingPercent comboLegsDescrip"),
    *_COMBO,
    *_SCALE,
    *_HEDGE,
    *fields("clearingAccount clearingIntent notHeld"),
    *_DELTA_NEUTRAL_CONTRACT,
    *_ALGO,
    *fields("solicited status randomizeSize randomizePrice"),
    _PEG_BENCH,
    *_CONDITIONS,
    *fields(
        f"""stopPrice lmtPriceOffset cashQty dontUseAutoPriceForHedge isOmsContainer autoCancelDate filledQuantity
        refFuturesConId autoCancelParent shareholder imbalanceOnly routeMarketableToBbo parentPermId completedTime
        completedStatus {_COMPETITION} customerAccount@200.. professionalCustomer@200.. submitter@200.."""
    ),
)

# --- what plain orders show ---

_ZERO = """
    origin outsideRth hidden discretionaryAmt shortSaleSlot auctionStrategy blockOrder sweepToFill allOrNone eTradeOnly
    firmQuoteOnly parentId triggerMethod volatilityType deltaNeutralConId deltaNeutralShortSale
    deltaNeutralShortSaleSlot continuousUpdate referencePriceType optOutSmartRouting notHeld deltaNeutralContract
    solicited whatIf randomizeSize randomizePrice adjustableTrailingUnit cashQty isOmsContainer
    discretionaryUpToLimitPrice usePriceMgmtAlgo autoCancelParent professionalCustomer includeOvernight imbalanceOnly
    routeMarketableToBbo accountsCount
"""
_UNSET_AMOUNTS = """
    triggerPrice stopPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount
"""
_UNSET_COUNTS = "displaySize scaleInitLevelSize scaleSubsLevelSize refFuturesConId manualOrderIndicator"
DEFAULTS: dict[str, str] = (
    dict.fromkeys(_ZERO.split(), "0")
    | dict.fromkeys([*_MARGINS.split(), *_UNSET_AMOUNTS.split()], UNSET_DOUBLE)
    | dict.fromkeys((f"{name}OutsideRTH" for name in _MARGINS.split()), UNSET_DOUBLE)
    | dict.fromkeys(_UNSET_COUNTS.split(), UNSET_INTEGER)
    | {"deltaNeutralOrderType": "None", "deltaNeutralOpenClose": "?", "adjustedOrderType": "None"}
    | {"exemptCode": "-1", "ocaType": "3", "clearingIntent": "IB", "dontUseAutoPriceForHedge": "1"}
    | {"shareholder": "Not an insider or substantial shareholder", "parentPermId": NO_PERM_ID}
)
