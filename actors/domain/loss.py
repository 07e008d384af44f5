"""What the day's loss of an account means for its orders. Pure: the clock and the calendar are passed in.

It fails closed: a loss that is not known counts against, at once as long as the session has not told it, and as soon
as it is unknown for too long after that. At `reduce_at` and beyond only what reduces a position passes. Each time the
loss passes another whole `halt_at` the kill switch is pulled, once a day: whoever lifts it has accepted that much, and
the next multiple pulls it again. A day is a date of New York, where the broker's day ends.

Losses are positive, in the account's base currency; a profit is a negative loss. Times are monotonic seconds.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

_BROKERS_ZONE: Final = ZoneInfo("America/New_York")

Outcome = Literal["fine", "unknown", "blind", "reduce", "halt"]


class LossLimits(msgspec.Struct, frozen=True):
    """As `risk.daily_loss` says; None is no such limit."""

    reduce_at: Decimal | None
    halt_at: Decimal | None
    unknown_after: float

    @property
    def any(self) -> bool:
        """Whether the loss matters at all."""
        return self.reduce_at is not None or self.halt_at is not None


class Fired(msgspec.Struct, frozen=True):
    """How many times `halt_at` the loss was when it last pulled the kill switch, and on which day."""

    day: str
    steps: int


class DayLoss(msgspec.Struct, frozen=True):
    """What is known of one account. `loss` is the last that was told in this session, None when none was.

    `unknown_since` is when it ceased to be known, None while it is.
    """

    account: str
    currency: str = ""
    loss: Decimal | None = None
    unknown_since: float | None = None
    fired: Fired = Fired("", 0)

    def told(self, daily: Decimal | None, currency: str, now: float) -> DayLoss:
        """After a word about the day's profit and loss, None when it is not known."""
        if daily is None or not daily.is_finite():
            since = now if self.unknown_since is None else self.unknown_since
            return msgspec.structs.replace(self, unknown_since=since)
        return msgspec.structs.replace(self, currency=currency, loss=-daily, unknown_since=None)


class Verdict(msgspec.Struct, frozen=True):
    """What follows, and why in words; of `halt` also what has fired with it."""

    outcome: Outcome
    text: str = ""
    fired: Fired | None = None


def brokers_day(now: datetime) -> date:
    """The day whose loss counts; not `trading_day`, which ends at 17:00."""
    return now.astimezone(_BROKERS_ZONE).date()


def judge(one: DayLoss, limits: LossLimits, day: date, now: float) -> Verdict:
    """What the loss of an account means now."""
    if not limits.any:
        return Verdict("fine")
    if one.loss is None:
        return Verdict("unknown", f"daily profit and loss of {one.account} is not known yet")
    if one.unknown_since is not None and now - one.unknown_since >= limits.unknown_after:
        return Verdict(
            "blind",
            f"daily profit and loss of {one.account} is not known any more, for {limits.unknown_after:g} s or longer "
            "(risk.daily_loss.unknown_after)",
        )
    return _known(one, one.loss, limits, day)


def _known(one: DayLoss, loss: Decimal, limits: LossLimits, day: date) -> Verdict:
    if limits.halt_at is not None:
        steps, before = int(loss // limits.halt_at), one.fired.steps if one.fired.day == day.isoformat() else 0
        if steps > before:
            at = limits.halt_at * steps
            return Verdict("halt", _reached(one, loss, "halt_at", at), Fired(day.isoformat(), steps))
    if limits.reduce_at is not None and loss >= limits.reduce_at:
        text = _reached(one, loss, "reduce_at", limits.reduce_at)
        return Verdict("reduce", f"{text}: only orders that reduce a position pass")
    return Verdict("fine")


def _reached(one: DayLoss, loss: Decimal, name: str, at: Decimal) -> str:
    return f"daily loss of {one.account} was {loss:.2f} {one.currency} and reached {at} (risk.daily_loss.{name})"
