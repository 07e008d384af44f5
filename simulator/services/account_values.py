"""The account's values under the names and in the order in which gateways list them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from simulator.exchange.account import Account

Value = tuple[str, object, str]

_PLAIN = (
    "NetLiquidation",
    "TotalCashValue",
    "SettledCash",
    "AccruedCash",
    "BuyingPower",
    "EquityWithLoanValue",
    "PreviousDayEquityWithLoanValue",
    "GrossPositionValue",
    "InitMarginReq",
    "MaintMarginReq",
    "AvailableFunds",
    "ExcessLiquidity",
)
_COPIES = {f"{prefix}{tag}": tag for prefix in ("Full", "LookAhead") for tag in _PLAIN[-4:]} | {
    "RegTEquity": "EquityWithLoanValue",
    "RegTMargin": "InitMarginReq",
    "ReqTEquity": "EquityWithLoanValue",
    "ReqTMargin": "InitMarginReq",
    "SMA": "AvailableFunds",
}
_LEDGER = ("StockMarketValue", "OptionMarketValue", "FuturesPNL", "UnrealizedPnL", "RealizedPnL")


def account_values(account: Account) -> list[Value]:
    """Key, value and currency of everything that account updates show."""
    figures = account.figures()
    values: list[Value] = [("AccountCode", account.name, ""), ("AccountReady", "true", "")]
    values += _unitless(figures)
    values += [(tag, figures[tag], "USD") for tag in _PLAIN]
    values += [(tag, figures[source], "USD") for tag, source in _COPIES.items()]
    return [*values, *_ledger(account, figures)]


def summary_values(account: Account, tags: str) -> list[Value]:
    """Tag, value and currency of the tags of a summary request; unknown tags are left out, as gateways do."""
    figures = account.figures()
    known: dict[str, Value] = {value[0]: value for value in _unitless(figures)}
    known |= {tag: (tag, figures[tag], "USD") for tag in _PLAIN}
    known |= {tag: (tag, figures[source], "USD") for tag, source in _COPIES.items()}
    values: list[Value] = []
    for tag in tags.split(","):
        if tag.startswith("$LEDGER"):
            currency = tag.partition(":")[2] or "BASE"
            values += [value for value in _ledger(account, figures) if currency in {"ALL", value[2]}]
        elif tag in known:
            values.append(known[tag])
    return values


def _unitless(figures: dict[str, Decimal]) -> list[Value]:
    net = figures["NetLiquidation"]
    cushion = (figures["ExcessLiquidity"] / net).quantize(Decimal("0.000001")) if net else Decimal(0)
    leverage = (figures["GrossPositionValue"] / net).quantize(Decimal("0.01")) if net else Decimal(0)
    return [
        ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", cushion, ""),
        ("DayTradesRemaining", -1, ""),
        ("HighestSeverity", 0, ""),
        ("Leverage", leverage, ""),
        ("LookAheadNextChange", 0, ""),
    ]


def _ledger(account: Account, figures: dict[str, Decimal]) -> Iterator[Value]:
    """Balances by currency, and everything in the base currency under BASE."""
    balances = {currency: (amount, account.rate(currency)) for currency, amount in account.cash.items()}
    for currency, (amount, rate) in balances.items():
        yield "Currency", currency, currency
        yield "CashBalance", amount, currency
        yield "TotalCashBalance", amount, currency
        yield "ExchangeRate", rate.quantize(Decimal("0.00000001")), currency
    yield "Currency", "BASE", "BASE"
    yield "CashBalance", figures["TotalCashValue"], "BASE"
    yield "TotalCashBalance", figures["TotalCashValue"], "BASE"
    yield "NetLiquidationByCurrency", figures["NetLiquidation"], "BASE"
    yield "ExchangeRate", Decimal("1.00"), "BASE"
    for tag in _LEDGER:
        yield tag, figures[tag], "BASE"
