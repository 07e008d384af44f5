"""What an account has in each currency."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain.balances import Balance, amount, balances, worth
from actors.messages.account import AccountValue, AccountView
from tests.state.samples import ACCOUNT, HELD, SHORT


def view(*values: tuple[str, str, str]) -> AccountView:
    return msgspec.structs.replace(ACCOUNT, values=tuple(AccountValue(*value) for value in values))


def test_currencies_are_told_apart_the_base_currency_first_and_base_is_none_of_them() -> None:
    told = view(
        ("CashBalance", "99", "BASE"),
        ("CashBalance", "-10.55", "EUR"),
        ("CashBalance", "111.10", "USD"),
        ("CashBalance", "N/A", "CHF"),
        ("ExchangeRate", "1.0875", "EUR"),
        ("ExchangeRate", "1.00", "USD"),
        ("NetLiquidationByCurrency", "500.25", "EUR"),
    )
    assert balances(told) == (
        Balance("USD", Decimal("111.10"), None, Decimal(1)),
        Balance("CHF", None, None, None),
        Balance("EUR", Decimal("-10.55"), Decimal("500.25"), Decimal("1.0875")),
    )


def test_an_amount_is_that_of_the_base_currency_never_of_another() -> None:
    told = view(("ExcessLiquidity", "5", "EUR"), ("AvailableFunds", "6", "USD"), ("AvailableFunds", "7", "EUR"))
    assert (amount(told, "ExcessLiquidity"), amount(told, "AvailableFunds")) == (None, Decimal(6))
    assert amount(view(("Cushion", "0.25", "BASE")), "Cushion") == Decimal("0.25")


def test_a_position_is_worth_nothing_that_is_known_without_a_value_or_a_rate() -> None:
    told = view(("ExchangeRate", "1.25", "EUR"), ("ExchangeRate", "0", "CHF"))
    in_euro, in_francs = (msgspec.structs.replace(HELD, currency=unit) for unit in ("EUR", "CHF"))
    assert [worth(told, one) for one in (HELD, in_euro, in_francs, SHORT)] == [
        Decimal("1585.5"),
        Decimal("1981.875"),
        None,
        None,
    ]
