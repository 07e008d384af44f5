"""Storms of SIGKILLs, --count of them, at random instants and at every failpoint, while strategies and clients trade.

The simulator's ledger says at the end whether an order or a fill was lost or doubled; the figures tell the kills and
what became of every order that was UNKNOWN for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from actors.messages.market import Hold
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.meanwhile import meanwhile
from drills.stage import Stage
from drills.storm_clients import Client
from drills.storm_figures import figures
from drills.storm_nights import Nights
from drills.storm_people import Clerk, Operator
from drills.traffic import SYMBOLS

CLIENTS: Final = 3
EVERY_INSTANT: Final = 700
"""So many kills and more reach every failpoint."""
LIMIT: Final = 7200.0


@drill(
    40, "kills", "--count SIGKILLs, at random and at every failpoint, while all trade",
    about="all", quick=True, limit=LIMIT, count=1000,
)  # fmt: skip
def kills(ground: Ground) -> None:
    nights = Nights(ground, _people)
    nights.pass_by()
    ground.record.figures |= figures(ground, nights)
    if ground.count >= EVERY_INSTANT:
        expect(not nights.missed, f"nobody died at the failpoints {sorted(nights.missed)}")


@contextmanager
def _people(stage: Stage, seed: int) -> Iterator[None]:
    """While the body runs, clients trade, an operator plays with the switches and a clerk settles."""
    for symbol in SYMBOLS:
        stage.until(f"{symbol} is held", partial(stage.ask, "market_data", Hold(symbol)))
    clients = [Client(stage, seed, number).trade for number in range(CLIENTS)]
    with meanwhile(*clients, Operator(stage, seed).work, Clerk(stage).work):
        yield
