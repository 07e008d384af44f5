"""What a drill works with: services on a state directory of its own, random numbers from its seed, its record.

After each service block comes the finale: the market stands still, the service settles, both books are read, all
invariants are checked, the service is stopped in order and looked for. A drill whose service ends by itself says so
with `judged=False`, and looks for what it left by itself. Nothing is shared between drills but the machine.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from actors.books.verification import Verification
from actors.desk import Desk
from actors.messages.orders import GetOrdersView
from actors.messages.state import GetReconciliation, Reconcile
from drills import books, invariants, leaks
from drills.errors import Broken
from drills.generous import GENEROUS
from drills.record import Record
from drills.stage import Stage
from drills.watcher import watching
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import VARIABLE

ROOT = Path(__file__).resolve().parent.parent
SETTINGS: Mapping[str, object] = {
    "gateway.backoff.base": 0.1,
    "gateway.backoff.ceiling": 0.5,
    "gateway.backoff.jitter": 0.0,
    "supervision.backoff.base": 0.05,
    "supervision.backoff.ceiling": 0.5,
    "orders.unanswered_after": 3.0,
    "strategies": [],
    **GENEROUS,
}
"""Quick redials and restarts, no strategy, limits that no drill reaches; everything else is as users have it."""
OFTEN: Mapping[str, object] = {
    "supervision.intensity": 10_000,
    "supervision.period": 1e9,
    "supervision.backoff.base": 0.001,
    "supervision.backoff.ceiling": 0.001,
}
"""For drills that kill more often than any night would."""
SETTLE_SECONDS = 30.0
STOP_SECONDS = 30.0
COMMAND_SECONDS = 60.0


class Ground:
    """One drill's place on this machine. `progress` is told how far it is, from 0 to 1, and what it does."""

    def __init__(self, home: Path, seed: int, count: int, progress: Callable[[float, str], None]) -> None:
        self.home = home
        self.seed = seed
        self.count = count
        """How many faults a drill of random faults makes."""
        self.rng = random.Random(seed)
        self.record = Record()
        self.final: books.Books | None = None
        """Both books as they were judged, once a service was."""
        self.progress = progress

    @contextmanager
    def service(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        config: Path | None = None,
        failpoints: str = "",
        environment: Mapping[str, str] | None = None,
        judged: bool = True,
        opened: bool = True,
    ) -> Iterator[Stage]:
        """A running service, its gate open unless `opened` is False; judged and stopped at the end if `judged`.

        A setting that is None is left to the configuration file.
        """
        given = {**SETTINGS, "simulator.seed": self.seed, **(settings or {})}
        with _environment(failpoints, environment or {}):
            desk = Desk.start(
                config,
                state_dir=self.home,
                settings={key: value for key, value in given.items() if value is not None},
            )
        try:
            with watching(desk, self.record):
                stage = Stage(desk, self.home, self.record, self.rng)
                self.record.note("drill", f"service {stage.pid} runs{', ' + failpoints if failpoints else ''}")
                if opened:
                    stage.wait_open()
                before = leaks.footprint(stage)
                yield stage
                if judged:
                    self._judge(stage, before)
        finally:
            _end(desk)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line on this drill's state directory, as a user would."""
        return subprocess.run(
            [sys.executable, str(ROOT / "run.py"), *words, "--state-dir", str(self.home)],
            cwd=ROOT,
            text=True,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def start_to_end(
        self,
        settings: Mapping[str, object],
        failpoints: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> tuple[int, str, float]:
        """Start a service that is expected to end by itself; exit code, all it wrote, seconds."""
        words = ["start"]
        for key, value in {**SETTINGS, **settings}.items():
            words += ["--set", f"{key}={_plain(value)}"]
        began = time.monotonic()
        with _environment(failpoints, environment or {}):
            ended = self.command(*words)
        return ended.returncode, ended.stdout + ended.stderr, time.monotonic() - began

    # --- the finale ------------------------------------------------------------------------------

    def _judge(self, stage: Stage, before: leaks.Footprint) -> None:
        self.record.note("drill", "finale: the market stands still, both books are read")
        stage.settle()
        stage.wait_open(SETTLE_SECONDS)
        stage.until("no order is UNKNOWN", lambda: self._resolved(stage), SETTLE_SECONDS)
        with contextlib.suppress(Broken):  # what still differs then is named below
            stage.until("nothing is on its way", lambda: not self._compare(stage, ("I4", "I6")), SETTLE_SECONDS)
        self.final = final = books.read(stage)
        self.record.violations += invariants.violations(self.record, final)
        self._keep_figures(final)
        self.record.violations += leaks.zombies(stage)
        after = leaks.footprint(stage)
        self.record.violations += leaks.grown(stage, before, after)
        self.record.note("drill", "finale: SIGTERM")
        os.kill(stage.pid, signal.SIGTERM)
        code = stage.exit_code(STOP_SECONDS)
        if code != 0:
            self.record.violations.append(f"I9: the service stopped with exit code {code} instead of 0")
        self.record.violations += leaks.left_behind(after, stage.run_dir, stage.state_dir)
        self.record.violations += _unsound(stage.directory)

    def _keep_figures(self, final: books.Books) -> None:
        unknown = {row.key for row in final.journal if row.status == "UNKNOWN"}
        if final.ledger_orders:
            self.record.figures["orders"] = str(len(final.ledger_orders))
            self.record.figures["fills"] = str(len(final.ledger_executions))
        if unknown:
            self.record.figures["UNKNOWN for a while"] = str(len(unknown))

    def _resolved(self, stage: Stage) -> bool:
        if stage.desk.order.ask(GetOrdersView()).unknown == 0:
            return not stage.desk.state.ask(GetReconciliation()).running
        stage.desk.state.ask(Reconcile("drill"), timeout=10.0)
        return False

    def _compare(self, stage: Stage, only: tuple[str, ...]) -> list[str]:
        try:
            return invariants.violations(self.record, books.read(stage), only)
        except (DeliveryError, Rejected) as error:
            return [f"the books cannot be read: {error}"]


def _unsound(directory: Path) -> list[str]:
    """What `journal verify` finds in the databases of a service that has stopped."""
    found = Verification(directory, None, lambda _done, _total: None).run().findings
    return [f"the journal: {one.file} {one.table}, row {one.row}: {one.problem}" for one in found]


def _end(desk: Desk) -> None:
    """Whatever happened, nothing of the service stays: its children die with it, its addresses are removed."""
    process = desk.process
    assert process is not None
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()
        shutil.rmtree(desk.run_dir, ignore_errors=True)  # no next start will do it
    desk.close()


@contextmanager
def _environment(failpoints: str, more: Mapping[str, str]) -> Iterator[None]:
    """What a service that starts in the body finds in its environment, beside our own."""
    variables = {**more, **({VARIABLE: failpoints} if failpoints else {})}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _plain(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
