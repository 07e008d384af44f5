"""What may stand for each CAPITAL word, and each `this|that`, in the usage of a statement.

A reader takes words from the line and returns the value, or raises Mismatch with what is wrong; nothing is
rounded, cut or guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import Final, get_args
from zoneinfo import ZoneInfo, available_timezones

from simulator.clock import FASTEST
from simulator.faults.words import Mismatch, Words, nearest
from simulator.ledger import Table
from simulator.wire.names import INCOMING, OUTGOING

DEFAULT_ZONE: Final = ZoneInfo("US/Eastern")
MESSAGES: Final = frozenset({"all", "requests", *OUTGOING.values(), *INCOMING.values()})
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST: Final = 7 * 86400.0
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class OrderName:
    """Which order is meant, by permId, by client and order id, or by reference; by nothing: the last one that works."""

    perm_id: int | None = None
    client_id: int | None = None
    order_id: int | None = None
    ref: str | None = None


Value = str | int | float | bool | Decimal | OrderName | None


@dataclass(frozen=True, slots=True)
class Argument:
    """One kind of argument: the name of its value, what it looks like, how it is read."""

    name: str
    looks: str
    read: Callable[[Words, str], Value]


def read_duration(words: Words, looks: str) -> float:
    """`20s`, `500ms`, `5m`, `1h`: true seconds."""
    word = words.take(looks)
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)", word.text)
    seconds = float(found[1]) * _UNITS[found[2]] if found and not word.quoted else 0.0
    if not 0 < seconds <= _LONGEST:
        raise Mismatch(f"{word} is no duration", looks)
    return seconds


def read_zone(words: Words) -> ZoneInfo:
    """The zone that is named next; New York when none is. Raises Mismatch for a misspelt one."""
    word = words.ahead
    if word is None or word.quoted:
        return DEFAULT_ZONE
    if word.text in _zones():
        words.skip()
        return ZoneInfo(word.text)
    if "/" in word.text:
        raise Mismatch(f"there is no time zone {word}", nearest(word.text, _zones()) or "a name like US/Eastern")
    return DEFAULT_ZONE


def read_time(words: Words) -> time:
    """`HH:MM` or `HH:MM:SS`."""
    looks = "a time of day such as 23:45 or 23:45:30"
    word = words.take(looks)
    found = re.fullmatch(r"(\d{2}):(\d{2})(?::(\d{2}))?", word.text)
    if found is None:
        raise Mismatch(f"{word} is no time of day", looks)
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise Mismatch(f"{word}: {error}", looks) from error


def read_date(words: Words) -> date:
    """`YYYY-MM-DD`."""
    looks = "a date such as 2026-11-19"
    word = words.take(looks)
    if not re.fullmatch(r"(19[7-9]|20\d)\d-\d{2}-\d{2}", word.text):
        raise Mismatch(f"{word} is no date", looks)
    try:
        return date.fromisoformat(word.text)
    except ValueError as error:
        raise Mismatch(f"{word}: {error}", looks) from error


def read_moment(words: Words, _: str = "") -> float:
    """`YYYY-MM-DD HH:MM[:SS] [ZONE]`, as seconds since the epoch."""
    day, at = read_date(words), read_time(words)
    return datetime.combine(day, at, read_zone(words)).timestamp()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read_integer(words: Words, looks: str, low: int, high: int) -> int:
    word = words.take(looks)
    if word.quoted or not re.fullmatch(r"\d{1,12}", word.text) or not low <= int(word.text) <= high:
        raise Mismatch(f"{word} does not fit", looks)
    return int(word.text)


def _read_decimal(words: Words, looks: str, above: Decimal, high: Decimal, suffix: str = "") -> Decimal:
    word = words.take(looks)
    try:
        number = Decimal(word.text.removesuffix(suffix)) if word.text.endswith(suffix) else None
    except InvalidOperation:
        number = None
    if (
        word.quoted
        or len(word.text) > _DIGITS
        or number is None
        or not number.is_finite()
        or not above < number <= high
    ):
        raise Mismatch(f"{word} does not fit", looks)
    return number


def _read_chance(words: Words, looks: str) -> float:
    if words.ahead is not None and words.ahead.text.endswith("%"):
        return float(_read_decimal(words, looks, Decimal(0), Decimal(100), "%")) / 100
    return float(_read_decimal(words, looks, Decimal(0), Decimal(1)))


def _read_rate(words: Words, looks: str) -> float:
    return float(_read_decimal(words, looks, Decimal("-1e-9"), Decimal(int(FASTEST))))


def _read_choice(words: Words, looks: str, choices: tuple[str, ...]) -> str:
    word = words.take(looks)
    if word.quoted or word.text not in choices:
        raise Mismatch(f"{word} is none of the choices", nearest(word.text, choices) or looks)
    return word.text


def _read_switch(words: Words, looks: str) -> bool:
    return _read_choice(words, looks, ("on", "off")) == "on"


def _read_message(words: Words, looks: str) -> str:
    word = words.take(looks)
    if word.quoted or word.text not in MESSAGES:
        raise Mismatch(f"there is no message {word}", nearest(word.text, MESSAGES) or looks)
    return word.text


def _read_text(words: Words, looks: str) -> str:
    word = words.take(looks)
    if not word.quoted or not word.text or not word.text.isprintable():
        raise Mismatch(f"{word} is no text in quotes", looks)
    return word.text


def _read_name(words: Words, looks: str, longest: int = 60) -> str:
    word = words.take(looks)
    if not word.text.isprintable() or not 0 < len(word.text) <= longest:
        raise Mismatch(f"{word} is no name", looks)
    return word.text


def _read_order(words: Words, looks: str) -> OrderName:
    word = words.take(looks)
    if word.quoted and word.text:
        return OrderName(ref=word.text)
    if word.text == "last":
        return OrderName()
    if re.fullmatch(r"\d{1,10}", word.text):
        return OrderName(perm_id=int(word.text))
    if found := re.fullmatch(r"(\d{1,10})/(-?\d{1,10})", word.text):
        return OrderName(client_id=int(found[1]), order_id=int(found[2]))
    raise Mismatch(f"{word} names no order", looks)


def _integer(name: str, looks: str, low: int, high: int) -> Argument:
    return Argument(name, looks, partial(_read_integer, low=low, high=high))


def _choice(name: str, *choices: str) -> Argument:
    return Argument(name, " or ".join(choices), partial(_read_choice, choices=choices))


_MOST: Final = 2**31 - 1
_PATH: Final = 1000
_PRICE: Final = "a price above 0 such as 150 or 1.0875"

ARGUMENTS: Final[dict[str, Argument]] = {
    "MESSAGE": Argument("message", "a message such as tickPrice or placeOrder, `all` or `requests`", _read_message),
    "DURATION": Argument("seconds", "a duration such as 20s, 500ms, 5m or 1h", read_duration),
    "DELAY": Argument("by", "a duration such as 2s or 300ms", read_duration),
    "CLIENT": _integer("client", "a client id from 0", 0, _MOST),
    "SKIP": _integer("skip", "how many messages to spare first", 1, _MOST),
    "TIMES": _integer("times", "how many messages to hit", 1, _MOST),
    "CHANCE": Argument("chance", "a chance above 0 such as 0.3 or 30%", _read_chance),
    "FIELD": _integer("field", "the number of a field, from 0 for the message's id", 0, 1000),
    "BYTES": _integer("after_bytes", "a number of bytes from 0", 0, _MOST),
    "NUMBER": _integer("number", "a number that `faults` shows", 1, _MOST),
    "ID": _integer("value", "an order id from 1", 1, _MOST),
    "CODE": _integer("code", "a number from 100 to 99999", 100, 99_999),
    "COUNT": _integer("count", "a number from 1 to 10 million", 1, 10_000_000),
    "LINES": _integer("count", "a number of lines from 0 to 10000", 0, 10_000),
    "TEXT": Argument("text", 'text in "quotes"', _read_text),
    "FILE": Argument("file", 'the name of a file, in "quotes" when it has blanks', partial(_read_name, longest=_PATH)),
    "SYMBOL": Argument(
        "symbol", "a share as AAPL, a pair as EUR.USD, a future or option by its local symbol", _read_name
    ),
    "PRICE": Argument("price", _PRICE, partial(_read_decimal, above=Decimal(0), high=Decimal(10_000_000))),
    "QUANTITY": Argument(
        "quantity", "a quantity above 0", partial(_read_decimal, above=Decimal(0), high=Decimal(1_000_000_000))
    ),
    "PERCENT": Argument(
        "percent",
        "a percentage such as 5% or -3.5%",
        partial(_read_decimal, above=Decimal(-100), high=Decimal(1000), suffix="%"),
    ),
    "RATE": Argument("rate", f"a number from 0 to {FASTEST:g}", _read_rate),
    "MOMENT": Argument("moment", "YYYY-MM-DD HH:MM[:SS] [ZONE]", read_moment),
    "ORDER": Argument(
        "order", 'a permId, CLIENT/ORDERID as 1/5, an order reference in "quotes", or `last`', _read_order
    ),
    "EXECUTION": Argument("execution", "an execution's id, or `last`", _read_name),
    "TABLE": _choice("table", *get_args(Table)),
    "on|off": Argument("on", "on or off", _read_switch),
    "required|done": _choice("state", "required", "done"),
    "BUY|SELL": _choice("action", "BUY", "SELL"),
    "always|exchange": _choice("hours", "always", "exchange"),
    "live|delayed|none|competing": _choice("mode", "live", "delayed", "none", "competing"),
}
"""By the word of the usage."""
