"""Every kind of difference between broker and service: its scope, the repair, and whether it locks. Pure.

The broker is the truth about its orders, positions, executions and cash: the repair is to take its word, and a person
is asked only where it has none. What locks new orders out of a contract says what unlocks it; see `locks`.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain.locks import order_lock, position_lock, position_subject
from actors.domain.order_state import OrderState
from actors.messages.broker import OrderReport, OrderTerms
from actors.messages.state import Difference, DifferenceKind, UnexplainedPosition

# --- the cut itself ------------------------------------------------------------------------------------


def part_failed(name: str) -> Difference:
    """A query without an answer."""
    return Difference("part_failed", name, "", "no answer", "nothing was inferred; asked again", repaired=True)


def left_out(name: str) -> Difference:
    """A report that is quarantined, told again in every cut; the gate stays shut meanwhile."""
    return Difference(
        kind="part_failed",
        subject=name,
        ours="",
        theirs="not readable here",
        action="quarantined: Order broke on it twice; a person must look, and new orders are refused",
        repaired=False,
        scope="all",
        locks=True,
        unlock="a restart of the service, or a cut in which the broker no longer tells it",
    )


# --- orders --------------------------------------------------------------------------------------------


def orphan(adopted: OrderState, report: OrderReport) -> Difference:
    """An order at the broker that nobody here placed."""
    theirs = f"{report.status} {words(report.terms)} {report.contract.symbol}, client {report.client_id}"
    return _order("order_orphan", adopted.key, "unknown", theirs, "adopted as external")


def foreign_key(ours: OrderState, adopted: OrderState, report: OrderReport) -> Difference:
    """An order of somebody else that carries the key of one of ours."""
    theirs = f"{report.status} {words(report.terms)} {report.contract.symbol}, client {report.client_id}"
    action = f"not ours; adopted as external under {adopted.key}"
    return _order("order_ownership", ours.key, f"client {ours.client_id}", theirs, action)


def other_account(order: OrderState, account: str) -> Difference:
    """An order of ours that the broker has in another account than it was sent for."""
    action = "left as it is: a person must decide whether it may work there"
    return Difference(
        "order_ownership", order.key, order.terms.account, account, action, repaired=False, scope=f"order {order.key}"
    )


def other_terms(before: OrderState, after: OrderState) -> Difference:
    """The broker works an order at another quantity or price than known here."""
    kind: DifferenceKind = "order_quantity" if before.terms.quantity != after.terms.quantity else "order_price"
    return _order(kind, before.key, words(before.terms), words(after.terms), "the broker's terms taken")


def other_status(before: OrderState, after: OrderState, status: str) -> Difference:
    """The broker has an order in another status than known here."""
    return _order("order_status", before.key, before.status, status, f"now {after.status}")


def missing(before: OrderState, after: OrderState) -> Difference:
    """The broker has an order no more, and what became of it follows."""
    action = f"now {after.status}: {after.rejection or after.reason}"
    return _order("order_missing", before.key, before.status, "absent", action)


def unsettled(order: OrderState) -> Difference:
    """Nobody knows what became of an order of ours: told again in every cut until that is decided."""
    short = order.told > order.totals.filled
    lock = order_lock(order)
    return Difference(
        kind="execution_missed" if short else "order_missing",
        subject=order.key,
        ours=f"{order.status}, {order.totals.filled} filled",
        theirs=f"{order.told} filled" if short else "absent",
        action=f"{'held for a person' if order.held else 'asked again'}: {order.reason}",
        repaired=not order.held,
        scope=f"{lock.symbol} in {lock.account}",
        locks=True,
        unlock=lock.unlock,
    )


def execution_missed(exec_id: str, key: str, text: str) -> Difference:
    """An execution that only the cut told us of."""
    return _order("execution_missed", key, "", f"{exec_id}: {text}", "booked")


def words(terms: OrderTerms) -> str:
    """An order's terms in one line."""
    prices = {
        "limit": terms.limit,
        "stop": terms.stop,
        "trail": terms.trail,
        "trail percent": terms.trail_percent,
        "limit offset": terms.limit_offset,
    }
    told = "".join(f" {name} {price:.10g}" for name, price in prices.items() if price is not None)
    return f"{terms.side} {terms.quantity} {terms.order_type}{told}"


def _order(kind: DifferenceKind, key: str, ours: str, theirs: str, action: str) -> Difference:
    return Difference(kind, key, ours, theirs, action, repaired=True, scope=f"order {key}")


# --- accounts ------------------------------------------------------------------------------------------


def position(found: UnexplainedPosition, *, again: bool = False) -> Difference:
    """A position that no execution explains; `again` when the lock stands though this cut found nothing more."""
    lock = position_lock(found)
    taken = "took the broker's position, though no execution explains it"
    return Difference(
        kind="position",
        subject=position_subject(found),
        ours=f"{found.expected:f}",
        theirs=f"{found.actual:f}",
        action="not yet seen at rest" if again else taken,
        repaired=True,
        scope=position_subject(found),
        locks=True,
        unlock=lock.unlock,
    )


def cash(account: str, currency: str, expected: Decimal, actual: Decimal) -> Difference:
    """A balance that executions and their commissions do not explain: a deposit, interest, a dividend, a fee."""
    return Difference(
        kind="cash",
        subject=f"{currency} of {account}",
        ours=f"{expected:f}",
        theirs=f"{actual:f}",
        action="took the broker's balance, though no execution explains it",
        repaired=True,
        scope=f"account {account}",
    )
