"""The people in a storm: clients, an operator at the switches, and a clerk who settles what is UNKNOWN.

Each is a thread. A settlement is a person's word, so the clerk gives it only where the broker's ledger, which a person
would look at, has no such order, and none has been on its way for long enough.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Final

from actors.messages.orders import CancelAll, GetOrders, Halt, Resume, SettleOrder
from actors.messages.state import Reconcile
from drills.stage import Stage
from supervision.errors import DeliveryError, Rejected

PAUSE: Final = 0.5
PATIENCE: Final = 2.0
"""Seconds they wait for an answer."""
GLANCE: Final = 0.05
"""Seconds between two looks of the clerk: what absence decides is UNKNOWN for a few of them only."""
ABSENCE: Final = 8.0
"""Seconds the clerk is away between, on average: most that is UNKNOWN has to be decided by evidence."""
BY: Final = "storm"
LIFTED_SECONDS: Final = 30.0


class Operator:
    """Halts and resumes, cancels everything, reconciles."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = random.Random(f"{seed} operator")

    def work(self, stop: threading.Event) -> None:
        """Go on until told to stop; the kill switch may be on then."""
        acts: tuple[Callable[[threading.Event], None], ...] = (self._halt, self._halt, self._cancel, self._reconcile)
        while not stop.wait(self._random.expovariate(1 / PAUSE)):
            try:
                self._random.choice(acts)(stop)
            except (Rejected, DeliveryError):
                continue  # its outcome is in the record

    def _halt(self, stop: threading.Event) -> None:
        """On, and off again, however often Order dies meanwhile."""
        try:
            self._stage.ask(
                "order", Halt("storm", cancel="own" if self._random.random() < 0.3 else "none", by=BY), PATIENCE
            )
        finally:
            while not _lifted(self._stage) and not stop.wait(GLANCE):
                pass

    def _cancel(self, _: threading.Event) -> None:
        self._stage.ask("order", CancelAll(), PATIENCE)

    def _reconcile(self, _: threading.Event) -> None:
        self._stage.ask("state", Reconcile("storm"), PATIENCE)


class Clerk:
    """Settles orders that are UNKNOWN here and nowhere at the broker."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = random.Random(f"{seed} clerk")

    def work(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        while not stop.wait(self._random.expovariate(1 / ABSENCE)):
            try:
                self._settle_one(stop)
            except (Rejected, DeliveryError):
                continue  # an actor is away, or evidence was quicker

    def _settle_one(self, stop: threading.Event) -> None:
        """Wait for one. What was UNKNOWN at the look before as well is not on its way any more."""
        doubted: set[str] = set()
        while not stop.wait(GLANCE):
            unknown = self._unknown()
            for key in sorted(doubted & unknown):
                if not self._stage.placed(key):
                    settlement = SettleOrder(key, "not_placed", "the broker has no such order", BY)
                    self._stage.ask("order", settlement, PATIENCE, key)
                    return
            doubted = unknown

    def _unknown(self) -> set[str]:
        orders = self._stage.desk.order.ask(GetOrders(), PATIENCE).items
        return {one.key for one in orders if one.status == "UNKNOWN"}


def resume(stage: Stage) -> None:
    """Lift the kill switch that may be on. Raises Broken."""
    stage.until("the kill switch is off", lambda: _lifted(stage), LIFTED_SECONDS)


def _lifted(stage: Stage) -> bool:
    try:
        return stage.ask("order", Resume("storm", by=BY), PATIENCE).state != "halted"
    except (Rejected, DeliveryError):
        return False
