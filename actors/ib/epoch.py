"""The last session epoch on disk, so that it rises over crashes, too. Replaced atomically."""

from __future__ import annotations

import os
from pathlib import Path

import orjson


class DamagedEpoch(ValueError):
    """The file is not ours any more; guessing would let the epoch fall."""


def read_epoch(path: Path) -> int:
    """The last epoch used; 0 when there was none. Raises DamagedEpoch."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return 0
    try:
        epoch = orjson.loads(text)["epoch"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise DamagedEpoch(f'{path} is damaged ({error}); write {{"epoch": N}} with N above any epoch seen') from error
    if not isinstance(epoch, int) or epoch < 0:
        raise DamagedEpoch(f"{path}: epoch = {epoch!r} is no count; write a number above any epoch seen")
    return epoch


def write_epoch(path: Path, epoch: int) -> None:
    """Make it durable before anybody hears of it."""
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(orjson.dumps({"epoch": epoch}))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
