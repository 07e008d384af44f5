"""Who is told what happens to orders. Everything told is in the ledger before a client hears of it."""

from __future__ import annotations

from typing import Protocol

from simulator.exchange.orders import Execution, Order


class Reports(Protocol):
    """Calls come in the order in which a real gateway tells its clients."""

    def opened(self, order: Order) -> None:
        """The order's terms or state as message 5 shows them."""

    def status(self, order: Order) -> None:
        """The order's progress."""

    def executed(self, execution: Execution) -> None:
        """A fill, before its commission is known."""

    def settled(self, order: Order) -> None:
        """The order as message 5 shows it once the commission of its fills is known."""

    def charged(self, execution: Execution) -> None:
        """Commission and realised profit of a fill."""

    def refused(self, order: Order, code: int, text: str) -> None:
        """An error or a warning about an accepted order."""

    def bound(self, order: Order) -> None:
        """An order made by hand has an order id now."""

    def adopts_manual(self) -> bool:
        """Whether client 0 wants orders made by hand bound to it as they come."""
        ...
