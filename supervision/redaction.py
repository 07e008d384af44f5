"""Takes account ids and secrets out of what is logged or reported. Pure text in, text out.

An account id keeps its letters and its last three digits, enough to tell two apart. A secret is whatever
follows a name that says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

HIDDEN: Final = "…"

_ACCOUNT: Final = re.compile(r"\b(D?[UFI])\d{2,6}(\d{3})\b")
# no pattern may begin with a repetition: a long word would then cost its length squared
_SECRET_NAME: Final = r"(?:password|passwd|secret|token|api[_-]?key|authorization|credentials?)"
_SECRET: Final = re.compile(
    rf"""(?P<name>{_SECRET_NAME})
    (?P<link>["']? \s* [:=] \s* ["']?)
    (?P<scheme>(?:bearer|basic) \s+)?
    (?P<value>[^\s"',;&)}}\]]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_KEY: Final = re.compile(rf"{_SECRET_NAME}\Z", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(r"(?P<user>://[^\s:/@]*):[^\s/@]+@")


def redact(text: str) -> str:
    """The text without account ids and secrets."""
    text = _ACCOUNT.sub(rf"\1{HIDDEN}\2", text)
    text = _SECRET.sub(lambda found: f"{found['name']}{found['link']}{found['scheme'] or ''}{HIDDEN}", text)
    return _URL_PASSWORD.sub(rf"\g<user>:{HIDDEN}@", text)


def scrub(value: Any) -> Any:
    """The same for every text in nested dicts and lists, keys included; what a secret's name holds is hidden whole."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            redact(key) if isinstance(key, str) else key: HIDDEN if _is_secret(key, held) else scrub(held)
            for key, held in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(map(scrub, value)) if type(value) in (list, tuple) else [scrub(item) for item in value]
    return value


def _is_secret(key: object, held: object) -> bool:
    return isinstance(key, str) and held is not None and _SECRET_KEY.search(key) is not None
