"""The questions `status` and `ledger`: what the simulator looks like now, and what its books say."""

from __future__ import annotations

from typing import Final

from simulator.faults.act import Act, Answer
from simulator.gateway import Gateway
from simulator.ledger import Table
from simulator.market.hours import stamp

MOST_ROWS: Final = 1000
"""Rows of a table that an answer has; the file has them all."""


class Questions:
    """Answers without changing anything."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self._gateway = gateway
        self._port = port
        self.acts: dict[str, Act] = {"status": self._status, "ledger": self._ledger}

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
            "hours": gateway.market.hours,
            "deaf": gateway.deaf,
            "drip": gateway.network.dripping,
            "read_only": gateway.read_only,
            "pacing": gateway.pacing.on,
            "login_required": gateway.clients.login_required,
            "working": len(gateway.exchange.open_orders()),
        }

    def _ledger(self, table: Table | None) -> Answer:
        self._gateway.save_counts()
        if table is None:
            return self._gateway.ledger.summary()
        return {table: self._gateway.ledger.newest(table, MOST_ROWS)}
