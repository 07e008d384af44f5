"""The fault language: text in, frozen statements out. Pure; nothing is done here.

One statement a line, `#` begins a comment. A prefix says when: `at`, `after`, `every`. A script is read whole: its
first wrong line is a ScriptError, and nothing of it is carried out. See docs/simulator.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from simulator.agenda import EVERY_DAY
from simulator.faults.arguments import Value, read_duration, read_moment, read_time, read_zone
from simulator.faults.grammar import read_arguments
from simulator.faults.statements import STATEMENTS, Form
from simulator.faults.words import Mismatch, Words, nearest, split

LARGEST_SCRIPT: Final = 1_000_000
"""Bytes."""
_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS: Final[dict[str, frozenset[int]]] = {
    "day": EVERY_DAY,
    "weekday": frozenset(range(5)),
    **{name: frozenset({number}) for number, name in enumerate(_WEEK)},
}
_PREFIXES: Final = ("at", "after", "every")
_NAMES: Final = tuple(dict.fromkeys(form.name.split()[0] for form in STATEMENTS))


class ScriptError(Exception):
    """A statement that cannot be read or done: where it stands, its text, what is wrong and what was expected."""

    def __init__(self, text: str, reason: str, expected: str = "", file: str = "", line: int = 0) -> None:
        place = f"{file}:{line}: " if file else ""
        remedy = "" if not expected else f"; {expected}" if expected.endswith("?") else f"; expected {expected}"
        super().__init__(f"{place}{reason}{remedy}{f' (in: {text})' if text else ''}")
        self.text, self.reason, self.expected, self.file, self.line = text, reason, expected, file, line


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a calendar instant."""

    moment: float


@dataclass(frozen=True, slots=True)
class AtTime:
    """Once, when the clocks of a zone show this time next."""

    time: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class After:
    """Once, so many true seconds from when the script is begun."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Every:
    """At this time on each of these weekdays, Monday being 0."""

    weekdays: frozenset[int]
    time: time
    zone: ZoneInfo


When = At | AtTime | After | Every


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement or question; every argument of its form is there, None when it was left out."""

    name: str
    arguments: tuple[tuple[str, Value], ...] = ()
    when: When | None = None
    question: bool = False
    text: str = ""
    file: str = ""
    line: int = 0


def parse_script(text: str, file: str) -> tuple[Statement, ...]:
    """The statements of a script; raises ScriptError at the first line that is wrong."""
    statements = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            statement = _read(split(line), line.strip())
        except Mismatch as error:
            raise ScriptError(_short(line), error.reason, error.expected, file, number) from error
        if statement is None:
            continue
        if statement.question:
            raise ScriptError(_short(line), "a script asks no questions", "a statement", file, number)
        statements.append(replace(statement, file=file, line=number))
    return tuple(statements)


def read_script(path: Path) -> tuple[Statement, ...]:
    """The statements of a file; raises ScriptError, also for a file that cannot be read."""
    try:
        data = path.read_bytes()
        if len(data) > LARGEST_SCRIPT:
            raise ScriptError("", f"the script has {len(data)} bytes", f"at most {LARGEST_SCRIPT}", str(path), 1)
        text = data.decode()
    except OSError as error:
        raise ScriptError("", f"the script cannot be read: {error.strerror}", "a text file", str(path), 1) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ScriptError("", "the line is not UTF-8 text", "a text file", str(path), line) from error
    return parse_script(text, str(path))


def parse_line(line: str) -> Statement:
    """One statement or question that stands alone; raises ScriptError, also when there is none."""
    try:
        statement = _read(split(line), line.strip())
    except Mismatch as error:
        raise ScriptError(_short(line), error.reason, error.expected) from error
    if statement is None:
        raise ScriptError(_short(line), "there is no statement", f"one of {', '.join(_NAMES)}")
    return statement


def _short(line: str) -> str:
    text = "".join(letter if letter.isprintable() else "?" for letter in line.strip()[:200])
    return text if len(line.strip()) <= 200 else text + "..."


def _read(words: Words, text: str) -> Statement | None:
    if words.ahead is None:
        return None
    when = _read_when(words)
    form = _read_form(words)
    if form.question and when is not None:
        raise Mismatch(f"`{form.name}` is a question, which is asked at once", "a statement")
    return Statement(form.name, read_arguments(words, form), when, form.question, text)


def _read_when(words: Words) -> When | None:
    if words.says("after"):
        words.skip()
        return After(read_duration(words, "a duration such as 20s"))
    if words.says("every"):
        words.skip()
        looks = f"one of {', '.join(DAYS)}"
        day = words.take(looks)
        if day.text not in DAYS:
            raise Mismatch(f"{day} is no day", nearest(day.text, DAYS) or looks)
        if not words.says("at"):
            raise Mismatch(words.describe(), "`at` and a time of day such as 23:45")
        words.skip()
        return Every(DAYS[day.text], read_time(words), read_zone(words))
    if words.says("at"):
        words.skip()
        if words.ahead is not None and "-" in words.ahead.text:
            return At(read_moment(words))
        return AtTime(read_time(words), read_zone(words))
    return None


def _read_form(words: Words) -> Form:
    """The form whose name stands next, which is read."""
    for form in STATEMENTS:
        if words.says(*form.name.split()):
            words.skip(len(form.name.split()))
            return form
    first = words.take("a statement")
    longer = [form.usage for form in STATEMENTS if form.name.split()[0] == first.text and not first.quoted]
    if longer:
        raise Mismatch(words.describe(), " or ".join(f"`{usage}`" for usage in longer))
    if first.text in _PREFIXES and not first.quoted:
        raise Mismatch(f"{first} cannot stand behind another prefix", f"a statement, one of {', '.join(_NAMES)}")
    known = (*_NAMES, *_PREFIXES)
    raise Mismatch(f"there is no statement {first}", nearest(first.text, known) or f"one of {', '.join(_NAMES)}")
