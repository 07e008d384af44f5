"""The wire log: every message as one line of JSON, in the form of recorded frames of real gateways.

`dir` is c2s, s2c or handshake; `msg_id`, `name`, `server_version` and `fields` say what was sent, `time` (calendar,
seconds since the epoch) and `client` when and with whom. Lines gather in memory, a quarter of a megabyte at most.
A log that cannot be written any more says so once and ends; the simulator goes on.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Final

from simulator.clock import Clock

_log = logging.getLogger("simulator")
_BUFFER: Final = 256 * 1024


class WireLog:
    """One file that is appended to. Raises OSError when it cannot be opened."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._file = path.open("ab", buffering=0)
        self._buffer = bytearray()

    def write(
        self, direction: str, client: int | None, version: int, message_id: int | None, name: str, fields: list[str]
    ) -> None:
        """Add a message."""
        line = {
            "dir": direction,
            "msg_id": message_id,
            "name": name,
            "server_version": version,
            "fields": fields,
            "time": self._clock.now(),
            "client": client,
        }
        self._buffer += json.dumps(line).encode() + b"\n"
        if len(self._buffer) > _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered."""
        try:
            while self._buffer and not self._file.closed:
                del self._buffer[: self._file.write(self._buffer)]
        except OSError as error:
            _log.warning("the wire log %s ends here: %s", self._path, error)
            self._file.close()
        self._buffer.clear()

    def close(self) -> None:
        """Write the rest and close the file."""
        self.flush()
        self._file.close()
