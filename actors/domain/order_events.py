"""What can happen to an order, from our side and from the broker's: the input of the order machine.

Broker statuses stay in the broker's spelling here; the machine's table translates them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import msgspec

from actors.domain.fills import Totals
from actors.messages.broker import OrderReport, OrderTerms, StatusReport

HELD: Final = "held: "  # before the broker's words for why it holds an order


class Event(msgspec.Struct, frozen=True):
    """Base of all events."""


# --- ours ----------------------------------------------------------------------------------------


class Handed(Event, frozen=True):
    """The durable intent was handed to Connection."""


class Transmitted(Event, frozen=True):
    """Every byte of the order is in the kernel's hands."""


class Unsent(Event, frozen=True):
    """No byte of a new order was sent."""

    reason: str


class Lost(Event, frozen=True):
    """An answer will not come: what we sent may or may not have arrived."""

    reason: str


class CancelSent(Event, frozen=True):
    """A cancel is on its way to the broker."""


class ModifyAsked(Event, frozen=True):
    """New terms are durable and about to be sent."""

    terms: OrderTerms


class ModifyUnsent(Event, frozen=True):
    """No byte of the modify was sent."""

    reason: str


# --- the broker's ----------------------------------------------------------------------------------


class Reported(Event, frozen=True):
    """A status, from orderStatus (then `terms` is None) or openOrder."""

    status: str
    perm_id: int
    filled: Decimal
    terms: OrderTerms | None = None
    refusal: str = ""
    remark: str = ""


class Executed(Event, frozen=True):
    """What the order's executions add up to has changed."""

    totals: Totals
    perm_id: int = 0


class Noticed(Event, frozen=True):
    """A code with the order's id."""

    code: int
    text: str


# --- evidence of a confirmed cut ---------------------------------------------------------------------


class FoundOpen(Event, frozen=True):
    """The broker lists it as open."""

    report: Reported


class FoundCompleted(Event, frozen=True):
    """The broker lists it as completed."""

    report: Reported


class Absent(Event, frozen=True):
    """Neither open nor completed, in a cut asked at `asked` and applied at `at`, both monotonic seconds."""

    asked: float
    at: float


class Exhausted(Event, frozen=True):
    """A cut answered everything and a question remains: only a person can decide."""

    reason: str


# --- a person's ----------------------------------------------------------------------------------------


class Settled(Event, frozen=True):
    """What a person decided about an order that evidence could not decide, for which reason, and who it was."""

    outcome: Literal["not_placed", "cancelled"]
    reason: str
    by: str


def reported(report: OrderReport | StatusReport) -> Reported:
    """The event a report stands for."""
    if isinstance(report, StatusReport):
        remark = f"{HELD}{report.why_held}" if report.why_held else ""
        return Reported(report.status, report.perm_id, report.filled, remark=remark)
    return Reported(
        report.status,
        report.perm_id,
        report.filled,
        terms=report.terms,
        refusal=report.reject_reason,
        remark=report.warning,
    )
