"""What a broker's code about an order may mean. Data, not behaviour: the machine adds the phase.

A code that is not listed is UNSURE, and UNSURE only ever leads to a question to the broker: no new code
of a new TWS version can end an order here while it works there.
"""

from __future__ import annotations

from enum import Enum


class CodeClass(Enum):
    """What kind of news a code brings."""

    REFUSED = "refused"  # the request was refused: a new order is rejected, a modify leaves the order live
    MODIFY_FAILED = "modify failed"  # the order stands as it was
    CANCEL_REFUSED = "cancel refused"  # it works on, or it ended before the cancel came: ask which
    CANCELLED = "cancelled"  # tells why; the status that comes with it ends the order
    ADVISORY = "advisory"  # a remark about an order that lives
    UNSURE = "unsure"


_CODES: dict[CodeClass, tuple[int, ...]] = {
    CodeClass.REFUSED: (
        *(103, 106, 107, 109, 110, 111, 116, 133, 140, 141, 145),
        *(200, 201, 203, 321, 329, 434, 460, 10006, 10289, 10293),
    ),
    CodeClass.MODIFY_FAILED: (104, 105, 134, 2102),
    CodeClass.CANCEL_REFUSED: (135, 136, 161, 10147, 10148),
    CodeClass.CANCELLED: (202,),
    CodeClass.ADVISORY: (399, 404, 2109, 2137, 2152, 2168, 2169, 10349),
}
_CLASS_OF = {code: kind for kind, codes in _CODES.items() for code in codes}


def classify(code: int) -> CodeClass:
    """The class of a code that came with an order's id."""
    return _CLASS_OF.get(code, CodeClass.UNSURE)
