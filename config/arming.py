"""The acknowledgement that mode live needs: what a person agreed to, in a file that only this user can write.

`nightdesk arm` writes it after the account was typed, `nightdesk disarm` removes it, nothing else touches it. It
holds what was agreed to: accounts, gateway and every limit of the section `risk`. Whatever is different at a start
is a disagreement, but for a limit that has become tighter: nobody has to agree again to less. A file that cannot be
read, or that somebody else could have written, acknowledges nothing.
"""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from config.settings import RiskSettings, Section, Settings
from config.tightening import Ratchet

FILE_NAME = "armed.json"
MOST_BYTES = 1_000_000
AGAIN = "run `nightdesk arm` with the same options as `nightdesk start`"


class Acknowledgement(Section):
    """What was agreed to, by whom and when."""

    accounts: tuple[str, ...]
    host: str
    port: int
    risk: RiskSettings
    by: str
    at: datetime


class Unacknowledged(Exception):
    """There is no acknowledgement, or none that can be relied on; says why."""


def path(state_dir: Path) -> Path:
    """Where the acknowledgement of a state directory lies."""
    return state_dir / FILE_NAME


def write(file: Path, settings: Settings, by: str, at: datetime) -> None:
    """Acknowledge these settings, whose port is set. Raises OSError."""
    assert settings.gateway.port is not None
    agreed = Acknowledgement(
        accounts=settings.accounts,
        host=settings.gateway.host,
        port=settings.gateway.port,
        risk=settings.risk,
        by=by,
        at=at,
    )
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as output:
        output.write(agreed.model_dump_json(indent=2) + "\n")
        output.flush()
        os.fsync(output.fileno())
    draft.replace(file)


def read(file: Path) -> Acknowledgement:
    """What was agreed to. Raises Unacknowledged."""
    try:
        written = _trusted(file)
    except FileNotFoundError:
        raise Unacknowledged(f"nobody has acknowledged it: {AGAIN}") from None
    except OSError as error:
        raise Unacknowledged(f"the acknowledgement {file} cannot be read: {error.strerror}; {AGAIN}") from error
    try:
        agreed = Acknowledgement.model_validate_json(written, strict=False)  # amounts are text there, to be exact
    except ValidationError as error:
        raise Unacknowledged(f"the acknowledgement {file} is damaged, or of another release; {AGAIN}") from error
    missing = [*_missing("risk", agreed.risk), *_missing("risk.daily_loss", agreed.risk.daily_loss)]
    if missing:  # a default that nobody was shown is no agreement
        raise Unacknowledged(f"the acknowledgement {file} says nothing of {', '.join(missing)}; {AGAIN}")
    return agreed


def _missing(path: str, section: Section) -> list[str]:
    """The keys of a section that were not written down."""
    return [f"{path}.{name}" for name in type(section).model_fields if name not in section.model_fields_set]


def _trusted(file: Path) -> bytes:
    """What is in a plain file that only this user could have written. Raises Unacknowledged, and OSError."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        plain, mode = stat.S_ISREG(status.st_mode), stat.S_IMODE(status.st_mode)
        if not plain or status.st_uid != os.geteuid() or mode & 0o022:
            raise Unacknowledged(f"others than this user could have written {file}: remove it, and {AGAIN}")
        return os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)


def disagreements(file: Path, settings: Settings) -> Iterator[str]:
    """Every fact in which the settings are not what was agreed to."""
    try:
        agreed = read(file)
    except Unacknowledged as problem:
        yield str(problem)
        return
    gateway = settings.gateway
    for key, value, acknowledged in (
        ("accounts", settings.accounts, agreed.accounts),
        ("gateway.host", gateway.host, agreed.host),
        ("gateway.port", gateway.port, agreed.port),
    ):
        if value != acknowledged:
            yield f"{key} is {_words(value)}, acknowledged was {_words(acknowledged)}; set it back, or {AGAIN}"
    for looser in Ratchet(settings.model_copy(update={"risk": agreed.risk})).loosened(settings):
        limit = _words(functools.reduce(getattr, looser.key.split("."), agreed))
        yield f"{looser.key} is {looser.value}, acknowledged was {limit}; set it back, or {AGAIN}"


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "empty"
    return "no limit" if value is None else str(value)
