"""Frames as a gateway of the text protocol sends them."""

from __future__ import annotations

from actors.ib.framing import frame


def text_frame(*fields: object) -> bytes:
    """A frame of text fields, each ended by a NUL as the gateway wants it."""
    return frame(b"".join(str(field).encode() + b"\0" for field in fields))
