"""The gate in the running actor: holds its facts, evaluates it on demand, tells every change.

The clock alone can change it too (State's grace), so it is evaluated at each question and by a timer.
Connection is told first, before anything can be asked of it under the changed gate: it checks orders
against the gate's version at the last byte, and answers those that wait there when the gate closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from actors.domain.gate import GateFacts, Verdict, evaluate
from actors.messages.broker import GateStands
from actors.messages.orders import GateChanged, GateView
from supervision import clock
from supervision.errors import Rejected
from supervision.message import Message
from supervision.reactor import Reactor


class GateKeeper:
    """`tell` takes messages to Connection; `noted` gets what the journal should say of a change.

    `look_first` is called before anything is asked of the gate for an order: what nobody tells, a file, is seen then.
    """

    def __init__(
        self,
        facts: GateFacts,
        *,
        reactor: Reactor,
        tell: Callable[[Message], None],
        publish: Callable[[str, Message], None],
        noted: Callable[[dict[str, Any]], None],
    ) -> None:
        self.facts = facts
        self.look_first: Callable[[], None] = lambda: None
        self._reactor = reactor
        self._tell = tell
        self._publish = publish
        self._noted = noted
        verdict = evaluate(facts, time.monotonic())
        self._view = GateView(verdict.state, verdict.reasons, 1, clock.now())
        self._passes = verdict.passes
        self._evaluated = facts

    def update(self, **changes: Any) -> GateView:
        """Some facts have changed."""
        self.facts = msgspec.structs.replace(self.facts, **changes)
        return self.view()

    def view(self) -> GateView:
        """The gate at this moment."""
        if self._evaluated is self.facts and self.facts.state_away_since is None:
            return self._view  # without State's grace to run, time alone changes nothing
        self._evaluated = self.facts
        verdict = evaluate(self.facts, time.monotonic())
        if Verdict(self._view.state, self._view.reasons, self._passes) != verdict:
            changed = verdict.state != self._view.state
            since = clock.now() if changed else self._view.since
            self._passes = verdict.passes
            self._view = GateView(verdict.state, verdict.reasons, self._view.version + 1, since)
            self.tell_connection()
            self._publish("risk", GateChanged(self._view))
            self._noted({"state": verdict.state, "reasons": verdict.reasons, "version": self._view.version})
        return self._view

    def why_not(self, *, reducing: bool = False, flattens: bool = False) -> Rejected | None:
        """Why an order must not leave at this moment, with every reason; None when it may.

        `reducing`: it only reduces a position. `flattens`: it does so because of the kill switch.
        """
        self.look_first()
        view = self.view()
        if flattens and not self.facts.flattening:
            return Rejected("the kill switch that was to close positions was lifted, or all are closed", kind="gate")
        wanted = flattens if self.facts.halted else reducing
        if self._passes == "all" or (self._passes == "reducing" and wanted):
            return None
        return Rejected(*(f"gate {view.state}: {reason}" for reason in view.reasons), kind="gate")

    def why_only_reducing(self) -> str:
        """Why only orders pass that reduce a position; empty when all may, or none. `why_not` is asked besides."""
        view = self.view()
        if self._passes != "reducing":
            return ""
        return "; ".join(f"gate {view.state}: {reason}" for reason in view.reasons)

    def tell_connection(self) -> None:
        """Say where the gate stands: at each change, and to a Connection that has not heard it from us."""
        view = self._view
        reason = "" if view.state == "open" else f"{view.state}: {'; '.join(view.reasons)}"
        flattens = bool(self.facts.halted) and self._passes == "reducing"
        self._tell(GateStands(view.version, self._passes, reason, flattens))

    def state_went(self, trouble: str = "") -> None:
        """State is away, or says what keeps it from storing: new orders are refused once its grace is over."""
        since = self.facts.state_away_since
        self.update(state_away_since=time.monotonic() if since is None else since, state_trouble=trouble)
        self._reactor.after(self.facts.state_grace, self._look)

    def state_came(self) -> None:
        """State is there, and can store."""
        self.update(state_away_since=None, state_trouble="")

    def _look(self) -> None:
        self.view()
