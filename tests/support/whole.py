"""A whole service for a test: the stage of the drills, with a quick gateway, drained and stopped at the end."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from actors.desk import Desk
from actors.messages.orders import GetOrders
from drills.generous import GENEROUS
from drills.record import Record
from drills.stage import FIVE, Stage

__all__ = ["FIVE", "Whole", "whole"]

QUICK = {**GENEROUS, "gateway.backoff.base": 0.2, "gateway.backoff.ceiling": 1.0}


class Whole(Stage):
    """A running service and its ledger."""

    def assert_nothing_doubled(self) -> None:
        """Each key made at most one order at the broker, and every order of ours is known there."""
        doubled = self.ledger(
            "select order_ref from orders where order_ref != '' group by order_ref having count(*) > 1"
        )
        assert doubled == []
        known = {order_ref for (order_ref,) in self.ledger("select order_ref from orders")}
        for order in self.desk.order.ask(GetOrders(all=True)).items:
            if order.status in ("SUBMITTED", "PRESUBMITTED", "FILLED", "CANCELLED") and not order.external:
                assert order.key in known


@contextmanager
def whole(settings: Mapping[str, object] | None = None, state_dir: Path | None = None) -> Iterator[Whole]:
    """A service in simulated mode, drained and stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="nd-") as temporary:
        home = state_dir or Path(temporary)
        with Desk.start(state_dir=home, settings={**QUICK, **(settings or {})}) as desk:
            yield Whole(desk, home, Record(), random.Random(0))
