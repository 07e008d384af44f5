"""Statements about connections: refused, reset, closed, half-open, deaf, dripping, garbage."""

from __future__ import annotations

from simulator.faults.act import Act, Answer, Impossible
from simulator.gateway import Gateway


class NetworkActs:
    """Has the gateway's network misbehave."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._network = gateway.network
        self.acts: dict[str, Act] = {
            "down": self._down,
            "up": self._up,
            "cut": self._cut,
            "end": self._end,
            "half-open": self._half_open,
            "deaf": self._deaf,
            "drip": self._drip,
            "garbage": self._garbage,
        }

    def _down(self, seconds: float | None) -> Answer:
        self._network.down(seconds)
        return {}

    def _up(self) -> Answer:
        self._network.up()
        return {}

    def _cut(self, after_bytes: int | None, client: int | None) -> Answer:
        self._known(client)
        self._network.cut(client, after_bytes or 0)
        return {}

    def _end(self, client: int | None) -> Answer:
        self._known(client)
        self._network.end(client)
        return {}

    def _half_open(self, on: bool, client: int | None) -> Answer:
        self._known(client)
        self._network.half_open(client, on)
        return {}

    def _garbage(self, client: int | None) -> Answer:
        self._known(client)
        self._network.garbage(client)
        return {}

    def _drip(self, on: bool) -> Answer:
        self._network.drip(on)
        return {}

    def _deaf(self, on: bool) -> Answer:
        self._gateway.deaf = on
        return {}

    def _known(self, client: int | None) -> None:
        """Raises Impossible when a client is named that is not connected."""
        if client is not None and not any(one.client_id == client for one in self._gateway.sessions):
            raise Impossible(f"client {client} is not connected")
