"""Same seed, script, requests and clock: the same bytes, whatever the process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from simulator.faults.director import Director
from simulator.faults.language import parse_line, parse_script
from tests.simulator.acceptance.official_calls import CALLS
from tests.simulator.rig import VERSIONS, World

SCRIPT = """
drop tickSize chance 30%
delay tickPrice by 1500ms chance 20%
duplicate orderStatus chance 20%
reorder requests chance 5%
corrupt tickString chance 10%
at 2026-11-19 12:00:20 gap AAPL 3%
at 2026-11-19 12:00:40 code 1102
"""


class _Steering:
    """What the table of calls says to the simulator is done in memory."""

    def __init__(self, director: Director) -> None:
        self._director = director

    def do(self, statement: str) -> None:
        """Carry out a statement."""
        self._director.do(parse_line(statement))


def played(seed: int) -> str:
    """A digest of all bytes that two clients are sent who make every call of the acceptance, among faults."""
    world = World(seed=seed)
    director = Director(world.gateway)
    director.run(parse_script(SCRIPT, "day.txt"))
    clients = [world.client(number, version) for number, version in enumerate(VERSIONS[1:], 1)]
    digest = hashlib.sha256()
    for call in CALLS:
        for client in clients:
            client.steering = _Steering(director)
            call.make(client)
        world.step(0.7)
        for client in clients:
            digest.update(client.session.output)
            client.session.output.clear()
    world.close()
    return digest.hexdigest()


def test_the_same_day_gives_the_same_bytes_again_and_in_another_process():
    elsewhere = subprocess.run(
        [sys.executable, "-c", "from tests.simulator.test_determinism import played; print(played(1))"],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert played(1) == played(1) == elsewhere.stdout.strip() != played(2)
