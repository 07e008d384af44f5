"""The quick drills: real services, hurt on purpose, judged by the simulated broker's ledger. `make drill` runs all."""

from __future__ import annotations

import pytest

from drills.catalogue import drills
from drills.drill import Drill
from drills.worker import perform

QUICK = [one for one in drills() if one.quick]
SEED = 1
COUNT = 20
SHOWN = 60
"""Lines of the merged event log that a broken drill ends with."""


@pytest.mark.timeout(0)  # a drill that is stuck ends itself, by the same alarm
@pytest.mark.parametrize("drill", QUICK, ids=lambda one: one.name)
def test_the_invariants_hold(drill: Drill) -> None:
    result = perform(drill, SEED, COUNT, lambda _part, _text: None)
    last = "\n".join(result.history[-SHOWN:])
    assert result.verdict == "held", "\n".join((*result.broken, last, f"state directory: {result.home}"))
