"""Runs drills, each in a process of its own, some at a time; tells how far they are and yields what came out.

A drill's process that dies without its result is reported as broken. Leaving early ends those that still run.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec

from drills.drill import Drill
from drills.ground import ROOT
from drills.outcome import Ended, Line, Progress, Result

END_SECONDS = 20.0

Tell = Callable[[Drill, float, str], None]


class Runner:
    """`jobs` drills at a time; `tell` is called from several threads. Without `count` each makes its own number."""

    def __init__(self, drills: Sequence[Drill], seed: int, count: int | None, jobs: int, tell: Tell) -> None:
        self._waiting = list(reversed(drills))
        self._number = len(drills)
        self._seed = seed
        self._count = count
        self._tell = tell
        self._ended: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, name=f"drills-{number}") for number in range(jobs)]

    def results(self) -> Iterator[Result]:
        """Each result as it comes."""
        for thread in self._threads:
            thread.start()
        try:
            for _ in range(self._number):
                yield self._ended.get()
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._waiting.clear()
            for process in self._running:
                process.terminate()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                drill = self._waiting.pop()
                process = self._start(drill)
                self._running.add(process)
            try:
                self._ended.put(self._follow(drill, process))
            finally:
                with self._lock:
                    self._running.discard(process)

    def _start(self, drill: Drill) -> subprocess.Popen[bytes]:
        count = drill.count if self._count is None else self._count
        words = [sys.executable, "-m", "drills.worker", drill.name, str(self._seed), str(count)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        # Ctrl-C is for us: we end the drills, and they their services
        return subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
        )

    def _follow(self, drill: Drill, process: subprocess.Popen[bytes]) -> Result:
        assert process.stdout is not None
        assert process.stderr is not None
        errors: list[bytes] = []
        reader = threading.Thread(target=lambda stream=process.stderr: errors.append(stream.read()))
        reader.start()
        result = None
        for line in process.stdout:
            match msgspec.json.decode(line, type=Line):
                case Progress(part, text):
                    self._tell(drill, part, text)
                case Ended(ended):
                    result = ended
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()
        return result or self._without_result(drill, process.returncode, b"".join(errors))

    def _without_result(self, drill: Drill, code: int, errors: bytes) -> Result:
        last = "\n".join(errors.decode(errors="replace").splitlines()[-12:])
        words = f"its process ended with code {code} and no result: {last}"
        return Result(drill.number, drill.name, drill.title, self._seed, "broken", 0.0, (words,), (), 0, {}, (), "")
