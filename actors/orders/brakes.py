"""What stops trading and ends it, put together: kill switch, loss limit, and the closing of positions."""

from __future__ import annotations

import logging
from pathlib import Path

from actors.domain.loss import LossLimits
from actors.orders.cuts import CutAsker
from actors.orders.figures import Figures
from actors.orders.flatten import Flattening
from actors.orders.gatekeeper import GateKeeper
from actors.orders.halt import KillSwitch
from actors.orders.halt_cancels import HaltCancels
from actors.orders.halt_file import HaltFile
from actors.orders.identity import Identity
from actors.orders.loss_watch import LossWatch
from actors.orders.records import Records
from actors.orders.risk_limits import LimitBook
from actors.orders.way_out import WayOut
from config.settings import LossSettings
from supervision.reactor import Reactor
from supervision.uplink import Uplink


class Brakes:
    """The kill switch's file lies in `directory`; `out` is what it cancels and closes positions by."""

    def __init__(
        self,
        *,
        records: Records,
        gate: GateKeeper,
        identity: Identity,
        figures: Figures,
        out: WayOut,
        connection: Uplink,
        asker: CutAsker,
        limits: LimitBook,
        daily_loss: LossSettings,
        directory: Path,
        reactor: Reactor,
        log: logging.Logger,
    ) -> None:
        cancels = HaltCancels(records, gate, out.changing, connection, asker, log)
        self.switch = KillSwitch(records, gate, HaltFile(directory), reactor, cancels)
        loss = LossLimits(**daily_loss.model_dump())
        self.loss = LossWatch(figures, identity, gate, self.switch, records, reactor, loss)
        Flattening(
            records, gate, self.switch, out.placing, out.changing, identity, limits, reactor, asker.ask_soon, log
        )
