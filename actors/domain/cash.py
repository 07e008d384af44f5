"""Whether cash balances and executions tell the same story. Pure.

The expectation is the balance of the last judgement plus what executions moved since: price times quantity times
multiplier, less the commission. It is judged from one moment of rest to the next and only where it can be calculated:
for accounts that traded and hold stocks and options alone, whose commissions are all known. A future's margin, a
currency trade or an execution of which only the id is known moves cash in ways that are not told; then the balance is
taken as it is and the next judgement starts from there. What remains is a deposit, interest, a dividend, a fee: told,
never locked. The tolerance is one cent, and one more for each execution, because the broker rounds each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from actors.domain.executions import SignedExecution, signed
from actors.domain.fills import revision, stem
from actors.messages.account import Accounts, AccountView
from actors.messages.broker import ExecutionList, ExecutionReport
from actors.messages.broker_account import PositionList

REST: Final = 240.0
"""Seconds without an execution before a balance counts: the broker tells account values every 180 s at the latest."""

TOLERANCE: Final = Decimal("0.01")

_CALCULABLE: Final = frozenset({"STK", "OPT"})
_BALANCE: Final = "CashBalance"

Balance = tuple[str, str]
"""Account and currency: what a balance is of."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What one execution did to its account's cash in `currency`; `amount` is None when nobody can calculate it."""

    exec_id: str
    currency: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class CashBaseline:
    """Balances of the last judgement, and the executions they contain, by stem."""

    balances: Mapping[Balance, Decimal] = field(default_factory=dict)
    counted: Mapping[str, Movement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CashDifference:
    """A balance that executions do not explain."""

    account: str
    currency: str
    expected: Decimal
    actual: Decimal


@dataclass(frozen=True, slots=True)
class CashVerdict:
    """What one look at the balances says; `baseline` is where the next starts from."""

    baseline: CashBaseline
    differences: tuple[CashDifference, ...]


def movements(executions: ExecutionList) -> dict[str, Movement]:
    """What these executions moved, by stem, each in its newest revision."""
    paid = {report.exec_id: report for report in executions.commissions}
    newest: dict[str, Movement] = {}
    for report in executions.items:
        known = newest.get(stem(report.exec_id))
        if known is not None and revision(report.exec_id) <= revision(known.exec_id):
            continue
        charge = paid.get(report.exec_id)
        currency = report.contract.currency
        fee = charge.commission if charge is not None and charge.currency == currency else None
        newest[stem(report.exec_id)] = Movement(report.exec_id, currency, _amount(report, fee))
    return newest


def opaque(positions: PositionList) -> frozenset[str]:
    """The accounts that hold something whose cash moves without an execution, as a future's margin does."""
    return frozenset(
        report.account for report in positions.items if report.quantity and report.contract.sec_type not in _CALCULABLE
    )


def balances(accounts: Accounts, known: Mapping[str, SignedExecution], since: datetime) -> dict[Balance, Decimal]:
    """The cash of every account that was told after `since`, when the session began, and after its last execution."""
    found: dict[Balance, Decimal] = {}
    for view in accounts.items:
        last = max((one.at for one in known.values() if one.account == view.account), default=since)
        if view.complete and view.as_of is not None and view.as_of >= max(since, last):
            found |= _cash(view)
    return found


def judge(
    baseline: CashBaseline,
    now: Mapping[Balance, Decimal],
    moved: Mapping[str, Movement],
    known: Mapping[str, SignedExecution],
    unclear: Collection[str] = (),
) -> CashVerdict:
    """Compare the balances `now`, of accounts at rest, with what the baseline and the executions make of them.

    `known` is every execution heard of, by stem, `moved` what is known of their amounts; accounts in `unclear` are
    not judged. An account without balances keeps its baseline.
    """
    here = {account for account, _ in now}
    differences: list[CashDifference] = []
    for account in sorted(here):
        own = {name: one for name, one in known.items() if one.account == account}
        started = any(place[0] == account for place in baseline.balances)
        changes = None if account in unclear or not started else _changes(own, moved, baseline.counted)
        if changes is not None:
            told = {currency: amount for (where, currency), amount in now.items() if where == account}
            differences += _compare(account, told, baseline.balances, changes)
    kept = {place: amount for place, amount in baseline.balances.items() if place[0] not in here}
    counted = {
        name: moved.get(name, baseline.counted.get(name, Movement(one.exec_id, "", None)))
        for name, one in known.items()
        if one.account in here
    }
    others = {name: one for name, one in baseline.counted.items() if name in known and known[name].account not in here}
    return CashVerdict(CashBaseline({**kept, **now}, {**others, **counted}), tuple(differences))


def _amount(report: ExecutionReport, fee: Decimal | None) -> Decimal | None:
    contract = report.contract
    if contract.sec_type == "BAG":  # told a second time leg by leg
        return Decimal(0)
    if contract.sec_type not in _CALCULABLE or fee is None:
        return None
    size = contract.multiplier or ("1" if contract.sec_type == "STK" else "")
    try:
        return -signed(report).quantity * Decimal(str(report.price)) * Decimal(size) - fee
    except InvalidOperation:  # an option whose multiplier was not told
        return None


def _cash(view: AccountView) -> dict[Balance, Decimal]:
    found: dict[Balance, Decimal] = {}
    for value in view.values:
        if value.key == _BALANCE and value.currency not in ("", "BASE"):
            try:
                found[view.account, value.currency] = Decimal(value.value)
            except InvalidOperation:
                continue  # the broker writes N/A for what it does not know: not judged
    return found


@dataclass(slots=True)
class _Change:
    amount: Decimal = Decimal(0)
    executions: int = 0


def _changes(
    own: Mapping[str, SignedExecution], moved: Mapping[str, Movement], counted: Mapping[str, Movement]
) -> Mapping[str, _Change] | None:
    """What executions made of the balances since they were counted, by currency; None when it cannot be said."""
    changes: dict[str, _Change] = defaultdict(_Change)
    for name, one in own.items():
        old, new = counted.get(name), moved.get(name)
        if old is not None and old.exec_id == one.exec_id:
            continue
        before = Decimal(0) if old is None else old.amount
        if new is None or new.exec_id != one.exec_id or new.amount is None or before is None:
            return None
        changes[new.currency].amount += new.amount - before
        changes[new.currency].executions += 1
    return changes


def _compare(
    account: str, told: Mapping[str, Decimal], before: Mapping[Balance, Decimal], changes: Mapping[str, _Change]
) -> list[CashDifference]:
    found = []
    for currency, actual in sorted(told.items()):
        change = changes.get(currency, _Change())
        expected = before.get((account, currency), Decimal(0)) + change.amount
        if abs(actual - expected) > TOLERANCE * (1 + change.executions):
            found.append(CashDifference(account, currency, expected, actual))
    return found
