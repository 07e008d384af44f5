"""The shell round the supervisor's brain: performs what the tree decides, tells it what children do.

Everything that is decided is decided in `tree`, `liveness` and `monitors`; here are processes, sockets and
clocks. One thread, the main one, because children die with the thread that started them. A child's end is
handled in one place, `_ended`: whatever it said is read first, then it is remembered, then others are told.
"""

from __future__ import annotations

import logging
import random
import signal
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from supervision import exits
from supervision.actions import Action, Added, Booted, Changed, Fell, GiveUp, Halted, Kill, Parked, Removed, Start, Stop
from supervision.address import Address
from supervision.boot import Boot
from supervision.control import ControlChannel
from supervision.errors import WireError
from supervision.health import Health
from supervision.lifecycle import DeathRecord, Failed, Pong, Started, Watch
from supervision.lifecycle import Stop as StopMessage
from supervision.liveness import Vitals
from supervision.message import Message
from supervision.monitors import Monitors, Notice
from supervision.process import Spawner
from supervision.reactor import Reactor, Timer
from supervision.reloader import Load, Reloader
from supervision.reporting import ReportingSettings
from supervision.seat import Incarnation, Seat
from supervision.spec import SUPERVISOR, SupervisorSpec
from supervision.systemd import Manager
from supervision.tree import KILL_GRACE, Tree
from supervision.wire import Codec

DEATHS_KEPT: Final = 100
REAP_SECONDS: Final = 1.0
"""How long a child that hung up may take to be reaped before something is wrong with it or the fork server."""

log = logging.getLogger(SUPERVISOR)


class Supervisor:
    """The running tree. Everything happens in the thread that calls `serve`."""

    def __init__(
        self,
        root: SupervisorSpec,
        *,
        run_dir: Path,
        messages: str,
        codec: Codec,
        spawner: Spawner,
        reporting: ReportingSettings,
        load: Load,
        manager: Manager,
    ) -> None:
        self.reactor = Reactor()
        self._messages = messages
        self._codec = codec
        self._spawner = spawner
        self._run_dir = run_dir
        self._reporting = reporting
        self._manager = manager
        self._tree = Tree(root, random.random)
        self._seats = {leaf.spec.name: Seat(leaf, run_dir) for leaf in self._tree.leaves()}
        self._monitors = Monitors([*self._seats])
        self._deaths: deque[DeathRecord] = deque(maxlen=DEATHS_KEPT)
        self._reloader = Reloader(root, self._tree, load, self._perform, manager)
        self._address = Address(
            self._tree, self._seats, self._deaths, self._perform, self._reloader.reload, run_dir, self.reactor, codec
        )
        self._health = Health(self.reactor, self._seats, self._address.changed, manager.alive)
        self._actions: deque[Action] = deque()
        self._performing = False
        self._tick: Timer | None = None
        self._on_ready: Callable[[], None] = lambda: None
        self._code: int | None = None
        self._leaving = False

    def serve(self, on_ready: Callable[[], None]) -> int:
        """Boot the tree and supervise it until it has halted; returns the exit code."""
        self._on_ready = on_ready
        self._perform(self._tree.boot(time.monotonic()))
        self._health.begin()
        while self._code is None:
            self._address.flush()
            self.reactor.poll(None)
        return self._code

    def stop(self, signal_name: str) -> None:
        """A signal asks us to stop: in order the first time, at once the second."""
        if self._tree.phase == "stopping":
            log.warning("%s again: killing what is left", signal_name)
            self._perform(self._tree.stop_fast(time.monotonic()))
        else:
            log.info("%s: stopping in order", signal_name)
            self._perform(self._tree.stop(time.monotonic()))

    def reload(self, signal_name: str) -> None:
        """A signal asks us to read the configuration anew."""
        self._reloader.signalled(signal_name)

    def close(self) -> None:
        """Leave nothing: kill what lives (after a failure of our own), give up addresses and slots."""
        self._spawner.discard()
        for seat in self._seats.values():
            if seat.present is not None:
                seat.present.child.signal(signal.SIGKILL)
                seat.present.child.close()
            seat.close(self._run_dir)
        self._address.close()
        self._manager.close()
        self.reactor.close()

    # --- performing what the tree decides ---------------------------------------------------------

    def _perform(self, actions: list[Action]) -> None:
        """Perform in order; what an action leads to comes after those already decided."""
        self._actions.extend(actions)
        if self._performing:
            return
        self._performing = True
        try:
            while self._actions:
                self._act(self._actions.popleft())
        finally:
            self._performing = False
        self._arm_tick()
        self._announce()

    def _act(self, action: Action) -> None:
        match action:
            case Start(name, incarnation):
                self._start(self._seats[name], incarnation)
            case Stop(name, limit):
                self._stop(self._seats[name], limit)
            case Kill(name):
                self._kill(self._seats[name])
            case Added(name):
                leaf = next(leaf for leaf in self._tree.leaves() if leaf.spec.name == name)
                self._seats[name] = Seat(leaf, self._run_dir)
                self._monitors.add(name)
            case Removed(name):
                self._seats.pop(name).close(self._run_dir)
            case Changed(name):
                self._address.changed(self._seats[name])
            case Parked(name, why):
                log.error("%s is parked until it is started by hand: %s", name, why)
            case Fell(name, why):
                log.error("supervisor %s fails, its children are stopped: %s", name, why)
            case Booted():
                log.info("every child has started")
                self._manager.ready()
                self._on_ready()
            case GiveUp(code, why):
                log.critical("giving up with exit code %d: %s", code, why)
            case Halted(code):
                self._code = code

    def _arm_tick(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        due = self._tree.next_deadline()
        if due is not None:
            self._tick = self.reactor.after(
                max(0.0, due - time.monotonic()), lambda: self._perform(self._tree.tick(time.monotonic()))
            )

    def _announce(self) -> None:
        """Let the service manager know where we stand."""
        if self._tree.phase == "stopping" and not self._leaving:
            self._leaving = True
            self._manager.stopping(sum(leaf.spec.stop_limit + KILL_GRACE for leaf in self._tree.leaves()))
        leaves = [*self._tree.leaves()]
        up = sum(leaf.state == "running" for leaf in leaves)
        parked = ", ".join(leaf.spec.name for leaf in leaves if leaf.state == "parked")
        text = f"{self._tree.phase}: {up} of {len(leaves)} children run"
        self._manager.status(f"{text}, parked: {parked}" if parked else text)

    def _start(self, seat: Seat, number: int) -> None:
        seat.slot.reset()
        spec = seat.leaf.spec
        boot = Boot(
            name=seat.name,
            incarnation=number,
            target=spec.target,
            kwargs=dict(spec.kwargs),
            run_dir=self._run_dir,
            messages=self._messages,
            mailbox_limit=spec.mailbox_limit,
            reporting=self._reporting,
            quarantined=seat.poison.quarantined,
        )
        try:
            child = self._spawner.spawn(boot, seat.listener)
        except OSError as error:
            self._buried(seat, number, f"not born: {error}", exits.CRASH, 0.0)
            return
        now = time.monotonic()
        control = ControlChannel(
            child.control,
            self.reactor,
            self._codec,
            lambda message: self._heard(seat, number, message),
            lambda error: self._garbled(seat, error),
            lambda: self._hung_up(seat),
        )
        seat.present = Incarnation(number, child, control, Vitals(spec.hang_limit, now), now)
        self.reactor.watch(child.sentinel, lambda: self._ended(seat))
        log.debug("%s (incarnation %d) has process %d", seat.name, number, child.pid)

    def _stop(self, seat: Seat, limit: float) -> None:
        if seat.present is not None:
            seat.present.asked_to_stop = True
            seat.present.control.send(StopMessage(limit))

    def _kill(self, seat: Seat) -> None:
        if seat.present is not None:
            asked, seat.present.asked_to_stop = seat.present.asked_to_stop, True
            seat.present.killed = "it did not stop in time" if asked else "there is no time for it to stop"
            log.warning("%s (incarnation %d) is killed: %s", seat.name, seat.present.number, seat.present.killed)
            seat.present.child.signal(signal.SIGKILL)

    # --- what children do -------------------------------------------------------------------------

    def _heard(self, seat: Seat, number: int, message: Message) -> None:
        present, now = seat.present, time.monotonic()
        assert present is not None
        if isinstance(message, Started):
            present.vitals.started(now)
            log.info("%s (incarnation %d) has started, process %d", seat.name, number, present.child.pid)
            self._tell(self._monitors.up(seat.name, number))
            self._perform(self._tree.started(seat.name, number, now))
        elif isinstance(message, Pong):
            seat.pong = message
            present.vitals.pong(message.sequence, now, overloaded=message.overloaded)
        elif isinstance(message, Failed):
            present.failure = message.error
        elif isinstance(message, Watch) and message.name in self._seats:
            self._tell(self._monitors.watch(seat.name, message.name))
        else:
            log.error("%s said %r, which is not for the supervisor", seat.name, message)

    def _garbled(self, seat: Seat, error: WireError) -> None:
        if seat.present is not None:
            seat.present.failure = f"garbled control channel: {error}"
            seat.present.child.signal(signal.SIGKILL)

    def _hung_up(self, seat: Seat) -> None:
        """Nobody is at the other end of the control channel: the sentinel should say so any moment."""
        present = seat.present

        def overdue(cure: Callable[[], None]) -> None:
            if present is not None and seat.present is present:
                log.error("%s (incarnation %d) hung up and is not reaped", seat.name, present.number)
                present.child.signal(signal.SIGKILL)
                cure()

        self.reactor.after(REAP_SECONDS, lambda: overdue(self._spawner.wake))
        self.reactor.after(2 * REAP_SECONDS, lambda: overdue(self._spawner.discard))

    def _ended(self, seat: Seat) -> None:
        """The sentinel says that a child was reaped: learn why, remember it, tell who watches, let the tree decide."""
        present, now = seat.present, time.monotonic()
        assert present is not None
        self.reactor.unwatch(present.child.sentinel)
        present.control.close()
        code = present.child.reap()
        present.child.close()
        reason = exits.reason(code, requested=present.asked_to_stop, hung=present.hung, killed=present.killed)
        if present.failure:
            reason = f"{reason}: {present.failure}"
        self._buried(seat, present.number, reason, code, now - present.born)

    def _buried(self, seat: Seat, number: int, reason: str, code: int, uptime: float) -> None:
        record = seat.vacate(number, reason, code, uptime)
        self._deaths.append(record)
        extra = {"incarnation": number, "in_hand": record.in_hand, "uptime": record.uptime, "exit_code": code}
        level = logging.INFO if reason == exits.SHUTDOWN else logging.ERROR
        text = "%s (incarnation %d) has ended: %s; exit code %d after %.3f s, in hand: %s"
        in_hand = record.in_hand or "nothing"
        log.log(level, text, seat.name, number, reason, code, record.uptime, in_hand, extra=extra)
        if record.stacks:
            log.error("stacks of %s (incarnation %d), in hand: %s\n%s", seat.name, number, in_hand, record.stacks)
        self._tell(self._monitors.down(seat.name, number, reason))
        self._perform(self._tree.exited(seat.name, number, exits.ending(code), reason, time.monotonic()))

    def _tell(self, notices: list[Notice]) -> None:
        for watcher, message in notices:
            seat = self._seats.get(watcher)
            if seat is not None and seat.present is not None:
                seat.present.control.send(message)
