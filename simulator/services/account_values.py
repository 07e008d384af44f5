"""The account's values under the names and in the order in which gateways list them.

A summary lists what has no currency first, then the rest, each by name, as recorded; account updates list all by
name and a name's currencies with BASE first. Tags that real gateways left unanswered for an individual account
(SettledCash, Leverage, HighestSeverity, ReqTEquity, ReqTMargin) are unknown here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property

from simulator.exchange.account import Account, Valued

Value = tuple[str, object, str]
BASE = "BASE"
_DOLLARS = "USD"

_PLAIN = (
    "AccruedCash",
    "AvailableFunds",
    "BuyingPower",
    "EquityWithLoanValue",
    "ExcessLiquidity",
    "GrossPositionValue",
    "InitMarginReq",
    "MaintMarginReq",
    "NetLiquidation",
    "PreviousDayEquityWithLoanValue",
    "TotalCashValue",
)
_MARGINS = ("AvailableFunds", "ExcessLiquidity", "InitMarginReq", "MaintMarginReq")
_FIGURES = {
    **{tag: tag for tag in _PLAIN},
    **{f"{prefix}{tag}": tag for prefix in ("Full", "LookAhead") for tag in _MARGINS},
    "SMA": "AvailableFunds",
}
_REGULATION_T = {"RegTEquity": "EquityWithLoanValue", "RegTMargin": "InitMarginReq"}
_LEDGER = ("Cryptocurrency", "FuturesPNL", "OptionMarketValue", "RealizedPnL", "StockMarketValue", "UnrealizedPnL")
_HOLDINGS = ("Cryptocurrency", "FuturesPNL", "OptionMarketValue", "StockMarketValue")
_CENT = Decimal("0.01")


class View:
    """An account at one instant; what it is worth is computed once, however many clients are told."""

    def __init__(self, account: Account) -> None:
        self.account = account

    @cached_property
    def portfolio(self) -> list[Valued]:
        """Its positions at the market."""
        return self.account.portfolio()

    @cached_property
    def figures(self) -> dict[str, Decimal]:
        """Its values in US dollars by tag."""
        return self.account.figures()


def account_values(view: View) -> list[Value]:
    """Key, value and currency of everything that account updates show."""
    values: list[Value] = [("AccountCode", view.account.name, ""), ("AccountReady", "true", "")]
    values += _unitless(view)
    values += _in_dollars(view, _FIGURES | _REGULATION_T)
    values += [value for currency in _currencies(view) for value in _ledger(view, currency)]
    return sorted(values, key=lambda value: (value[0], value[2] != BASE, value[2]))


def summary_values(view: View, tags: str) -> list[Value]:
    """Tag, value and currency of the tags of a summary request; unknown tags are left out, as gateways do."""
    asked = tags.split(",")
    unitless = [value for value in _unitless(view) if value[0] in asked]
    values = [*unitless, *_in_dollars(view, {tag: source for tag, source in _FIGURES.items() if tag in asked})]
    for tag in asked:
        if tag.startswith("$LEDGER"):
            wanted = tag.partition(":")[2] or BASE
            currencies = [currency for currency in _currencies(view) if wanted in {"ALL", currency}]
            values += [value for currency in currencies for value in _ledger(view, currency)]
    return values


def _in_dollars(view: View, sources: dict[str, str]) -> list[Value]:
    """Values by name; a source is the tag of the figure."""
    return [(tag, view.figures[sources[tag]], _DOLLARS) for tag in sorted(sources)]


def _unitless(view: View) -> list[Value]:
    net = view.figures["NetLiquidation"]
    cushion = (view.figures["ExcessLiquidity"] / net).quantize(Decimal("0.000001")) if net else Decimal(0)
    return [
        ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", cushion, ""),
        ("DayTradesRemaining", -1, ""),
        ("LookAheadNextChange", 0, ""),
    ]


def _currencies(view: View) -> list[str]:
    return [BASE, *sorted({*view.account.cash, *(v.position.instrument.currency for v in view.portfolio)})]


def _ledger(view: View, currency: str) -> Iterator[Value]:
    """Balance and positions of one currency, or everything in the base currency under BASE."""
    if currency == BASE:
        figures, rate, real = view.figures, Decimal(1), _DOLLARS
        cash, net = figures["TotalCashValue"], figures["NetLiquidation"]
    else:
        figures, rate, real = _figures_in(view, currency), view.account.rate(currency), currency
        cash = view.account.cash.get(currency, Decimal(0)).quantize(_CENT)
        net = cash + sum((figures[tag] for tag in _HOLDINGS), Decimal(0))
    yield "AccountOrGroup", view.account.name, currency
    yield "CashBalance", cash, currency
    yield "Currency", currency, currency
    yield "ExchangeRate", rate.quantize(Decimal("0.0000001")), currency
    for tag in _LEDGER:
        yield tag, figures[tag], currency
    yield "NetLiquidationByCurrency", net, currency
    yield "RealCurrency", real, currency
    yield "TotalCashBalance", cash, currency


def _figures_in(view: View, currency: str) -> dict[str, Decimal]:
    held = [valued for valued in view.portfolio if valued.position.instrument.currency == currency]

    def total(attribute: str, *kinds: str) -> Decimal:
        chosen = (v for v in held if not kinds or v.position.instrument.sec_type in kinds)
        return sum((getattr(v, attribute) for v in chosen), Decimal(0)).quantize(_CENT)

    return {
        "Cryptocurrency": total("value", "CRYPTO"),
        "StockMarketValue": total("value", "STK"),
        "OptionMarketValue": total("value", "OPT"),
        "FuturesPNL": total("gain", "FUT"),
        "UnrealizedPnL": total("unrealized"),
        "RealizedPnL": total("realized"),
    }
