"""What a process started by multiprocessing runs; imports nothing that the measured process would then have."""

from __future__ import annotations

import socket

from supervision.boot import Boot


def become(boot: Boot, listener: socket.socket, control: socket.socket) -> None:
    """Be the actor."""
    from supervision.host import main

    main(boot, listener, control)
