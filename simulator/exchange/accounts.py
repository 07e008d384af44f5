"""The accounts behind one login: one, or several whose codes are separated by commas in the settings."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from simulator.exchange.account import Account
from simulator.exchange.orders import Execution
from simulator.ledger import Ledger
from simulator.market.market import Market


def account_codes(text: str) -> tuple[str, ...]:
    """The codes in a setting like "DU1,DU2". ValueError for none, an empty one, or one that is there twice."""
    codes = tuple(code.strip() for code in text.split(","))
    if not all(codes) or len(set(codes)) != len(codes):
        raise ValueError(f"account: expected one code or several different ones separated by commas, got {text!r}")
    return codes


class Accounts:
    """All accounts, in the order of the settings; each begins with the same cash."""

    def __init__(self, codes: str, cash: Decimal, market: Market, ledger: Ledger) -> None:
        self.names = account_codes(codes)
        self._accounts = {name: Account(name, cash, market, ledger) for name in self.names}

    @property
    def default(self) -> Account:
        """The first account: the one meant where there is only one."""
        return self._accounts[self.names[0]]

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def __getitem__(self, name: str) -> Account:
        return self._accounts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._accounts

    def __len__(self) -> int:
        return len(self._accounts)

    def begin_day(self, executions: list[Execution]) -> None:
        """Count every account's figures of today anew from today's executions."""
        for account in self:
            account.begin_day([execution for execution in executions if execution.account == account.name])
