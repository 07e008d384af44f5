r"""Frames: a 4-byte big-endian length, then fields that each end in a NUL byte.

A client opens with the literal `API\0` and one frame `vMIN..MAX[ options]`; the answer is the highest
server version of `VERSIONS` inside that range. Anything that cannot be framed raises `BrokenStream`:
the position in the stream is lost, so that session is over. Other sessions are not concerned.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator

VERSIONS = (200, 178, 176)
MAX_FRAME = 256 * 1024
MAX_START = 4096
"""The longest frame of a client that has not started: enough for any hello and startApi."""
_PREFIX = b"API\0"
_LENGTH = struct.Struct(">I")
_HELLO = re.compile(r"v(\d{1,6})(?:\.\.(\d{1,6}))?(?: (.*))?", re.DOTALL)


class BrokenStream(Exception):
    """The bytes are not a TWS stream (any more)."""


def frame(payload: bytes) -> bytes:
    """One frame with its length in front."""
    return _LENGTH.pack(len(payload)) + payload


def payloads(data: bytes) -> Iterator[bytes]:
    """The payloads of complete frames."""
    at = 0
    while at < len(data):
        (size,) = _LENGTH.unpack_from(data, at)
        at += 4 + size
        yield data[at - size : at]


def kinds(data: bytes) -> Counter[int]:
    """How many messages of each id there are in complete frames."""
    found: Counter[bytes] = Counter()
    at, end = 0, len(data)
    while at < end:
        found[data[at + 4 : data.index(0, at + 4)]] += 1
        at += 4 + _LENGTH.unpack_from(data, at)[0]
    return Counter({int(message_id): count for message_id, count in found.items()})


def choose_version(low: int, high: int) -> int | None:
    """The best server version that a client announcing `low..high` understands; None when there is none."""
    return next((version for version in VERSIONS if low <= version <= high), None)


class FrameReader:
    """Bytes of one client in, hello range and field lists out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._prefixed = False
        self.longest = MAX_START
        """A frame that says it is longer breaks the stream."""

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer += data

    def hello(self) -> tuple[int, int] | None:
        """The client's version range, once it is complete. Call before `messages`."""
        if not self._prefixed:
            head = bytes(self._buffer[:4])
            if not _PREFIX.startswith(head):
                raise BrokenStream(f"expected API greeting, got {head!r}")
            if len(head) < len(_PREFIX):
                return None
            del self._buffer[:4]
            self._prefixed = True
        payload = self._next()
        if payload is None:
            return None
        match = _HELLO.fullmatch(payload.decode("ascii", "replace").rstrip("\0"))
        if match is None:
            raise BrokenStream(f"expected vMIN..MAX, got {payload[:40]!r}")
        low = int(match[1])
        return low, int(match[2]) if match[2] else low

    def messages(self) -> Iterator[list[str]]:
        """Every complete message as its list of fields, the message id first."""
        while (payload := self._next()) is not None:
            if not payload.endswith(b"\0"):
                raise BrokenStream("last field is not terminated")
            try:
                yield payload[:-1].decode("utf-8").split("\0")
            except UnicodeDecodeError as error:
                raise BrokenStream(f"fields are not UTF-8: {error}") from error

    def _next(self) -> bytes | None:
        if len(self._buffer) < 4:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if not 0 < size <= self.longest:
            raise BrokenStream(f"frame of {size} bytes")
        if len(self._buffer) < 4 + size:
            return None
        payload = bytes(self._buffer[4 : 4 + size])
        del self._buffer[: 4 + size]
        return payload
