"""What a code from the gateway means for the request or line it names. The full table is IB's."""

from __future__ import annotations

# Farm states and other warnings: whatever they name goes on.
_WARNINGS = range(2100, 2200)
# Also harmless: historical query messages, delayed or partial data shown instead, benign after a cancel.
_HARMLESS = frozenset((165, 300, 10090, 10167))
# Remarks about an order, here one that is only asked about: when it would be sent, its time in force.
_REMARKS = frozenset((399, 10349))

_NO_ID = frozenset((-1, 0, 2147483647))


def names_nothing(request_id: int) -> bool:
    """Whether the id stands for "none"."""
    return request_id in _NO_ID


def goes_on(code: int) -> bool:
    """Whether the request or line lives on after this code."""
    return code in _WARNINGS or code in _HARMLESS or code in _REMARKS
