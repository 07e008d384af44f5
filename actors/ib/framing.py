"""TWS framing: each frame is a big-endian u32 length and that many bytes. Exact at any chunking.

The splitter keeps what is incomplete and copies a long frame once, when its last byte is there. A
length beyond `MAX_FRAME` cannot be a frame: the frames before it are still handed out, then
`violation` says what was read, and the stream is of no further use.
"""

from __future__ import annotations

import struct

MAX_FRAME = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")


def frame(payload: bytes) -> bytes:
    """The payload with its length before it."""
    return _LENGTH.pack(len(payload)) + payload


class FrameSplitter:
    """Turns chunks of a byte stream into the payloads of its frames."""

    def __init__(self) -> None:
        self.violation = ""
        self._parts: list[bytes] = []
        self._held = 0
        self._needed = _LENGTH.size

    @property
    def held(self) -> int:
        """Bytes of a frame whose end has not arrived."""
        return self._held

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads completed by `data`, in order. Nothing after `violation` is set."""
        if self.violation:
            return []
        if self._held:
            self._parts.append(data)
            self._held += len(data)
            if self._held < self._needed:
                return []
            data = b"".join(self._parts)
        return self._split(data)

    def _split(self, data: bytes) -> list[bytes]:
        payloads: list[bytes] = []
        append, unpack = payloads.append, _LENGTH.unpack_from
        start, end = 0, len(data)
        self._needed = _LENGTH.size
        while end - start >= 4:
            (size,) = unpack(data, start)
            if size > MAX_FRAME:
                self.violation = f"a frame of {size} bytes was announced, the limit is {MAX_FRAME}"
                break
            stop = start + 4 + size
            if stop > end:
                self._needed = 4 + size
                break
            append(data[start + 4 : stop])
            start = stop
        rest = data[start:]
        self._parts = [rest] if rest else []
        self._held = len(rest)
        return payloads
