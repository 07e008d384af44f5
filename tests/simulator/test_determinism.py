"""Same seed, script, requests and clock: the same bytes, whatever the process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.simulator.acceptance.official_calls import CALLS
from tests.simulator.mutations import NoSteering
from tests.simulator.rig import VERSIONS, World


def played(seed: int) -> str:
    """A digest of all bytes that three clients are sent who make every call of the acceptance, in turn."""
    world = World(seed=seed)
    clients = [world.client(number, version) for number, version in enumerate(VERSIONS, 1)]
    digest = hashlib.sha256()
    for call in CALLS:
        for client in clients:
            client.steering = NoSteering()
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
