"""Field names, in order and per version, of the two long messages: open order (5) and completed order (101).

`DEFAULTS` is what real gateways show for a plain order; a name that is not there is an empty field. The
delta-neutral block stays closed because `deltaNeutralOrderType` is empty.
"""

from __future__ import annotations

from simulator.wire.fields import UNSET_DOUBLE, UNSET_INTEGER

CONTRACT = (
    *("conId", "symbol", "secType", "expiry", "strike", "right", "multiplier"),
    *("exchange", "currency", "localSymbol", "tradingClass"),
)
_OPEN_BEGIN = """
    orderId *contract action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin
    orderRef clientId permId outsideRth hidden discretionaryAmt goodAfterTime sharesAllocation faGroup faMethod
    faPercentage faProfile@176 modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot
    designatedLocation exemptCode auctionStrategy startingPrice stockRefPrice delta stockRangeLower
    stockRangeUpper displaySize blockOrder sweepToFill allOrNone minQty ocaType eTradeOnly firmQuoteOnly
    nbboPriceCap parentId triggerMethod volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice
    continuousUpdate referencePriceType trailStopPrice trailingPercent basisPoints basisPointsType
    comboLegsDescrip comboLegsCount orderComboLegsCount smartComboRoutingParamsCount scaleInitLevelSize
    scaleSubsLevelSize scalePriceIncrement hedgeType optOutSmartRouting clearingAccount clearingIntent notHeld
    deltaNeutralContractPresent algoStrategy solicited whatIf status initMarginBefore maintMarginBefore
    equityWithLoanBefore initMarginChange maintMarginChange equityWithLoanChange initMarginAfter
    maintMarginAfter equityWithLoanAfter commission minCommission maxCommission commissionCurrency
"""
_OPEN_ONLY_200 = """
    marginCurrency initMarginBeforeRth maintMarginBeforeRth equityWithLoanBeforeRth initMarginChangeRth
    maintMarginChangeRth equityWithLoanChangeRth initMarginAfterRth maintMarginAfterRth equityWithLoanAfterRth
    suggestedSize rejectReason accountsCount
"""
_OPEN_REST = """
    warningText randomizeSize randomizePrice conditionsSize adjustedOrderType triggerPrice trailStopPrice
    lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount adjustableTrailingUnit
    softDollarTierName softDollarTierValue softDollarTierDisplayName cashQty dontUseAutoPriceForHedge
    isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo duration postToAts autoCancelParent minTradeQty
    minCompeteSize competeAgainstBestOffset midOffsetAtWhole midOffsetAtHalf
"""
_OPEN_END_200 = """
    customerAccount professionalCustomer bondAccruedInterest includeOvernight extOperator manualOrderIndicator
    submitter imbalanceOnly
"""
_COMPLETED = """
    *contract action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef
    permId outsideRth hidden discretionaryAmt goodAfterTime faGroup faMethod faPercentage faProfile@176
    modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot designatedLocation exemptCode
    startingPrice stockRefPrice delta stockRangeLower stockRangeUpper displaySize sweepToFill allOrNone minQty
    ocaType triggerMethod volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice continuousUpdate
    referencePriceType trailStopPrice trailingPercent comboLegsDescrip comboLegsCount orderComboLegsCount
    smartComboRoutingParamsCount scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement hedgeType
    clearingAccount clearingIntent notHeld deltaNeutralContractPresent algoStrategy solicited status
    randomizeSize randomizePrice conditionsSize trailStopPrice lmtPriceOffset cashQty dontUseAutoPriceForHedge
    isOmsContainer autoCancelDate filledQuantity refFuturesConId autoCancelParent shareholder imbalanceOnly
    routeMarketableToBbo parentPermId completedTime completedStatus minTradeQty minCompeteSize
    competeAgainstBestOffset midOffsetAtWhole midOffsetAtHalf
"""
_COMPLETED_END_200 = "customerAccount professionalCustomer submitter"
_ZERO = """
    origin outsideRth hidden discretionaryAmt shortSaleSlot auctionStrategy blockOrder sweepToFill allOrNone
    eTradeOnly firmQuoteOnly parentId triggerMethod volatilityType deltaNeutralAuxPrice continuousUpdate
    referencePriceType comboLegsCount orderComboLegsCount smartComboRoutingParamsCount optOutSmartRouting
    notHeld deltaNeutralContractPresent solicited whatIf randomizeSize randomizePrice conditionsSize
    adjustableTrailingUnit dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo
    autoCancelParent accountsCount professionalCustomer includeOvernight imbalanceOnly refFuturesConId
    routeMarketableToBbo parentPermId
"""
_NOT_SET = """
    triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount commission
    minCommission maxCommission
"""


def _layout(version: int, *parts: str) -> tuple[str, ...]:
    """The names of some parts; `name@176` exists at that version only."""
    names: list[str] = []
    for name in " ".join(parts).split():
        if name == "*contract":
            names += CONTRACT
        elif "@" not in name:
            names.append(name)
        elif version == 176:
            names.append(name.split("@")[0])
    return tuple(names)


OPEN_ORDER = {
    176: _layout(176, _OPEN_BEGIN, _OPEN_REST),
    178: _layout(178, _OPEN_BEGIN, _OPEN_REST),
    200: _layout(200, _OPEN_BEGIN, _OPEN_ONLY_200, _OPEN_REST, _OPEN_END_200),
}
COMPLETED_ORDER = {
    176: _layout(176, _COMPLETED),
    178: _layout(178, _COMPLETED),
    200: _layout(200, _COMPLETED, _COMPLETED_END_200),
}
_MARGINS = [name for name in OPEN_ORDER[200] if "Margin" in name or "equityWithLoan" in name]
DEFAULTS: dict[str, str] = (
    dict.fromkeys(_ZERO.split(), "0")
    | dict.fromkeys([*_MARGINS, *_NOT_SET.split()], UNSET_DOUBLE)
    | dict.fromkeys(("displaySize", "duration", "postToAts", "manualOrderIndicator"), UNSET_INTEGER)
    | {"exemptCode": "-1", "ocaType": "3", "clearingIntent": "IB", "adjustedOrderType": "None"}
)
