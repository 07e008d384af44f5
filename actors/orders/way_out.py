"""What stands between those who ask for orders and the broker, put together."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.domain.limits import Limits
from actors.domain.locks import Locks
from actors.domain.order_state import OrderState
from actors.orders.brackets import Brackets
from actors.orders.changing import Changing
from actors.orders.checks import Checks
from actors.orders.exit import Exit
from actors.orders.gatekeeper import GateKeeper
from actors.orders.identity import Identity
from actors.orders.placing import Placing
from actors.orders.previews import Previews
from actors.orders.records import Records
from actors.orders.references import References
from config.settings import OrderSettings, RiskSettings
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
        risk: RiskSettings,
        burst: int,
        ask_soon: Callable[[str], None],
        log: logging.Logger,
    ) -> None:
        self._exit = Exit(
            records=records,
            gate=gate,
            connection=connection,
            reactor=reactor,
            unanswered_after=settings.unanswered_after,
        )
        checks = Checks(
            gate=gate,
            identity=identity,
            limits=Limits(risk.max_order_quantity, risk.max_order_value),
            locks=locks,
            default_tif=settings.default_tif,
        )
        self.placing = Placing(records, checks, references, self._exit, identity, burst=burst)
        self.changing = Changing(records, checks, references, self._exit, identity)
        self.previews = Previews(records, checks, references, gate, connection)
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
        self.placing.heard(order)
        self._brackets.heard(order)

    def reconciled(self) -> None:
        """It is known which orders work."""
        self._brackets.reconciled()
