"""How far this machine's clock is from the gateway's: as far as the gateway's answer, in whole seconds, can tell.

Orders, sessions and executions have dates of both clocks, so that nothing may be sent while they disagree. What only
might be off, because the answer took its time, is not held against it.
"""

from __future__ import annotations


def least_skew(told: int, asked: float, answered: float) -> float:
    """Seconds by which our clock must be off at least; positive when it is ahead.

    The gateway's clock was read at some instant between `asked` and `answered`, both of ours, and told without its
    fraction, however that was dropped.
    """
    ahead, behind = asked - (told + 1), answered - (told - 1)
    return ahead if ahead > 0 else min(behind, 0.0)


def problem(skew: float, limit: float) -> str:
    """What is wrong with a clock that is off by more than the limit; empty when it is not."""
    if abs(skew) <= limit:
        return ""
    where = "ahead of" if skew > 0 else "behind"
    return (
        f"the clock of this machine is {abs(skew):.0f} s {where} the gateway's, accepted are "
        f"{limit:g} s (gateway.max_clock_skew): set it right, for example by NTP"
    )
