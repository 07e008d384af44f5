"""What stands between those who ask for orders and the broker, put together."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.domain.locks import Locks
from actors.domain.order_state import OrderState
from actors.orders.brackets import Brackets
from actors.orders.changing import Changing
from actors.orders.checks import Checks
from actors.orders.exit import Exit
from actors.orders.explaining import Explaining
from actors.orders.figures import Figures
from actors.orders.gatekeeper import GateKeeper
from actors.orders.identity import Identity
from actors.orders.market_hours import MarketHours
from actors.orders.placing import Placing
from actors.orders.preparing import Preparing
from actors.orders.previews import Previews
from actors.orders.records import Records
from actors.orders.references import References
from actors.orders.refusals import Refusals
from actors.orders.risk_desk import RiskDesk
from actors.orders.risk_limits import LimitBook
from config.settings import OrderSettings
from supervision.actor import Sender
from supervision.reactor import Reactor
from supervision.uplink import Uplink


class WayOut:
    """`burst` is how many messages may leave at once; `ask_soon` raises the question of a reconciliation."""

    def __init__(
        self,
        *,
        records: Records,
        gate: GateKeeper,
        identity: Identity,
        locks: Locks,
        references: References,
        connection: Uplink,
        reactor: Reactor,
        settings: OrderSettings,
        limits: LimitBook,
        figures: Figures,
        hours: MarketHours,
        burst: int,
        ask_soon: Callable[[str], None],
        log: logging.Logger,
    ) -> None:
        wait = settings.unanswered_after
        self._exit = Exit(records=records, gate=gate, connection=connection, reactor=reactor, unanswered_after=wait)
        only = gate.why_only_reducing
        self._preparing = Preparing(hours, figures, limits, reactor)
        self._desk = RiskDesk(records=records, figures=figures, hours=hours, limits=limits, only_reducing=only)
        checks = Checks(
            gate=gate,
            identity=identity,
            preparing=self._preparing,
            desk=self._desk,
            locks=locks,
            default_tif=settings.default_tif,
        )
        refusals = Refusals(records, reactor)
        self.previews = Previews(records, checks, references, gate, connection)
        self.placing = Placing(records, checks, references, self._exit, identity, self.previews, refusals, burst=burst)
        self.changing = Changing(records, checks, references, self._exit, identity, refusals)
        self.explaining = Explaining(checks, references)
        self._brackets = Brackets(records, self._exit, reactor, ask_soon, log)

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way to the broker of which it is not known yet whether it left."""
        return not self._exit.sending

    def cancel(self, reference: str, sender: Sender) -> None:
        """Cancel an order, also one that is not on its way yet. Raises Rejected."""
        self.placing.call_off(reference)
        self.changing.cancel(reference, sender)

    def cancel_all(self, strategy: str, sender: Sender) -> None:
        """Cancel all of ours, or of one strategy, also what is not on its way yet."""
        self.placing.call_off_all(strategy)
        self.changing.cancel_all(strategy, sender)

    def heard(self, order: OrderState) -> None:
        """An order has a new value."""
        self._desk.heard(order)
        self.placing.heard(order)
        self._brackets.heard(order)

    def figures_changed(self) -> None:
        """Account told what accounts are worth."""
        self._desk.figures_changed()
        self._preparing.figures_changed()

    def reconciled(self) -> None:
        """It is known which orders work."""
        self._brackets.reconciled()
