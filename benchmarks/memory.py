"""Memory and processor time of the whole tree at rest, the two-symbol sample running on the simulated market.

Proportional set size: pages shared between processes count once, divided among those that share them.
"""

from __future__ import annotations

import tempfile

import psutil

from actors.desk import Desk
from benchmarks.report import Row

TITLE = "the whole service, sample strategy on two symbols"
SETTLE = 10.0
WATCH = 20.0


def measure() -> list[Row]:
    """Proportional memory of each process and of all; share of a core."""
    with tempfile.TemporaryDirectory(prefix="nd-") as state_dir, Desk.start(state_dir=state_dir) as desk:
        assert desk.service is not None
        _pause(SETTLE)
        root = psutil.Process(desk.service.pid)
        tree = [root, *root.children(recursive=True)]
        before = sum(_cpu_seconds(process) for process in tree)
        _pause(WATCH)
        used = sum(_cpu_seconds(process) for process in tree) - before
        sizes = sorted((_proportional(process) for process in tree), reverse=True)
        total = sum(sizes)
        return [
            Row(f"{len(tree)} processes", f"{total:.0f} MiB", "target", "450 MiB", f"{total / 450:.2f}x"),
            Row("largest process", f"{sizes[0]:.0f} MiB"),
            Row(
                "processor time",
                f"{used / WATCH * 100:.1f} % of a core",
                "target",
                "5 %",
                f"{used / WATCH / 0.05:.2f}x",
            ),
        ]


def _pause(seconds: float) -> None:
    psutil.cpu_percent(interval=seconds)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _proportional(process: psutil.Process) -> float:
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", memory.uss)) / 2**20
