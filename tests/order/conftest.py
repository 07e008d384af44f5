"""Order over real sockets with scripted neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.messages import MESSAGES
from tests.order.neighbours import House
from tests.support.local import LocalService


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[House]:
    """Nobody started yet."""
    with LocalService(MESSAGES) as service:
        yield House(service, tmp_path)


@pytest.fixture
def house(idle: House) -> House:
    """A session is up and reconciled with an empty broker: the gate is open."""
    return idle.start().open()
