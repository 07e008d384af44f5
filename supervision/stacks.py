"""The stacks of a process that hung or met a fault: dumped by the dying child, told by the supervisor.

The dump is many lines, which the log, one record a line, must not get from the child. So it goes to a file of
the child's own in the run directory; the supervisor reads it after the death, a line for each thread. The
supervisor's own dump goes where its log goes, because nobody is left to read a file.
"""

from __future__ import annotations

import faulthandler
import os
import re
from pathlib import Path
from typing import Final

DUMP_LIMIT: Final = 64 * 1024
"""Bytes read of a dump."""
TEXT_LIMIT: Final = 2500
"""Characters told, so that a log record holds them."""
FRAMES: Final = 12
"""Frames told of each thread, the innermost."""

_THREAD: Final = re.compile(r"(?:Current thread|Thread) (0x[0-9a-f]+).*\(most recent call first\):")
_FRAME: Final = re.compile(r'  File "(.*)", line (\d+) in (.*)')


def dump_to(path: Path) -> None:
    """Let this process dump the stacks of all its threads to `path` when it is aborted or meets a fault."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    faulthandler.enable(file=os.open(path, flags, 0o600), all_threads=True)


def collect(path: Path) -> str:
    """What the process behind `path` dumped, in short; empty when it did not. The file is gone afterwards."""
    try:
        with path.open("rb") as file:
            dump = file.read(DUMP_LIMIT)
        path.unlink()
    except FileNotFoundError:
        return ""
    except OSError as error:  # no descriptor left, say; the death itself is told all the same
        return f"unreadable: {error}"
    return shorten(dump.decode("utf-8", "replace"))


def shorten(dump: str) -> str:
    """A line for each thread of faulthandler's dump, innermost call first; the actor's own thread comes first."""
    threads: dict[str, list[str]] = {}
    frames: list[str] = []
    for line in dump.splitlines():
        if found := _THREAD.match(line):
            frames = threads.setdefault(found[1], [])
        elif found := _FRAME.match(line):
            frames.append(f"{found[3]} {'/'.join(Path(found[1]).parts[-2:])}:{found[2]}")
    lines = [_line(name, frames) for name, frames in threads.items() if frames]
    lines.sort(key=lambda line: "supervision/actor.py" not in line)
    text = "\n".join(lines)
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]} …"


def _line(name: str, frames: list[str]) -> str:
    more = f" < {len(frames) - FRAMES} more" if len(frames) > FRAMES else ""
    return f"thread {name}: {' < '.join(frames[:FRAMES])}{more}"
