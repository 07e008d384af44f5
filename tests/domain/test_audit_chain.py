"""The hash chain names the first row that somebody touched."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.audit_chain import AuditRow, Damage, Head, append, verify

texts = st.text(max_size=20)
entries = st.lists(st.tuples(st.none() | st.integers(1, 2**40), texts, texts, texts), min_size=1, max_size=8)
COLUMNS = ("at", "kind", "key", "data", "previous_hash", "hash")


def chain(contents: list[tuple[int | None, str, str, str]]) -> list[AuditRow]:
    rows: list[AuditRow] = []
    head = Head()
    for journal_sequence, kind, key, data in contents:
        at = "2026-11-20T12:00:00+00:00"
        rows.append(append(head, journal_sequence=journal_sequence, at=at, kind=kind, key=key, data=data))
        head = Head(rows[-1].sequence, rows[-1].hash.decode())
    return rows


@given(entries, st.data())
def test_any_flipped_bit_is_found_in_its_row(
    contents: list[tuple[int | None, str, str, str]], data: st.DataObject
) -> None:
    rows = chain(contents)
    assert verify(rows, Head()) is None

    index = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from([name for name in COLUMNS if getattr(rows[index], name)]))
    value = bytearray(getattr(rows[index], column))
    value[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    rows[index] = replace(rows[index], **{column: bytes(value)})

    damage = verify(rows, Head())
    assert damage is not None
    assert damage.sequence == rows[index].sequence


@given(entries, st.data())
def test_a_changed_number_is_found(contents: list[tuple[int | None, str, str, str]], data: st.DataObject) -> None:
    rows = chain(contents)
    index = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw((st.none() | st.integers()).filter(lambda number: number != rows[index].journal_sequence))
    rows[index] = replace(rows[index], journal_sequence=other)

    assert verify(rows, Head()) == Damage(index + 1, "its hash does not follow from its contents")


@given(entries)
def test_text_moved_from_one_column_to_the_next_is_found(contents: list[tuple[int | None, str, str, str]]) -> None:
    rows = chain([*contents, (1, "fill", "key-1", "{}")])
    rows[-1] = replace(rows[-1], kind=b"fil", key=b"lkey-1")

    assert verify(rows, Head()) == Damage(len(rows), "its hash does not follow from its contents")


def test_a_removed_row_is_named() -> None:
    rows = chain([(number, "order", f"key-{number}", "{}") for number in range(1, 6)])

    assert verify(rows[:2] + rows[3:], Head()) == Damage(3, "the row is missing: after 2 comes 4")


def test_a_row_rewritten_with_a_fitting_hash_is_found_at_its_successor() -> None:
    rows = chain([(number, "order", f"key-{number}", "{}") for number in range(1, 6)])
    before = Head(2, rows[1].hash.decode())
    rows[2] = append(
        before, journal_sequence=3, at="2026-11-20T12:00:00+00:00", kind="order", key="key-3", data='{"q":9}'
    )

    assert verify(rows, Head()) == Damage(4, "its previous_hash is not the hash of the row before it")


def test_anybody_can_recompute_a_hash_from_the_documented_form() -> None:
    row = append(Head(), journal_sequence=7, at="2026-11-20T12:00:00+00:00", kind="intent", key="k-ö", data="{}")
    netstrings = "1:1,1:7,25:2026-11-20T12:00:00+00:00,6:intent,4:k-ö,2:{},64:" + "0" * 64 + ","

    assert row.hash.decode() == hashlib.sha256(netstrings.encode()).hexdigest()
