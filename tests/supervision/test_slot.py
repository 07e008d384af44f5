"""The progress slot: what one process writes, another reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supervision.slot import TEXT_LIMIT, Progress, Slot

WRITER = """
import sys, os, signal
from pathlib import Path
from supervision.slot import Slot
slot = Slot(Path(sys.argv[1]), create=False)
slot.busy(1.0); slot.handle(b"first"); slot.done(); slot.done(); slot.idle()
slot.busy(12.5); slot.handle(b"PlaceOrder key-1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_had_in_hand_can_be_read_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "order.slot"
    slot = Slot(path, create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    subprocess.run([sys.executable, "-c", WRITER, str(path)], check=False, timeout=20)
    assert slot.read() == Progress(busy_since=12.5, handled=1, in_hand="PlaceOrder key-1")
    slot.reset()
    assert slot.read() == Progress(busy_since=0.0, handled=0, in_hand="")
    slot.close()


def test_a_long_or_broken_text_is_cut_and_readable(tmp_path: Path) -> None:
    slot = Slot(tmp_path / "a.slot", create=True)
    slot.handle("é".encode() * TEXT_LIMIT)
    assert slot.read().in_hand == "é" * (TEXT_LIMIT // 2)
    slot.handle(b"\xff ok")
    assert slot.read().in_hand == "\ufffd ok"
    slot.close()


def test_a_slot_that_was_not_created_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Slot(tmp_path / "none.slot", create=False)


def test_creating_replaces_a_link_that_lies_in_wait(tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.write_text("untouched")
    (tmp_path / "a.slot").symlink_to(victim)
    Slot(tmp_path / "a.slot", create=True).close()
    assert victim.read_text() == "untouched"


def test_a_fresh_slot_has_its_room_on_disk_because_a_hole_in_a_full_file_system_would_kill_who_writes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.slot"
    Slot(path, create=True).close()
    with path.open("rb") as file:
        assert os.lseek(file.fileno(), 0, os.SEEK_HOLE) == path.stat().st_size
