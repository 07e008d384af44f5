"""Words for a message that does not fit its type: which field, which value, and what would be accepted."""

from __future__ import annotations

import numbers
import re
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

_PATH: Final = re.compile(r" - at `\$((?:\[\d+\])+)`$")
_INDEX: Final = re.compile(r"\[(\d+)\]")
_MODULES: Final = re.compile(r"\b(?:\w+\.)+(?=\w)")


def plain(value: Any) -> Any:
    """A number or text of a type made by others, such as numpy's, as what it is. TypeError for anything else."""
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent")


def wrong_value(message: msgspec.Struct, complaint: str) -> str:
    """What msgspec complained of, with the name of the field where it says which: messages travel as arrays."""
    found = _PATH.search(complaint)
    name, value, kind = "", message, None
    for index in map(int, _INDEX.findall(found[1]) if found else ()):
        if isinstance(value, msgspec.Struct) and index:  # index 0 is the type's name
            field = value.__struct_fields__[index - 1]
            kind = get_type_hints(type(value)).get(field)
            name, value = f"{name}.{field}" if name else field, getattr(value, field)
        elif isinstance(value, tuple | list):
            name, value = f"{name}[{index}]", value[index]
    return f"{name} {value!r:.80} (accepted: {_accepted(kind)})" if name else f"{type(message).__name__}: {complaint}"


def _accepted(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind)))
    return _MODULES.sub("", kind.__name__ if isinstance(kind, type) else str(kind))
