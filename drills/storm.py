"""Storms of SIGKILLs, --count of them, at random instants and at every failpoint, while strategies and clients trade.

The simulator's ledger says at the end whether an order or a fill was lost or doubled; the figures tell the kills and
what became of every order that was UNKNOWN for a while.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
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
from drills.storm_gateway import BadGateway
from drills.storm_nights import Nights
from drills.storm_people import Clerk, Operator
from drills.traffic import SYMBOLS

CLIENTS: Final = 3
EVERY_INSTANT: Final = 700
"""So many kills and more reach every failpoint."""
LIMIT: Final = 7200.0
PATIENT: Final[Mapping[str, object]] = {"gateway.request_timeout": 1.0}
"""A question that the gateway lost is a failed one soon."""
Act = Callable[[threading.Event], None]


@drill(
    40, "kills", "--count SIGKILLs, at random and at every failpoint, while all trade",
    about="all", quick=True, limit=LIMIT, count=1000,
)  # fmt: skip
def kills(ground: Ground) -> None:
    nights = Nights(ground, _people, {})
    nights.pass_by()
    ground.record.figures |= figures(ground, nights)
    if ground.count >= EVERY_INSTANT:
        expect(not nights.missed, f"nobody died at the failpoints {sorted(nights.missed)}")


@drill(
    41, "kills-and-faults", "the same, and the gateway cuts, restarts, loses, doubles, corrects",
    about="all", limit=LIMIT, count=300,
)  # fmt: skip
def kills_and_faults(ground: Ground) -> None:
    done: Counter[str] = Counter()
    nights = Nights(ground, partial(_people_at_a_bad_gateway, done), PATIENT)
    nights.pass_by()
    faults = ", ".join(f"{name} {count}" for name, count in done.most_common())
    ground.record.figures |= {**figures(ground, nights), "faults of the gateway": f"{done.total()} ({faults})"}


@contextmanager
def _people_at_a_bad_gateway(done: Counter[str], stage: Stage, seed: int) -> Iterator[None]:
    """Nobody settles here: what is on its way through a bad gateway is no person's to say."""
    _hold(stage)
    with meanwhile(*_clients(stage, seed), Operator(stage, seed).work, BadGateway(stage, seed, done).work):
        yield


@contextmanager
def _people(stage: Stage, seed: int) -> Iterator[None]:
    """While the body runs, clients trade, an operator plays with the switches and a clerk settles."""
    _hold(stage)
    with meanwhile(*_clients(stage, seed), Operator(stage, seed).work, Clerk(stage, seed).work):
        yield


def _clients(stage: Stage, seed: int) -> list[Act]:
    return [Client(stage, seed, number).trade for number in range(CLIENTS)]


def _hold(stage: Stage) -> None:
    """So that no line is one that nobody wants any more, whoever dies."""
    for symbol in SYMBOLS:
        stage.until(f"{symbol} is held", partial(stage.ask, "market_data", Hold(symbol)))
