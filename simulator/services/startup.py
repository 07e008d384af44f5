"""What a gateway tells a client at the start: accounts, the next order id, and the state of its own connections.

The link to IB and the farms are as the last notice said; the texts are those of TWS (reference/tws-api.md, section 4).
A next order id can be chosen; it is told once, then ids go on after the highest one used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire import general
from simulator.wire.fields import Fields

_INACTIVE: Final = "is inactive but should be available upon demand."
TEXTS: Final = {
    1100: "Connectivity between IB and Trader Workstation has been lost.",
    1101: "Connectivity between IB and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IB and Trader Workstation has been restored - data maintained. "
    "All data farms are connected: usfarm; ushmds; secdefil.",
    2103: "Market data farm connection is broken:usfarm",
    2104: "Market data farm connection is OK:usfarm",
    2105: "HMDS data farm connection is broken:ushmds",
    2106: "HMDS data farm connection is OK:ushmds",
    2107: f"HMDS data farm connection {_INACTIVE}ushmds",
    2108: f"Market data farm connection {_INACTIVE}usfarm",
    2109: 'Order Event Warning: Attribute "Outside Regular Trading Hours" is ignored based on the order type and '
    "destination. PlaceOrder is now processed.",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
    2119: "Market data farm is connecting:usfarm",
    2157: "Sec-def data farm connection is broken:secdefil",
    2158: "Sec-def data farm connection is OK:secdefil",
}
"""Notices with the text that TWS gives them."""
_FARMS: Final = ((2104, 2103, 2108, 2119), (2106, 2105, 2107), (2158, 2157))
_BROKEN: Final = {1100, 2110}
_RESTORED: Final = {1101, 1102}


class StartupService:
    """Starts sessions and answers requests for ids."""

    def __init__(self, accounts: str, next_order_id: Callable[[int], int]) -> None:
        self._accounts = accounts
        self._next_order_id = next_order_id
        self._chosen: dict[int | None, int] = {}
        self._farms = [codes[0] for codes in _FARMS]
        self.linked = True
        """Whether the gateway's own connection is up."""
        self.handlers: dict[int, Handler] = {8: self._ids}

    def start(self, session: Session) -> None:
        """What follows startApi."""
        session.send(general.managed_accounts(self._accounts))
        session.send(general.next_valid_id(self._next_id(session.client_id or 0)))
        for code in self._farms if self.linked else [2110]:
            session.error(-1, code, TEXTS[code])

    def choose_next_id(self, client_id: int | None, value: int) -> None:
        """The next id that a client, or whoever is told one next, is told; it may be lower than before."""
        self._chosen[client_id] = value

    def note(self, code: int) -> None:
        """A notice went to all clients: those that start later are told the same."""
        if code in _BROKEN or code in _RESTORED:
            self.linked = code in _RESTORED
        self._farms = [code if code in codes else now for codes, now in zip(_FARMS, self._farms, strict=True)]

    def restore(self) -> None:
        """A new login: everything is connected."""
        self.linked = True
        self._farms = [codes[0] for codes in _FARMS]

    def _ids(self, session: Session, _: Fields) -> None:
        session.send(general.next_valid_id(self._next_id(session.client_id or 0)))

    def _next_id(self, client_id: int) -> int:
        for key in (client_id, None):
            if key in self._chosen:
                return self._chosen.pop(key)
        return self._next_order_id(client_id)
