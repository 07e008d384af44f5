"""Single fields: reading what clients write, writing what clients read.

Clients spell "not set" as an empty field, 2147483647, 1.7976931348623157e+308 or 0.0; which one means
nothing is decided where the field is used, here the first three become None. A field that is no number
raises `BadField`, which costs the request, not the session.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

UNSET_INTEGER = "2147483647"
UNSET_DOUBLE = "1.7976931348623157E308"
_UNSET_FLOAT = 1.7976931348623157e308
_INTEGER = re.compile(r"-?[0-9]{1,20}(\.0*)?")
_INT32 = 2**31 - 1
_DIGITS = 15
_PLACES = 12
_UNSET_DIGITS = 308


class BadField(ValueError):
    """A field that cannot be read; the text says which and why."""


class Fields:
    """The fields of one request, read in order."""

    __slots__ = ("_at", "_values", "message_id")

    def __init__(self, values: list[str]) -> None:
        self._values = values
        self._at = 0
        self.message_id = self.integer("message id")

    @property
    def left(self) -> int:
        """How many fields were not read yet."""
        return len(self._values) - self._at

    def peek_integer(self, ahead: int) -> int:
        """The integer `ahead` fields further on, without reading anything."""
        at = self._at + ahead
        if at >= len(self._values):
            raise BadField("the id is missing")
        return parse_integer("id", self._values[at])

    def rest(self) -> tuple[str, ...]:
        """The fields that were not read yet, as they are, without reading them."""
        return tuple(self._values[self._at :])

    def text(self, name: str) -> str:
        """The next field as it is."""
        if self._at >= len(self._values):
            raise BadField(f"{name} is missing")
        value = self._values[self._at]
        self._at += 1
        return value

    def optional(self, name: str) -> str:
        """The next field, or an empty one when an older client ended earlier."""
        return self.text(name) if self.left else ""

    def skip(self, count: int = 1) -> None:
        """Pass over fields whose value does not matter."""
        for _ in range(count):
            self.text("field")

    def integer(self, name: str, default: int = 0) -> int:
        """A 32-bit integer; unset becomes `default`."""
        return parse_integer(name, self.text(name), default)

    def count(self, name: str, most: int) -> int:
        """How often something is repeated in what follows."""
        count = self.integer(name)
        if not 0 <= count <= most:
            raise BadField(f"{name} is out of range: {count}")
        return count

    def flag(self, name: str) -> bool:
        """A boolean written as 0 or 1."""
        return self.integer(name) != 0

    def amount(self, name: str) -> Decimal | None:
        """A price, size or amount of money."""
        return parse_amount(name, self.text(name))


def parse_integer(name: str, text: str, default: int = 0) -> int:
    """A 32-bit integer; unset becomes `default`."""
    if text in {"", UNSET_INTEGER}:
        return default
    if not _INTEGER.fullmatch(text):
        raise BadField(f"{name} is not an integer: {text[:40]!r}")
    value = int(text.partition(".")[0])
    if not -_INT32 - 1 <= value <= _INT32:
        raise BadField(f"{name} is out of range: {text[:40]!r}")
    return value


def parse_amount(name: str, text: str) -> Decimal | None:
    """A decimal number of sane size; None when unset."""
    if text in {"", UNSET_INTEGER}:
        return None
    if not text.isascii() or "_" in text:
        raise BadField(f"{name} is not a number: {text[:40]!r}")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise BadField(f"{name} is not a number: {text[:40]!r}") from error
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise BadField(f"{name} is not a finite number: {text[:40]!r}")
    if value.adjusted() == _UNSET_DIGITS and math.isclose(float(value), _UNSET_FLOAT):
        return None
    if value.adjusted() >= _DIGITS or exponent < -_PLACES:
        raise BadField(f"{name} is out of range: {text[:40]!r}")
    return value


def write(value: object) -> str:
    """One field without its terminator. Decimals are written plainly, without exponent."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def escaped(text: str) -> str:
    r"""Text that clients decode with `unicode-escape`: ASCII, anything else as \uXXXX, backslashes doubled."""
    return text.encode("unicode-escape").decode("ascii")


def message(*values: object) -> bytes:
    """The payload of one message, the message id first."""
    return ("\0".join(map(write, values)) + "\0").encode()
