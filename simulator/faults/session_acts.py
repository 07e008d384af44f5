"""Statements about what the gateway grants its clients: ids, order ids, codes, pacing, rights, logins."""

from __future__ import annotations

from simulator.faults.act import Act, Answer, Impossible
from simulator.faults.market_acts import named
from simulator.gateway import Gateway
from simulator.services.entitlements import ALL, Mode


class SessionActs:
    """Grants, refuses and announces."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.acts: dict[str, Act] = {
            "hold": lambda client: self._hold(client, True),
            "release": lambda client: self._hold(client, False),
            "next id": self._next_id,
            "code": self._code,
            "bulletin": self._bulletin,
            "pacing": self._pacing,
            "lines": self._lines,
            "entitlement": self._entitlement,
            "read-only": self._read_only,
            "restart": self._restart,
            "login": self._login,
        }

    def _hold(self, client: int, on: bool) -> Answer:
        self._gateway.hold_client_id(client, on)
        return {}

    def _next_id(self, value: int, client: int | None) -> Answer:
        self._gateway.set_next_id(client, value)
        return {}

    def _code(self, code: int, text: str | None, client: int | None) -> Answer:
        if client is not None and client not in self._gateway.clients.by_id:
            raise Impossible(f"client {client} is not connected")
        try:
            self._gateway.notice(code, text, client)
        except ValueError as error:
            raise Impossible(str(error)) from error
        return {}

    def _bulletin(self, text: str) -> Answer:
        self._gateway.bulletin(1, text, "")
        return {}

    def _pacing(self, on: bool) -> Answer:
        self._gateway.pacing.on = on
        return {}

    def _lines(self, count: int) -> Answer:
        self._gateway.quotes.most_lines = count
        return {}

    def _entitlement(self, symbol: str, mode: Mode) -> Answer:
        if symbol != ALL:
            named(self._gateway, symbol)
        self._gateway.entitlements.set(symbol, mode)
        return {}

    def _read_only(self, on: bool) -> Answer:
        self._gateway.read_only = on
        return {}

    def _restart(self, seconds: float) -> Answer:
        self._gateway.restart(seconds)
        return {}

    def _login(self, state: str) -> Answer:
        self._gateway.login_required(state == "required")
        return {}
