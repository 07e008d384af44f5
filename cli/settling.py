"""Waiting for what the supervisor was told to do, so that a command tells how it ended, not that it began."""

from __future__ import annotations

import time

from actors.desk import Desk
from supervision.lifecycle import ChildView, GetTree

POLL = 0.05
UNDER_WAY = frozenset({"starting", "stopping"})


def settled(desk: Desk, limit: float, name: str = "") -> dict[str, ChildView]:
    """All children, once `name` (else: every one) neither starts nor stops; after `limit` seconds as they are then."""
    deadline = time.monotonic() + limit
    while True:
        children = {child.name: child for child in desk.supervisor.ask(GetTree()).children}
        under_way = any(child.state in UNDER_WAY for child in children.values() if name in ("", child.name))
        if not under_way or time.monotonic() > deadline:
            return children
        time.sleep(POLL)
