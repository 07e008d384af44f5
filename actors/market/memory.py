"""What MarketData wants remembered over restarts, kept by State.

MarketData works without it: what could not be told is told when State is back. What the operator did since
this incarnation started counts more than what State remembers from before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from actors.messages.market import ContractDetails
from actors.messages.state import GetMemory, Memory, RememberContracts, RememberHold
from supervision.errors import DeliveryError, Rejected
from supervision.reactor import Reactor
from supervision.uplink import Uplink

TIMEOUT = 5.0
RETRY_SECONDS = 1.0


class Linker(Protocol):
    """Makes the link to State."""

    def __call__(self, name: str, *, on_up: Callable[[Uplink, int], None]) -> Uplink:
        """As Actor.link."""
        ...


class MarketMemory:
    """`on_recall` gets the memory once, as soon as State answers; holds changed since are left out."""

    def __init__(
        self, link: Linker, reactor: Reactor, log: logging.Logger, on_recall: Callable[[Memory], None]
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._on_recall = on_recall
        self._recalled = False
        self._contracts: dict[int, ContractDetails] = {}
        self._holds: dict[int, RememberHold] = {}
        self._changed: set[int] = set()
        self._state = link("state", on_up=self._up)

    def contract(self, details: ContractDetails) -> None:
        """Remember a contract. Only a cache: lost if State dies with it in hand."""
        self._contracts[details.contract.con_id] = details
        self._tell_contracts()

    def hold(self, details: ContractDetails, held: bool) -> None:
        """Remember that the operator holds a contract, or no longer does; told until State has it."""
        con_id = details.contract.con_id
        self._changed.add(con_id)
        self._holds[con_id] = RememberHold(details, held)
        self._tell_hold(con_id)

    def _up(self, _: Uplink, __: int) -> None:
        self._tell_contracts()
        for con_id in [*self._holds]:
            self._tell_hold(con_id)
        if not self._recalled:
            self._recall()

    def _recall(self) -> None:
        def recalled(memory: Memory) -> None:
            if not self._recalled:
                self._recalled = True
                held = tuple(details for details in memory.held if details.contract.con_id not in self._changed)
                self._on_recall(Memory(memory.contracts, held))

        self._state.ask(GetMemory(), timeout=TIMEOUT, on_reply=recalled, on_error=self._failed("memory", self._recall))

    def _tell_contracts(self) -> None:
        if self._state.up and self._contracts:
            self._state.tell(RememberContracts(tuple(self._contracts.values())))
            self._contracts.clear()

    def _tell_hold(self, con_id: int) -> None:
        told = self._holds.get(con_id)
        if told is None or not self._state.up:
            return

        def stored(_: object) -> None:
            if self._holds.get(con_id) is told:
                del self._holds[con_id]

        again = self._failed(f"hold of {told.details.contract.symbol}", lambda: self._tell_hold(con_id))
        self._state.ask(told, timeout=TIMEOUT, on_reply=stored, on_error=again)

    def _failed(self, what: str, again: Callable[[], None]) -> Callable[[DeliveryError | Rejected], None]:
        """While State is there, try again; when it comes back, everything is tried again anyway."""

        def retry() -> None:
            if self._state.up:
                again()

        def failed(error: DeliveryError | Rejected) -> None:
            if self._state.up:
                self._log.warning("%s not exchanged with State, trying again: %s", what, error)
                self._reactor.after(RETRY_SECONDS, retry)

        return failed
