"""What an order says, in IB's words and in ours; and what a what-if answers.

IB's auxPrice is the stop price of a stop order but the trailing amount of a trailing one, whose stop price is
trailStopPrice; trailingPercent stands in place of the amount. Of a trailing limit either the limit price or its
offset from the stop may be sent, never both. IB writes 0.0 for prices that a type does not have: here they are None.
"""

from __future__ import annotations

import logging
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

import ibapi.order

from actors.ib.times import UnreadableTime, read_time, request_time
from actors.ib.values import amount, price, quantity
from actors.messages.broker import OrderTerms
from actors.messages.orders import OrderPreview


def terms_from(theirs: Any, local: tzinfo, log: logging.Logger) -> OrderTerms:
    """What IB says an order is; `local` is the zone of a time without one."""
    kind = theirs.orderType
    trails = "TRAIL" in kind
    offset = price(theirs.lmtPriceOffset) if trails and "LIMIT" in kind else None
    stop = theirs.trailStopPrice if trails else theirs.auxPrice
    limited = offset is None and ("LMT" in kind or kind in ("LOC", "LIT", "TRAIL LIMIT"))
    return OrderTerms(
        account=theirs.account,
        side=theirs.action,
        quantity=quantity(theirs.totalQuantity) or Decimal(0),
        order_type=kind,
        limit=price(theirs.lmtPrice) if limited else None,
        stop=(price(stop) or None) if trails or "STP" in kind or kind in ("MIT", "LIT") else None,
        tif=theirs.tif,
        key=theirs.orderRef,
        outside_rth=theirs.outsideRth,
        transmit=True,
        trail=(price(theirs.auxPrice) or None) if trails else None,
        trail_percent=(price(theirs.trailingPercent) or None) if trails else None,
        limit_offset=offset,
        good_till=_good_till_from(theirs.goodTillDate, local, log),
        parent_id=theirs.parentId,
        oca_group=theirs.ocaGroup,
        oca_type=theirs.ocaType if theirs.ocaGroup else 0,
    )


def order_to(terms: OrderTerms, *, what_if: bool = False) -> ibapi.order.Order:
    """IB's order for our terms. What we do not name keeps IB's default."""
    theirs = ibapi.order.Order()
    theirs.account = terms.account
    theirs.action = terms.side
    theirs.totalQuantity = quantity_to(terms.quantity)
    theirs.orderType = terms.order_type
    if terms.limit is not None:
        theirs.lmtPrice = terms.limit
    _stop_to(terms, theirs)
    theirs.tif = terms.tif
    if terms.good_till is not None:
        theirs.goodTillDate = request_time(terms.good_till)
    theirs.orderRef = terms.key
    theirs.outsideRth = terms.outside_rth
    theirs.parentId = terms.parent_id
    if terms.oca_group:
        theirs.ocaGroup = terms.oca_group
        theirs.ocaType = terms.oca_type
    theirs.transmit = terms.transmit
    theirs.whatIf = what_if
    return theirs


def quantity_to(quantity: Decimal) -> Decimal:
    """The quantity as it is written: never 1E+2."""
    return Decimal(f"{quantity:f}")


def preview_from(state: Any) -> OrderPreview | None:
    """What a what-if answered; None when it has no figures, as IB may tell before it has worked them out.

    Margins come as text, figures that are not told as IB's unset value.
    """
    preview = OrderPreview(
        initial_before=_margin(state.initMarginBefore),
        initial_change=_margin(state.initMarginChange),
        initial_after=_margin(state.initMarginAfter),
        maintenance_before=_margin(state.maintMarginBefore),
        maintenance_change=_margin(state.maintMarginChange),
        maintenance_after=_margin(state.maintMarginAfter),
        equity_before=_margin(state.equityWithLoanBefore),
        equity_change=_margin(state.equityWithLoanChange),
        equity_after=_margin(state.equityWithLoanAfter),
        commission=amount(state.commissionAndFees),
        least_commission=amount(state.minCommissionAndFees),
        most_commission=amount(state.maxCommissionAndFees),
        currency=state.commissionAndFeesCurrency,
        warning=state.warningText,
    )
    return None if preview.initial_change is None and preview.commission is None else preview


def _good_till_from(text: str, local: tzinfo, log: logging.Logger) -> datetime | None:
    """How long an order lasts. A time that cannot be read must not cost us the order."""
    try:
        return read_time(text, local) if text else None
    except UnreadableTime as problem:
        log.warning("%s in an order's good-till date; it is not shown", problem)
        return None


def _stop_to(terms: OrderTerms, theirs: ibapi.order.Order) -> None:
    trails = terms.trail is not None or terms.trail_percent is not None
    if trails and terms.stop is not None:
        theirs.trailStopPrice = terms.stop
    if terms.trail is not None:
        theirs.auxPrice = terms.trail
    elif terms.stop is not None and not trails:
        theirs.auxPrice = terms.stop
    if terms.trail_percent is not None:
        theirs.trailingPercent = terms.trail_percent
    if terms.limit_offset is not None:
        theirs.lmtPriceOffset = terms.limit_offset


def _margin(text: str) -> Decimal | None:
    """A figure of margin in the digits it was written with; None when it is empty or unset. ValueError otherwise."""
    return None if not text or price(float(text)) is None else Decimal(text)
