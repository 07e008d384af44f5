"""What a run of drills tells: a table, the restart times, what broke and how it came to that; or one JSON document."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from drills.outcome import Result
from drills.stage import FIVE


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def restart_times(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """For each actor: how often it was killed, and the seconds until it answered again, at 50 %, 99 % and at worst.

    Kills only: after a hang most of the time is the patience with it.
    """
    times: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for one in result.restarts:
            if one.cause == "SIGKILL" and one.name in FIVE:
                times[one.name].append(one.seconds)
    return {
        name: {
            "kills": len(times[name]),
            "p50": percentile(times[name], 0.5),
            "p99": percentile(times[name], 0.99),
            "max": max(times[name]),
        }
        for name in FIVE
        if times[name]
    }


def summary(results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """The whole run for a program. What was skipped breaks nothing; its own verdict says that it was."""
    return {
        "verdict": "broken" if any(one.verdict == "broken" for one in results) else "held",
        "seconds": round(seconds, 1),
        "restarts": restart_times(results),
        "drills": [msgspec.to_builtins(one) for one in results],
    }
