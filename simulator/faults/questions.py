"""The questions `status` and `ledger`: what the simulator looks like now, and what its books say."""

from __future__ import annotations

from simulator.faults.act import Act, Answer
from simulator.gateway import Gateway
from simulator.market.hours import stamp


class Questions:
    """Answers without changing anything."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self._gateway = gateway
        self._port = port
        self.acts: dict[str, Act] = {"status": self._status, "ledger": gateway.ledger.summary}

    def _status(self) -> Answer:
        gateway = self._gateway
        return {
            "listening": gateway.network.listening,
            "port": self._port,
            "clients": [
                {
                    "client_id": session.client_id,
                    "version": session.version,
                    "lines": gateway.quotes.lines(session),
                    "opened": gateway.quotes.opened(session),
                    "busiest": session.pace.busiest,
                }
                for session in gateway.sessions
                if session.client_id is not None
            ],
            "calendar": stamp(gateway.clock.now()),
            "rate": gateway.clock.rate,
            "market_time": gateway.market.now,
            "frozen": gateway.market.frozen,
            "deaf": gateway.deaf,
            "drip": gateway.network.dripping,
            "working": len(gateway.exchange.open_orders()),
        }
