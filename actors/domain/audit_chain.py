"""The hash chain over the audit trail: every row carries the hash of the one before it.

Pure. A row's hash is SHA-256 over its columns in the order below, each written as a netstring
(`length:bytes,`), so that no two different rows have the same bytes. Whoever changes, removes or
inserts a row must rewrite all later ones, and the head, logged every hour, then no longer agrees.
Rows cut off the end are found only by comparing with a logged head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: number and hash of its last row; 0 and GENESIS when it is empty."""

    sequence: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row as stored. Text is kept in bytes, because a damaged row need not be valid text."""

    sequence: int
    journal_sequence: int | None
    at: bytes
    kind: bytes
    key: bytes
    data: bytes
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """The first row that breaks the chain, and how."""

    sequence: int
    reason: str


def row_hash(row: AuditRow) -> str:
    """What `row.hash` must be, in hexadecimal."""
    journal = b"" if row.journal_sequence is None else str(row.journal_sequence).encode()
    fields = (str(row.sequence).encode(), journal, row.at, row.kind, row.key, row.data, row.previous_hash)
    return hashlib.sha256(b"".join(b"%d:%s," % (len(field), field) for field in fields)).hexdigest()


def append(head: Head, *, journal_sequence: int | None, at: str, kind: str, key: str, data: str) -> AuditRow:
    """The row that follows `head`."""
    unsigned = AuditRow(
        sequence=head.sequence + 1,
        journal_sequence=journal_sequence,
        at=at.encode(),
        kind=kind.encode(),
        key=key.encode(),
        data=data.encode(),
        previous_hash=head.hash.encode(),
        hash=b"",
    )
    return AuditRow(
        unsigned.sequence,
        unsigned.journal_sequence,
        unsigned.at,
        unsigned.kind,
        unsigned.key,
        unsigned.data,
        unsigned.previous_hash,
        row_hash(unsigned).encode(),
    )


def flaw(row: AuditRow, before: Head) -> Damage | None:
    """What is wrong with a row that must follow `before`; None when it does."""
    number = before.sequence + 1
    if row.sequence != number:
        return Damage(number, f"the row is missing: after {before.sequence} comes {row.sequence}")
    if row.previous_hash != before.hash.encode():
        return Damage(number, "its previous_hash is not the hash of the row before it")
    if row.hash != row_hash(row).encode():
        return Damage(number, "its hash does not follow from its contents")
    return None


def verify(rows: Iterable[AuditRow], head: Head) -> Damage | None:
    """The first damaged row after `head`, or None when all of them follow from it."""
    expected = head
    for row in rows:
        damage = flaw(row, expected)
        if damage is not None:
            return damage
        expected = Head(row.sequence, row.hash.decode())
    return None
