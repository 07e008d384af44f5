"""Frames on an actor's socket, and the envelopes in them.

A frame is a big-endian u32 length and that many bytes of msgpack. The first frame in each direction
introduces: Hello from the one who connects, Welcome from the actor. Nothing else is sent before the
Welcome, so a message never waits in a backlog for an incarnation it was not meant for. A deadline is
an instant of CLOCK_MONOTONIC, which all processes of one machine share.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar, Union

import msgspec

from supervision.errors import Rejected, WireError
from supervision.lifecycle import LIFECYCLE
from supervision.message import Message
from supervision.wrong_values import plain, wrong_value

MAX_FRAME = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no message: bad UTF-8 and deep nesting have errors of their own."""

M = TypeVar("M")


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Who is calling, and which messages it knows."""

    sender: str
    incarnation: int
    fingerprint: int


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """The actor is listening; `fingerprint` differs when it runs other code than the caller."""

    name: str
    incarnation: int
    fingerprint: int


class Tell(msgspec.Struct, Generic[M], frozen=True, array_like=True, tag=3):
    """A message without an answer."""

    body: M


class Request(msgspec.Struct, Generic[M], frozen=True, array_like=True, tag=4):
    """An ask: `id` is the caller's; dropped unread after `deadline`, 0 for none."""

    id: int
    deadline: float
    body: M


class Reply(msgspec.Struct, Generic[M], frozen=True, array_like=True, tag=5):
    """The answer to the request with this id."""

    id: int
    body: M


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """The request was refused and nothing was done."""

    id: int
    kind: str
    reasons: tuple[str, ...]


Envelope = Hello | Welcome | Tell[Any] | Request[Any] | Reply[Any] | Refusal


class Codec:
    """Turns messages and envelopes into frames and back, for one registry of message types."""

    def __init__(self, messages: Iterable[type[Message]]) -> None:
        types: Sequence[type[Message]] = sorted({*messages, *LIFECYCLE}, key=lambda kind: kind.__name__)
        body: Any = Union[tuple(types)]  # noqa: UP007 - built from a list, cannot be spelled with |
        envelope: Any = Union[Hello, Welcome, Tell[body], Request[body], Reply[body], Refusal]  # noqa: UP007
        self._encoder = msgspec.msgpack.Encoder(enc_hook=plain)
        self._messages = msgspec.msgpack.Decoder(body)
        self._envelopes = msgspec.msgpack.Decoder(envelope)
        self.fingerprint = zlib.crc32(repr([(kind.__name__, kind.__struct_fields__) for kind in types]).encode())

    def check(self, message: Message) -> None:
        """Refuse a message with values of wrong types, which its reader would hang up on. Raises Rejected."""
        try:
            self._messages.decode(self._encoder.encode(message))
        except (*_UNDECODABLE, TypeError, OverflowError, UnicodeEncodeError) as error:
            raise Rejected(wrong_value(message, str(error)), kind="invalid") from error

    def encode(self, item: Message | Envelope) -> bytearray:
        """One frame."""
        frame = bytearray(4)
        self._encoder.encode_into(item, frame, 4)
        _LENGTH.pack_into(frame, 0, len(frame) - 4)
        return frame

    def decode(self, payload: bytes | memoryview) -> Message:
        """A bare message, as on the control channel. Raises WireError."""
        try:
            return self._messages.decode(payload)  # type: ignore[no-any-return]
        except _UNDECODABLE as error:
            raise WireError(f"not a message: {error}") from error

    def decode_envelope(self, payload: bytes | memoryview) -> Envelope:
        """An envelope with its message. Raises WireError."""
        try:
            return self._envelopes.decode(payload)  # type: ignore[no-any-return]
        except _UNDECODABLE as error:
            raise WireError(f"not an envelope: {error}") from error


class FrameBuffer:
    """Cuts a stream of bytes into payloads, however the bytes arrive."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._wanted = 0

    def feed(self, data: bytes, limit: int = MAX_FRAME) -> list[memoryview]:
        """The payloads completed by `data`. Raises WireError on a frame longer than `limit`."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:  # a long frame in small pieces is put together once
                return []
            data = bytes(self._rest)
        view = memoryview(data)
        payloads: list[memoryview] = []
        start, end, self._wanted = 0, len(data), 4
        while end - start >= 4:
            (length,) = _LENGTH.unpack_from(data, start)
            if length > limit:
                raise WireError(f"frame of {length} bytes, the limit is {limit}")
            if end - start - 4 < length:
                self._wanted = 4 + length
                break
            payloads.append(view[start + 4 : start + 4 + length])
            start += 4 + length
        self._rest = bytearray(view[start:])
        return payloads
