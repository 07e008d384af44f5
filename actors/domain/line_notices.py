"""What a code of the broker means for the quote line it names: it lives, or when to ask again.

Meanings are those of IB's message codes. A permission does not come by waiting; too many lines, a competing
session or a failed live update may pass.
"""

from __future__ import annotations

import math

_WARNINGS = range(2100, 2200)
_LIVES_ON = frozenset((0, 165, 300, 10090, 10167))
_SOON = frozenset((102, 322, 10182, 10225))
_LATER = frozenset((101, 420, 10197))
_SOON_SECONDS = 5.0
_LATER_SECONDS = 60.0


def retry_delay(code: int) -> float | None:
    """Seconds until the line may be opened again; math.inf: not of itself; None: the line lives on."""
    if code in _WARNINGS or code in _LIVES_ON:
        return None
    if code in _SOON:
        return _SOON_SECONDS
    return _LATER_SECONDS if code in _LATER else math.inf
