"""What a halt says, asked for by a person, a program, a limit or the file HALT; what several of them add up to. Pure.

A halt that comes while one is on makes it harsher or leaves it as it was, never milder: what was asked of the first is
still to be done. Only a resume ends all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
import orjson

from actors.messages.orders import CancelMode, Halt

MODES: Final[tuple[CancelMode, ...]] = ("none", "entries", "own", "all")
"""From the mildest to the harshest."""
LONGEST_REASON: Final = 500

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,28}")  # it is in the keys of flattening orders, which have 64 characters


class HaltState(msgspec.Struct, frozen=True):
    """The kill switch: on while there is a `text`. `id` is that of the last halt, `flatten` until all is closed.

    To flatten cancels our own orders at least: what works could fill beside what closes the position.
    """

    text: str = ""
    cancel: CancelMode = "none"
    flatten: bool = False
    id: str = ""

    def with_halt(self, halt: Halt) -> HaltState:
        """The switch after one more halt."""
        least: CancelMode = "own" if halt.flatten else "none"
        harsher = max(self.cancel, halt.cancel, least, key=MODES.index)
        text = f"{_in_words(halt.reason) or 'no reason given'} (by {_in_words(halt.by)})"
        return HaltState(text, harsher, self.flatten or halt.flatten, halt.id)

    def settings(self) -> dict[str, str]:
        """As the journal keeps it."""
        flatten = "yes" if self.flatten else ""
        return {"halt": self.text, "halt_cancels": self.cancel, "halt_flatten": flatten, "halt_id": self.id}


def from_settings(settings: Mapping[str, str]) -> HaltState:
    """The switch as the journal kept it; a service before this one wrote whether it cancels, `yes` or nothing."""
    kept = settings.get("halt_cancels", "")
    before: CancelMode = "own" if kept else "none"
    cancel = next((mode for mode in MODES if mode == kept), before)
    flatten = bool(settings.get("halt_flatten"))
    return HaltState(settings.get("halt", ""), cancel, flatten, settings.get("halt_id", ""))


def named(halt: Halt, otherwise: str) -> Halt:
    """The halt with an id that the keys of orders can have: its own if it can, else this one."""
    return halt if _ID.fullmatch(halt.id) else msgspec.structs.replace(halt, id=otherwise)


def _in_words(text: str) -> str:
    """As it can be shown on a terminal: a file may say anything, as long as it likes."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_REASON]).strip()


def as_file(halt: Halt) -> bytes:
    """What the file HALT says of it."""
    return orjson.dumps({name: getattr(halt, name) for name in halt.__struct_fields__}, option=orjson.OPT_INDENT_2)


def from_file(content: bytes, id_by_file: str) -> Halt:
    """What a file HALT asks for. Whatever it says, that it is there halts: what cannot be read is its reason in words.

    Made by hand it may be empty, or its text is the reason; then it is the halt `id_by_file`.
    """
    text = content.decode(errors="replace").strip()
    if not text.startswith("{"):
        return Halt(text or "the file HALT is there", by="file HALT", id=id_by_file)
    try:
        asked = orjson.loads(text)
        halt = msgspec.convert([Halt.__name__, *_fields(asked)], Halt)
    except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
        return Halt(f"the file HALT is there, what it says is wrong: {error}", by="file HALT", id=id_by_file)
    return named(halt, id_by_file)


def _fields(asked: dict[str, object]) -> list[object]:
    """The values of a halt in their order. Raises ValidationError for a name that is none of its."""
    base = Halt("the file HALT is there", by="file HALT")
    unknown = [name for name in asked if name not in base.__struct_fields__]
    if unknown:
        raise msgspec.ValidationError(f"{', '.join(unknown)}: accepted are {', '.join(base.__struct_fields__)}")
    return [asked.get(name, getattr(base, name)) for name in base.__struct_fields__]
