"""The rows to insert, update and delete that lead from one side of a book to another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from simulator.market.depth import Level
from simulator.wire.depth_messages import DELETE, INSERT, UPDATE


class Change(NamedTuple):
    """One row: what to do at which position, and what the row is (or was, when it is deleted)."""

    operation: int
    position: int
    level: Level


def changes(before: Sequence[Level], after: Sequence[Level]) -> Iterator[Change]:
    """Rows that are gone are deleted first, from the back, so that the book never outgrows the rows asked for."""
    book = list(before)
    staying = {_row(level) for level in after}
    for position in reversed(range(len(book))):
        if _row(book[position]) not in staying:
            yield Change(DELETE, position, book.pop(position))
    for position, level in enumerate(after):
        if position < len(book) and _row(book[position]) == _row(level):
            if book[position] != level:
                book[position] = level
                yield Change(UPDATE, position, level)
        else:
            book.insert(position, level)
            yield Change(INSERT, position, level)
    for position in reversed(range(len(after), len(book))):
        yield Change(DELETE, position, book[position])


def _row(level: Level) -> tuple[int, str]:
    """What makes a row the same row when its size changes."""
    return level.price, level.maker
