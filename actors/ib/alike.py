"""Reports about orders that are alike, without going over their hundred fields again.

What the gateway says of two orders alike differs in the ids, the quantity, the limit and the key. A report that was
decoded once stands for all of its kind: the frames with the same bytes in every other place, read byte for byte as the
official decoder reads them. What was not decoded before, and values written in another way, are left to that one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from actors.ib.values import whole
from actors.messages.broker import OrderReport, StatusReport

_MOST_KINDS: Final = 256  # are kept; then they are learnt anew
_NUMBER: Final = re.compile(rb"[0-9]{1,9}(\.[0-9]{1,9})?").fullmatch
_IDENTIFIER: Final = re.compile(rb"[0-9]{1,18}").fullmatch

# Where the values stand in an openOrder and an orderStatus of every version that is spoken; the rest is one piece.
_ORDER: Final = b"5\0"
_QUANTITY, _TYPE, _LIMIT, _KEY, _ORDER_PERM, _ALLOCATION, _ORDER_PIECES = 14, 15, 16, 23, 25, 30, 32
_STATUS: Final = b"3\0"
_STATUS_PERM, _STATUS_PIECES = 6, 8
_ID: Final = 1

Alike = OrderReport | StatusReport


class AlikeReports:
    """The kinds of one session; `next_sequence` numbers its reports."""

    def __init__(self, next_sequence: Callable[[], int]) -> None:
        self._next_sequence = next_sequence
        self._kinds: dict[bytes, Alike] = {}

    def read(self, payload: bytes) -> Alike | None:
        """The report of a frame whose kind is known; None leaves it to the official decoder."""
        if payload.startswith(_ORDER):
            return self._order(payload.split(b"\0", _ORDER_PIECES - 1))
        if payload.startswith(_STATUS):
            return self._status(payload.split(b"\0", _STATUS_PIECES - 1))
        return None

    def learn(self, payload: bytes, report: object) -> None:
        """What the official decoder made of a frame."""
        if isinstance(report, OrderReport) and payload.startswith(_ORDER):
            kind = _order_kind(payload.split(b"\0", _ORDER_PIECES - 1))
        elif isinstance(report, StatusReport) and payload.startswith(_STATUS):
            kind = _status_kind(payload.split(b"\0", _STATUS_PIECES - 1))
        else:
            return
        if kind is not None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            self._kinds[kind] = report

    def _order(self, pieces: list[bytes]) -> OrderReport | None:
        kind = _order_kind(pieces)
        known = None if kind is None else self._kinds.get(kind)
        if not isinstance(known, OrderReport):
            return None
        limited = pieces[_TYPE] == b"LMT"
        terms = msgspec.structs.replace(
            known.terms,
            quantity=Decimal(pieces[_QUANTITY].decode()) or Decimal(0),
            limit=float(pieces[_LIMIT]) if limited else known.terms.limit,
            key=pieces[_KEY].decode("utf-8", "backslashreplace"),
        )
        return msgspec.structs.replace(
            known,
            sequence=self._next_sequence(),
            order_id=int(pieces[_ID]),
            perm_id=whole(int(pieces[_ORDER_PERM])),
            terms=terms,
        )

    def _status(self, pieces: list[bytes]) -> StatusReport | None:
        kind = _status_kind(pieces)
        known = None if kind is None else self._kinds.get(kind)
        if not isinstance(known, StatusReport):
            return None
        order_id, perm_id = int(pieces[_ID]), whole(int(pieces[_STATUS_PERM]))
        return msgspec.structs.replace(known, sequence=self._next_sequence(), order_id=order_id, perm_id=perm_id)


def _order_kind(pieces: list[bytes]) -> bytes | None:
    """What an openOrder has in common with those alike; None when a value is not plain."""
    if len(pieces) != _ORDER_PIECES or not (_IDENTIFIER(pieces[_ID]) and _IDENTIFIER(pieces[_ORDER_PERM])):
        return None
    limited = pieces[_TYPE] == b"LMT"  # of other types it is a part of the kind: some have a limit, some none
    if not _NUMBER(pieces[_QUANTITY]) or (limited and not _NUMBER(pieces[_LIMIT])):
        return None
    common = pieces.copy()
    common[_ID] = common[_QUANTITY] = common[_KEY] = common[_ORDER_PERM] = b""
    common[_ALLOCATION] = b""  # obsolete: it has the permanent id in it once more, and the decoder passes over it
    if limited:
        common[_LIMIT] = b""
    return b"\0".join(common)


def _status_kind(pieces: list[bytes]) -> bytes | None:
    """What an orderStatus has in common with those alike; None when an id is not plain."""
    if len(pieces) != _STATUS_PIECES or not (_IDENTIFIER(pieces[_ID]) and _IDENTIFIER(pieces[_STATUS_PERM])):
        return None
    common = pieces.copy()
    common[_ID] = common[_STATUS_PERM] = b""
    return b"\0".join(common)
