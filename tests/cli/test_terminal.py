"""The service in the foreground of a terminal that goes away: it stops in order, and nothing of it is left."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import psutil

from actors.desk import Desk, NotRunning
from supervision.errors import DeliveryError
from supervision.lifecycle import GetTree

ROOT = Path(__file__).parents[2]


def take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def swallow(terminal: int, hung_up: threading.Event) -> None:
    """Read what is drawn, as a terminal does; then hang up."""
    os.set_blocking(terminal, False)
    while not hung_up.wait(0.01):
        try:
            while os.read(terminal, 65536):
                pass
        except BlockingIOError:
            continue
    os.close(terminal)


def running(state_dir: Path) -> bool:
    try:
        with Desk.connect(state_dir) as desk:
            return desk.supervisor.ask(GetTree(), timeout=1.0).phase == "running"
    except (NotRunning, DeliveryError):
        return False


def test_a_terminal_that_hangs_up_drains_the_service_behind_the_live_view(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    service = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), "start", "--state-dir", str(tmp_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - no thread runs yet
    )
    os.close(theirs)
    hung_up = threading.Event()
    terminal = threading.Thread(target=swallow, args=(ours, hung_up))
    terminal.start()
    try:
        deadline = time.monotonic() + 30.0
        while not running(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        processes = psutil.Process(service.pid).children(recursive=True)
        hung_up.set()
        assert service.wait(20.0) == 0
        assert psutil.wait_procs(processes, timeout=1.0)[1] == []
    finally:
        hung_up.set()
        terminal.join()
        service.kill()
        service.wait()
    log = (tmp_path / "simulated-DU1000001" / "nightdesk.log").read_text()
    assert "SIGHUP: stopping in order" in log
    assert log.count("has ended: shutdown") == len(processes) - 1  # all but the fork server
