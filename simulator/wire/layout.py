"""Long messages as tables: fields in order, and blocks that are there only when something before them says so.

`fields("lmtPrice:amount tif faProfile@..176")` names fields, their kinds (text when not told) and the server
versions that have them. `read` checks every field against its kind and keeps it as text, "" for what is not
set; `write` lays values out again. The parts of a `Repeated` are kept as `legs` = how many, `legs.0.ratio`, ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.wire import fields as single
from simulator.wire.fields import BadField, Fields, parse_amount, parse_integer

_NAME = re.compile(r"(\w+)(?::(\w+))?(?:@(\d*)\.\.(\d*))?")
_EVERY_VERSION = 10_000
_INFINITY = "Infinity"  # the official client's spelling; ib_async's is Infinite
Get = Callable[[str], str]


class Kind(StrEnum):
    """What a field may hold when it is set. An offset is an amount that may be infinite."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    AMOUNT = "amount"
    OFFSET = "offset"


@dataclass(frozen=True)
class Field:
    """One field, in the versions `since` to `until`."""

    name: str
    kind: Kind
    since: int
    until: int


@dataclass(frozen=True)
class Block:
    """Parts that are there when `opens` finds so among the values before them."""

    opens: Callable[[Get], bool]
    parts: Layout


@dataclass(frozen=True)
class Repeated:
    """A count and that many times the parts, at most `most`."""

    name: str
    parts: Layout
    most: int = 64


@dataclass(frozen=True)
class Choice:
    """A number and the parts that belong to it."""

    name: str
    kinds: Mapping[str, Layout]


Part = Field | Block | Repeated | Choice
Layout = tuple[Part, ...]


def fields(names: str) -> Layout:
    """Fields from text: `name[:kind][@since..until]`, both ends included and either left out."""
    parts = []
    for word in names.split():
        match = _NAME.fullmatch(word)
        if match is None:
            raise ValueError(f"not a field: {word!r}")
        name, kind, since, until = match.groups()
        parts.append(Field(name, Kind(kind or "text"), int(since or 0), int(until or _EVERY_VERSION)))
    return tuple(parts)


def filled(name: str, parts: Layout) -> Block:
    """A block that opens when a text is not empty."""
    return Block(lambda get: get(name) != "", parts)


def flagged(name: str, parts: Layout) -> Block:
    """A block that opens when a flag is set."""
    return Block(lambda get: get(name) == "1", parts)


def positive(name: str, parts: Layout) -> Block:
    """A block that opens when a number is greater than 0."""
    return Block(lambda get: (parse_amount(name, get(name)) or 0) > 0, parts)


def among(name: str, texts: set[str], parts: Layout) -> Block:
    """A block that opens when a text is one of several."""
    return Block(lambda get: get(name) in texts, parts)


def read(layout: Layout, source: Fields, version: int, values: dict[str, str], prefix: str = "") -> None:
    """Add to `values` what the next fields hold. Raises `BadField` for one that is missing or mistyped."""

    def get(name: str) -> str:
        return values.get(prefix + name, "")

    for part in layout:
        match part:
            case Field():
                if part.since <= version <= part.until:
                    values[prefix + part.name] = normal(part.name, part.kind, source.text(part.name))
            case Block():
                if part.opens(get):
                    read(part.parts, source, version, values, prefix)
            case Repeated():
                count = source.count(part.name, part.most)
                values[prefix + part.name] = str(count)
                for number in range(count):
                    read(part.parts, source, version, values, f"{prefix}{part.name}.{number}.")
            case Choice():
                chosen = values[prefix + part.name] = str(source.integer(part.name))
                if chosen not in part.kinds:
                    raise BadField(f"{part.name} is unknown: {chosen}")
                read(part.kinds[chosen], source, version, values, prefix)


def write(layout: Layout, version: int, values: Mapping[str, object], prefix: str = "") -> list[object]:
    """The fields of a message. What has no value is an empty field, a list without count an empty list."""

    def get(name: str) -> str:
        return single.write(values.get(prefix + name, ""))

    written: list[object] = []
    for part in layout:
        match part:
            case Field():
                if part.since <= version <= part.until:
                    written.append(values.get(prefix + part.name, ""))
            case Block():
                if part.opens(get):
                    written += write(part.parts, version, values, prefix)
            case Repeated():
                count = parse_integer(part.name, get(part.name))
                written.append(count)
                for number in range(count):
                    written += write(part.parts, version, values, f"{prefix}{part.name}.{number}.")
            case Choice():
                written += [get(part.name), *write(part.kinds[get(part.name)], version, values, prefix)]
    return written


def normal(name: str, kind: Kind, text: str) -> str:
    """A field in the one spelling it is kept in, "" when it is not set. Raises `BadField`."""
    if kind is Kind.TEXT or text == "":
        return text
    if kind is Kind.OFFSET and text in {_INFINITY, "Infinite"}:
        return _INFINITY
    if kind is Kind.AMOUNT or kind is Kind.OFFSET:
        amount = parse_amount(name, text)
        return "" if amount is None else f"{amount:f}"
    if text == single.UNSET_INTEGER:
        return ""
    number = parse_integer(name, text)
    return ("1" if number else "0") if kind is Kind.FLAG else str(number)
