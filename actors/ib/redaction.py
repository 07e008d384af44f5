"""Frames as people may read them in a log: account numbers shortened, long frames cut."""

from __future__ import annotations

import re

_ACCOUNT = re.compile(r"\b((?:DU|DF|D|U|F|I)[A-Z]?)\d{4,10}\b")
_LIMIT = 1000


def readable(payload: bytes) -> str:
    """The fields of a frame, separated by bars, without account numbers."""
    text = payload.decode("utf-8", "backslashreplace").removesuffix("\0").replace("\0", "|")
    shown = _ACCOUNT.sub(r"\1***", text)
    return shown if len(shown) <= _LIMIT else f"{shown[:_LIMIT]}... ({len(payload)} bytes)"
