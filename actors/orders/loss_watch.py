"""The day's loss in the running actor: what Account tells becomes facts of the gate, and pulls the kill switch.

It is judged when figures come, when sessions begin and end, and when it has been unknown for too long. Figures of the
session before count for nothing in the next. What pulled the switch is kept with the halt, in one transaction, so that
neither a restart nor a resume makes the same loss pull it again.
"""

from __future__ import annotations

import time
from typing import Final

import msgspec
import orjson

from actors.domain.loss import DayLoss, Fired, LossLimits, Verdict, brokers_day, judge
from actors.messages.orders import Halt
from actors.messages.risk import RiskFigures
from actors.orders.figures import Figures
from actors.orders.gatekeeper import GateKeeper
from actors.orders.halt import KillSwitch
from actors.orders.identity import Identity
from actors.orders.records import Records
from supervision import clock
from supervision.reactor import Reactor

_SETTING: Final = "loss_fired"


class LossWatch:
    """Judges every account that orders may go to."""

    def __init__(
        self,
        figures: Figures,
        identity: Identity,
        gate: GateKeeper,
        switch: KillSwitch,
        records: Records,
        reactor: Reactor,
        limits: LossLimits,
    ) -> None:
        self._figures = figures
        self._identity = identity
        self._gate = gate
        self._switch = switch
        self._reactor = reactor
        self._limits = limits
        self._epoch: int | None = None
        self._before: dict[str, RiskFigures | None] = {}  # the last figures of the session that ended
        self._losses: dict[str, DayLoss] = {}
        self._verdicts: dict[str, Verdict] = {}
        kept = orjson.loads(records.settings.get(_SETTING, "{}"))
        self._fired = {account: Fired(*fired) for account, fired in kept.items()}

    def look(self) -> None:
        """Something it depends on may have changed."""
        if not self._limits.any:
            return
        epoch = self._gate.facts.epoch
        if epoch != self._epoch:
            if epoch is None:
                self._before = {account: self._figures.of(account) for account in self._identity.accounts}
            self._epoch, self._losses, self._verdicts = epoch, {}, {}
        for account in self._identity.accounts if epoch is not None else ():
            self._judge(account)
        self._tell()

    def _judge(self, account: str) -> None:
        now, figures = time.monotonic(), self._figures.of(account)
        known = figures is not None and figures.live and figures is not self._before.get(account)
        before = self._losses.get(account, DayLoss(account, fired=self._fired.get(account, Fired("", 0))))
        daily, currency = (figures.daily, figures.currency) if known and figures is not None else (None, "")
        loss = before.told(daily, currency, now)
        self._losses[account] = loss
        if loss.unknown_since is not None and before.unknown_since is None:
            self._reactor.after(self._limits.unknown_after, self.look)
        day = brokers_day(clock.now())
        verdict = judge(loss, self._limits, day, now)
        if verdict.fired is not None:
            self._fire(loss, verdict, verdict.fired)
            verdict = judge(self._losses[account], self._limits, day, now)
        if verdict.outcome != self._outcome(account):  # its words stay those of the moment at which it came about
            self._verdicts[account] = verdict

    def _outcome(self, account: str) -> str:
        verdict = self._verdicts.get(account)
        return "" if verdict is None else verdict.outcome

    def _fire(self, loss: DayLoss, verdict: Verdict, fired: Fired) -> None:
        """Protective exits go on working: they are what ends the loss."""
        self._fired[loss.account] = fired
        self._losses[loss.account] = msgspec.structs.replace(loss, fired=fired)
        kept = {account: (one.day, one.steps) for account, one in self._fired.items()}
        halt = Halt(verdict.text, "entries", "the loss limit")
        self._switch.halt(halt, {_SETTING: orjson.dumps(kept).decode()})

    def _tell(self) -> None:
        facts = self._gate.facts
        blind, unknown, reached = map(self._texts, ("blind", "unknown", "reduce"))
        if (facts.loss_blind, facts.loss_unknown, facts.loss_reached) != (blind, unknown, reached):
            self._gate.update(loss_blind=blind, loss_unknown=unknown, loss_reached=reached)

    def _texts(self, outcome: str) -> tuple[str, ...]:
        return tuple(one.text for one in self._verdicts.values() if one.outcome == outcome)
