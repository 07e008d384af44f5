"""Reads the arguments of a statement as its form spells them."""

from __future__ import annotations

import re
from functools import cache

from simulator.faults.arguments import ARGUMENTS, Argument, Value
from simulator.faults.statements import Form
from simulator.faults.words import Mismatch, Words, nearest

Part = str | Argument | tuple["Part", ...]
"""A keyword, an argument, or a group that may be left out."""
Group = tuple[Part, ...]


@cache
def parts_of(form: Form) -> Group:
    """What follows the name of a statement."""
    return _parts(re.findall(r"\[|\]|[^\s\[\]]+", form.arguments))


def read_arguments(words: Words, form: Form) -> tuple[tuple[str, Value], ...]:
    """All arguments of a form with their values, None for those left out. Raises Mismatch."""
    parts = parts_of(form)
    values: dict[str, Value] = dict.fromkeys(_names(parts))
    _read(words, parts, values)
    if words.ahead is not None:
        raise Mismatch(f"{words.ahead} is too much", f"nothing more; usage: {form.usage}")
    return tuple(values.items())


def _parts(words: list[str]) -> Group:
    """Takes words up to a closing bracket off the front."""
    found: list[Part] = []
    while words and (word := words.pop(0)) != "]":
        if word == "[":
            found.append(_parts(words))
        else:
            found.append(ARGUMENTS.get(word, word))
    return tuple(found)


def _names(parts: Group) -> list[str]:
    names: list[str] = []
    for part in parts:
        if isinstance(part, Argument):
            names.append(part.name)
        elif isinstance(part, tuple):
            names += _names(part)
    return names


def _read(words: Words, parts: Group, values: dict[str, Value]) -> None:
    left: list[Group] = []
    for part in parts:
        if isinstance(part, tuple):
            left.append(part)
            continue
        _read_groups(words, left, values)
        if isinstance(part, Argument):
            values[part.name] = part.read(words, part.looks)
        elif words.says(part):
            words.skip()
        else:
            raise _unexpected(words, [*left, (part,)])
        left.clear()
    _read_groups(words, left, values)
    if left and words.ahead is not None:
        raise _unexpected(words, left, "the end or ")


def _read_groups(words: Words, groups: list[Group], values: dict[str, Value]) -> None:
    """Read groups in any order, each once; `groups` keeps those that were left out."""
    while (chosen := next((group for group in groups if _begins(words, group)), None)) is not None:
        groups.remove(chosen)
        _read(words, chosen, values)


def _begins(words: Words, group: Group) -> bool:
    """Whether the next word begins this group: its keyword, or anything its argument can read."""
    first = group[0]
    if not isinstance(first, Argument):
        return isinstance(first, str) and words.says(first)
    before = words.position
    try:
        first.read(words, first.looks)
    except Mismatch:
        return False
    finally:
        words.position = before
    return True


def _unexpected(words: Words, groups: list[Group], also: str = "") -> Mismatch:
    """The next word begins none of these groups."""
    keywords = [group[0] for group in groups if isinstance(group[0], str)]
    guess = nearest(words.ahead.text, keywords) if words.ahead is not None else ""
    wanted = [first.looks if isinstance(first := group[0], Argument) else f"`{first}`" for group in groups]
    return Mismatch(words.describe(), guess or also + " or ".join(wanted))
