"""What a service manager is told (sd_notify): ready, reloading, stopping, a status line, and that we are alive.

Datagrams to the socket that NOTIFY_SOCKET names; without one nothing is sent. The watchdog is fed by whoever
completed a pass over all children, never by a timer or a thread of its own, so that a supervisor that is stuck is
restarted. A manager that does not read is no reason to wait: what it misses is logged.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

from supervision.spec import SUPERVISOR

FEEDS: Final = 4
"""How often within the watchdog's limit it is fed."""

log = logging.getLogger(SUPERVISOR)


class Manager:
    """The service manager that started us, if one did and wants to hear."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Takes the variables that concern us out of `environment`: children have nothing to tell."""
        address = environment.pop("NOTIFY_SOCKET", "")
        limit, process = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)
        fed_by_us = limit.isdigit() and process in ("", str(os.getpid()))
        self.watchdog_seconds = int(limit) / 1e6 if fed_by_us else None
        self._fed = -float("inf")
        self._status = ""

    def ready(self) -> None:
        """Everything has started, or a reload is done."""
        self._send("READY=1")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, seconds: float) -> None:
        """The stop begins and may take so long."""
        self._send("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; said when it is another than before."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def alive(self, now: float) -> None:
        """A pass over all children was completed at monotonic time `now`."""
        if self.watchdog_seconds is not None and now - self._fed >= self.watchdog_seconds / FEEDS:
            self._fed = now
            self._send("WATCHDOG=1")

    def close(self) -> None:
        """Nothing more will be said."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("the service manager was not told %s: %s", lines[0], error)
