"""Valid requests of every kind, and what may become of them on the way: the fuzzer's raw material."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from simulator.wire.names import INCOMING
from tests.simulator.acceptance.official_calls import CALLS
from tests.simulator.catalogue_orders import shapes
from tests.simulator.rig import VERSIONS, World

Message = list[str]
START_API = 71
_EVIL_NUMBERS = """
    -1 0 1 2147483647 -2147483648 2147483648 -0 +1 1.5 1e5 1e999 nan inf -inf 1.7976931348623157e+308 0x10 1_000
"""
_EVIL_WORDS = "\u0663 \ud7ff ' %s \\ None BAG OPT STK MKT TRAIL GTD SELL All $LEDGER:ALL 2026-02-31"
_EVIL = [
    *_EVIL_NUMBERS.split(),
    *_EVIL_WORDS.split(" "),
    *(
        "",
        " ",
        "\n",
        "\x01",
        "9" * 30,
        "7" * 5000,
        "A" * 300,
        "'; drop table orders; --",
        "20261119 12:00:00 Mars/Olympus",
    ),
]
_A_CONTRACT = ["265598", "AAPL", "STK", "", "0", "", "", "SMART", "", "USD", "AAPL", "NMS"]


def corpus() -> dict[int, list[Message]]:
    """Requests by server version: what the official client says in its acceptance, orders of every shape, and one
    of each other message.
    """
    return {version: _spoken(version) for version in VERSIONS}


def _spoken(version: int) -> list[Message]:
    client = World().client(1, version)
    frames: list[bytes] = []
    client.conn.deliver = frames.append
    client.steering = NoSteering()
    for call in CALLS:
        call.make(client)
    for order_id, (_, what, wanted) in enumerate(shapes(version), start=500):
        client.placeOrder(order_id, what, wanted)
    messages = [frame[4:-1].decode().split("\0") for frame in frames]
    said = {int(message[0]) for message in messages}
    return messages + [_generic(number) for number in INCOMING if number not in said | {START_API}]


class NoSteering:
    """Takes what a table of calls says to the simulator itself."""

    def do(self, *_: object, **__: object) -> None:
        """Nothing: requests are wanted, not what comes of them."""


def _generic(number: int) -> Message:
    return [str(number), "1", "7", *_A_CONTRACT, "0", "20261118 10:00:00", "1 day", "1 D", "1", "TRADES", "1", "0", ""]


def framed(payload: bytes) -> bytes:
    """A payload with its length in front."""
    return struct.pack(">I", len(payload)) + payload


def joined(message: Message) -> bytes:
    """The payload of a message."""
    return ("\0".join(message) + "\0").encode()


class Mutator:
    """Damages messages, the same way for the same seed."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._of_fields: tuple[Callable[[Message, list[Message]], Message], ...] = (
            *(self._evil_value, self._evil_value, self._lost, self._inserted, self._swapped, self._cut, self._spliced),
            *(self._other_id, self._repeated),
        )
        self._of_bytes: tuple[Callable[[bytearray], bytes], ...] = (
            *(self._flipped, self._flipped, self._truncated, self._wrong_length, self._giant, self._noise, self._glued),
        )

    def data(self, messages: list[Message]) -> bytes:
        """What arrives of one of these messages: mostly a good frame with bad fields, sometimes no frame at all."""
        rng = self._rng
        message = list(rng.choice(messages))
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5))):
            message = rng.choice(self._of_fields)(message, messages)
        payload = joined(message)
        if rng.random() < 0.12:
            return rng.choice(self._of_bytes)(bytearray(payload))
        return framed(payload)

    def greeting(self) -> bytes:
        """A hello that may be none."""
        hello = bytearray(b"API\0" + framed(self._rng.choice((b"v100..178", b"v176..176 ", b"v100..200 +PACEAPI"))))
        for _ in range(self._rng.randrange(3)):
            hello[self._rng.randrange(len(hello))] = self._rng.randrange(256)
        start = framed(joined([str(START_API), "2", "1", ""]))
        return bytes(hello) + self._rng.choice((b"", start, b"\0\0", b"\xff" * 9))

    # --- fields ---

    def _evil_value(self, message: Message, _: list[Message]) -> Message:
        at = self._at(message)
        return [*message[:at], self._rng.choice(_EVIL), *message[at + 1 :]]

    def _lost(self, message: Message, _: list[Message]) -> Message:
        at = self._at(message)
        return message[:at] + message[at + 1 :]

    def _inserted(self, message: Message, _: list[Message]) -> Message:
        at = self._at(message)
        return [*message[:at], self._rng.choice(_EVIL), *message[at:]]

    def _swapped(self, message: Message, _: list[Message]) -> Message:
        a, b = self._at(message), self._at(message)
        message[a : a + 1], message[b : b + 1] = message[b : b + 1], message[a : a + 1]
        return message

    def _cut(self, message: Message, _: list[Message]) -> Message:
        return message[: self._at(message)] or ["1"]

    def _spliced(self, message: Message, messages: list[Message]) -> Message:
        return message[: self._at(message)] + self._rng.choice(messages)[self._at(message) :]

    def _other_id(self, message: Message, messages: list[Message]) -> Message:
        number = self._rng.choice((*self._rng.choice(messages)[:1], str(self._rng.randrange(-5, 300))))
        return [number, *message[1:]]

    def _repeated(self, message: Message, _: list[Message]) -> Message:
        return message + message[1:] * self._rng.randrange(1, 4)

    def _at(self, message: Message) -> int:
        """A position, more often an early one: ids and contracts are there."""
        return min(self._rng.randrange(len(message) or 1), self._rng.randrange(len(message) or 1) + 1)

    # --- bytes ---

    def _flipped(self, payload: bytearray) -> bytes:
        for _ in range(self._rng.randint(1, 8)):
            payload[self._rng.randrange(len(payload))] ^= 1 << self._rng.randrange(8)
        return framed(bytes(payload))

    def _truncated(self, payload: bytearray) -> bytes:
        return framed(bytes(payload))[: self._rng.randrange(len(payload) + 4)]

    def _wrong_length(self, payload: bytearray) -> bytes:
        near, far = len(payload) + self._rng.randint(-2, 2), self._rng.choice((0, 1, 2**18, 2**31, 2**32 - 1))
        return struct.pack(">I", max(0, self._rng.choice((near, far)))) + bytes(payload)

    def _giant(self, payload: bytearray) -> bytes:
        at = self._rng.randrange(len(payload))
        payload[at:at] = self._rng.choice((b"\0", b"7", b"A", b"\xff")) * self._rng.choice((5_000, 60_000, 300_000))
        return framed(bytes(payload))

    def _noise(self, payload: bytearray) -> bytes:
        noise = self._rng.randbytes(self._rng.randrange(1, 200))
        return self._rng.choice((noise, framed(noise), framed(noise + b"\0"), framed(bytes(payload) + noise)))

    def _glued(self, payload: bytearray) -> bytes:
        return framed(bytes(payload)) * self._rng.randint(2, 5)
