"""Two records of the same history, walked side by side: the audit trail's chain, and the order journal it followed.

Pure. Each row of the trail must follow from the one before, and each row of the order journal must be, byte for byte,
what the trail has under its number. All findings are told, not the first alone: after a damaged row the walk goes on
from what is stored. A row of the trail whose hash does not fit vouches for nothing, so nothing is compared with it.
Where the trail says that another journal took the old one's place, the present journal is compared from its beginning
again, so that what the earlier one held and the present one does not is found, too. Rows that the trail has not
followed yet have one record only; they are counted, and must be without a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from actors.domain.audit_chain import AuditRow, Head, flaw, row_hash

REPLACED: Final = b"journal_replaced"
"""The kind of the trail's row after which the order journal is followed from its beginning again."""
MOST_FINDINGS: Final = 100
"""So many are kept in words; a journal that was moved away differs in every row."""
_WINDOW: Final = 24  # bytes shown on either side of the first one that differs


class JournalText(NamedTuple):
    """One row of the order journal as stored. Text is kept in bytes, because a damaged row need not be valid text."""

    sequence: int
    at: bytes
    kind: bytes
    key: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: in which file and table, at which row (0: at no row in particular)."""

    file: str
    table: str
    row: int
    problem: str


class Walk:
    """The walk: `follow` each row of the trail in order, then `finish`."""

    def __init__(self, journal: Callable[[], Iterator[JournalText]], wanted: Head | None = None) -> None:
        """`journal` gives the rows of the order journal from its beginning, as often as it is called.

        `wanted` is a head that was noted earlier: its row must still have its hash.
        """
        self.head = Head()
        self.findings: list[Finding] = []
        self.found = 0
        """How many findings there are, also beyond those kept in words."""
        self.unfollowed = 0
        """Rows at the journal's end that the trail does not have yet."""
        self._journal = journal
        self._wanted = wanted
        self._wanted_seen = False
        self._begin()

    def follow(self, row: AuditRow) -> None:
        """The next row of the trail."""
        damage = flaw(row, self.head)
        if damage is not None:
            self.find("state.db", "audit", damage.sequence, damage.reason)
            self._unsure = True
        self.head = Head(row.sequence, row.hash.decode(errors="replace"))
        if self._wanted is not None and row.sequence == self._wanted.sequence:
            self._wanted_seen = True
            if self.head.hash != self._wanted.hash:
                problem = f"its hash is {self.head.hash}, the head noted for it is {self._wanted.hash}"
                self.find("state.db", "audit", row.sequence, problem)
        if damage is not None and row.hash != row_hash(row).encode():
            return
        if row.journal_sequence is not None:
            self._compare(row, row.journal_sequence)
        elif row.kind == REPLACED:
            self._begin()

    def finish(self, counter: int) -> None:
        """The trail is at its end; `counter` is the highest number the journal says it ever gave to a row."""
        while self._next is not None:
            self.unfollowed += 1
            self._skip_to(self._next.sequence, "the trail has not followed so far")
            self._advance()
        if counter > self._last:
            self._missing(counter, f"rows up to {counter} were written")
        elif counter < self._last:
            self.find("orders.db", "sqlite_sequence", 0, f"it says {counter}, the journal's last row is {self._last}")
        if self._wanted is not None and not self._wanted_seen and self._wanted != Head():
            problem = f"the row of the noted head is missing: the trail ends at row {self.head.sequence}"
            self.find("state.db", "audit", self._wanted.sequence, problem)

    def find(self, file: str, table: str, row: int, problem: str) -> None:
        """Something is wrong."""
        self.found += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(file, table, row, problem))

    def _begin(self) -> None:
        self._rows = self._journal()
        self._last = 0  # the last number that was seen, or told to be missing
        self._unsure = False  # a damaged row of the trail may be the one that has the journal's next rows
        self._next = next(self._rows, None)

    def _advance(self) -> None:
        assert self._next is not None
        self._last = max(self._last, self._next.sequence)
        self._next = next(self._rows, None)

    def _compare(self, row: AuditRow, number: int) -> None:
        while self._next is not None and self._next.sequence < number:
            if not self._unsure:
                self.find("orders.db", "journal", self._next.sequence, "the audit trail does not have this row")
            self._advance()
        has_it = f"audit row {row.sequence} has row {number}"
        if number <= self._last:
            self.find("state.db", "audit", row.sequence, f"it has row {number} of the order journal a second time")
            return
        if self._next is None or self._next.sequence > number:
            self._missing(number, has_it)
            return
        self._skip_to(number, has_it)
        if (problem := _difference(self._next, row)) is not None:
            self.find("orders.db", "journal", number, problem)
        self._unsure = False
        self._advance()

    def _skip_to(self, number: int, why: str) -> None:
        if number > self._last + 1 and not self._unsure:
            self._missing(number - 1, why)

    def _missing(self, last: int, why: str) -> None:
        first = self._last + 1
        if first <= last:
            rows = "the row is missing" if first == last else f"rows {first} to {last} are missing"
            self.find("orders.db", "journal", first, f"{rows}: {why}")
            self._last = last


def _difference(row: JournalText, trail: AuditRow) -> str | None:
    """In which columns the journal differs from the trail, and how."""
    told = []
    for column in ("at", "kind", "key", "data"):
        ours, theirs = getattr(row, column), getattr(trail, column)
        if ours != theirs:
            at = _first_difference(ours, theirs)
            told.append(f"{column} has {_shown(ours, at)}, the audit trail {_shown(theirs, at)}")
    return f"{'; '.join(told)} (audit row {trail.sequence})" if told else None


def _first_difference(ours: bytes, theirs: bytes) -> int:
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(ours), len(theirs)))


def _shown(text: bytes, at: int) -> str:
    """The bytes around a place, in quotes."""
    first, last = max(0, at - _WINDOW), at + _WINDOW
    shown = text[first:last].decode(errors="backslashreplace")
    return f"{'...' if first else ''}{shown!r}{'...' if last < len(text) else ''}"
