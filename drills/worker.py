"""Performs one drill in this process, from a fresh state directory to a result.

As `python -m drills.worker NAME SEED COUNT` it is the process of one drill: a JSON line for each step of progress,
the result as the last one. The state directory of a drill that broke something is kept for whoever looks into it.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import msgspec

from drills.catalogue import chosen
from drills.drill import Drill
from drills.errors import Broken, CannotRun
from drills.ground import Ground
from drills.history import merged
from drills.outcome import Ended, Progress, RestartTime, Result, Verdict
from supervision.errors import DeliveryError, Rejected


class OutOfTime(Broken):
    """The drill is stuck."""


def perform(drill: Drill, seed: int, count: int, progress: Callable[[float, str], None]) -> Result:
    """Do it. In the main thread, whose alarm ends a drill that is stuck."""
    home = Path(tempfile.mkdtemp(prefix=f"nd-{drill.name}-"))
    ground = Ground(home, seed, count, progress)
    began = time.monotonic()
    verdict: Verdict = "held"
    broken: list[str] = []
    before = signal.signal(signal.SIGALRM, _stuck)
    signal.alarm(int(drill.limit))
    try:
        drill.act(ground)
    except CannotRun as error:
        verdict, broken = "skipped", [str(error)]
    except (Broken, DeliveryError, Rejected) as error:
        broken = [f"{error} ({_where(error)})"]
    except (SystemExit, KeyboardInterrupt):  # whoever ran it has had enough
        shutil.rmtree(home)
        raise
    except Exception:  # noqa: BLE001 - a fault of the drill itself is reported as what it is
        broken = [f"the drill failed: {traceback.format_exc()}"]
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    broken += ground.record.violations
    if broken and verdict == "held":
        verdict = "broken"
    history = merged(ground.record, home / "service.log") if verdict == "broken" else ()
    if verdict != "broken":
        shutil.rmtree(home)
    return Result(
        number=drill.number,
        name=drill.name,
        title=drill.title,
        seed=seed,
        verdict=verdict,
        seconds=round(time.monotonic() - began, 3),
        broken=tuple(broken),
        restarts=tuple(RestartTime(one.name, round(one.seconds, 4), one.cause) for one in ground.record.restarts),
        operations=len(ground.record.operations),
        figures=ground.record.figures,
        history=history,
        home=str(home) if verdict == "broken" else "",
    )


def _stuck(_: int, __: FrameType | None) -> None:
    raise OutOfTime("the drill was stuck and has been ended")


def _where(error: BaseException) -> str:
    """The line of the drill that failed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "drills" in Path(frame.filename).parts]
    ours = [frame for frame in frames if Path(frame.filename).stem not in ("worker", "stage", "ground", "errors")]
    frame = (ours or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _say(line: Progress | Ended) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def main(name: str, seed: str, count: str) -> None:
    """One drill for whoever reads our standard output. SIGTERM ends it, and the service that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    (drill,) = chosen((name,))
    _say(Progress(0.0, ""))
    _say(Ended(perform(drill, int(seed), int(count), lambda part, text: _say(Progress(part, text)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
