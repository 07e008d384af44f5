"""What a broker's code about an order may mean. Data, not behaviour: the machine adds the phase.

A code that is not listed is UNSURE, and UNSURE only ever leads to a question to the broker: no new code
of a new TWS version can end an order here while it works there.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class CodeClass(Enum):
    """What kind of news a code brings."""

    REJECTED = "rejected"  # the order was rejected, perhaps later by its destination; or a modify of it was
    INVALID = "invalid"  # a request could not be accepted: a new order is rejected, any other leaves it live
    MODIFY_FAILED = "modify failed"  # the order stands as it was
    CANCEL_REFUSED = "cancel refused"  # it works on, or it ended before the cancel came: ask which
    CANCELLED = "cancelled"  # says that it ends and why; a status, or the lists, must agree
    ADVISORY = "advisory"  # a remark about an order that lives
    UNSURE = "unsure"


_CODES: Final[dict[CodeClass, tuple[int, ...]]] = {
    CodeClass.REJECTED: (201,),
    CodeClass.INVALID: (
        *(103, 106, 107, 109, 110, 111, 116, 133, 140, 141, 145),
        *(200, 203, 321, 434, 460, 10006, 10289, 10293),
    ),
    CodeClass.MODIFY_FAILED: (104, 105, 134, 329, 2102),
    CodeClass.CANCEL_REFUSED: (135, 136, 161, 10147, 10148),
    CodeClass.CANCELLED: (202,),
    CodeClass.ADVISORY: (399, 404, 2109, 2137, 2152, 2168, 2169, 10349),
}
_CLASS_OF: Final = {code: kind for kind, codes in _CODES.items() for code in codes}

_ALREADY_ENDED: Final = 10148
_STATE: Final = re.compile(r"state: *(Api)?Cancell?ed\b")


def classify(code: int) -> CodeClass:
    """The class of a code that came with an order's id."""
    return _CLASS_OF.get(code, CodeClass.UNSURE)


def tells_cancelled(code: int, text: str) -> bool:
    """Whether a cancel was refused because the order is cancelled already, which only the text says."""
    return code == _ALREADY_ENDED and bool(_STATE.search(text))
