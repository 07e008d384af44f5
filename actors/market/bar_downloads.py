"""GetBars: one answer made of as many requests as the broker needs, one after the other.

A piece that fails fails the whole answer, in words; only "no data" further back than some bars is the
beginning of the history. Nothing more is asked for once the asker has gone or its deadline has passed.
"""

from __future__ import annotations

import time

from actors.domain.history import Download, plan
from actors.messages.broker import BarList, FetchBars
from actors.messages.market import Bars, ContractDetails, GetBars
from supervision import clock
from supervision.actor import Sender
from supervision.errors import DeliveryError, Rejected
from supervision.uplink import Uplink

PIECE_TIMEOUT = 660.0  # the broker's own window for small bars is ten minutes
_HISTORY_CODE = "code 162"


def download_bars(connection: Uplink, message: GetBars, details: ContractDetails, sender: Sender) -> None:
    """Answer `sender` with the bars of a resolved contract. Rejected when the range cannot be asked for."""
    pieces = plan(message.duration, message.bar, message.end or clock.now())
    _BarDownload(connection, message, details, sender, Download(pieces, message.end)).next()


class _BarDownload:
    def __init__(
        self, connection: Uplink, message: GetBars, details: ContractDetails, sender: Sender, download: Download
    ) -> None:
        self._connection = connection
        self._message = message
        self._details = details
        self._sender = sender
        self._download = download

    def next(self) -> None:
        """Ask for the next piece, or answer."""
        request = self._download.next_request()
        if request is None:
            self._finish()
            return
        seconds = min(
            PIECE_TIMEOUT, self._sender.deadline - time.monotonic() if self._sender.deadline else PIECE_TIMEOUT
        )
        if seconds <= 0 or self._sender.peer is None or not self._sender.peer.open:
            return
        duration, end = request
        message = self._message
        piece = FetchBars(self._details.contract, end, duration, message.bar, message.what, message.rth)
        self._connection.ask(piece, timeout=seconds, on_reply=self._arrived, on_error=self._failed)

    def _arrived(self, bars: BarList) -> None:
        self._download.add(bars.items)
        self.next()

    def _failed(self, error: DeliveryError | Rejected) -> None:
        if not isinstance(error, Rejected):
            self._sender.reject(Rejected(f"bars of {self._details.contract.symbol}: {error}", kind="no_answer"))
        elif self._download.started and error.kind == _HISTORY_CODE and "no data" in str(error).lower():
            self._finish()
        else:
            self._sender.reject(error)

    def _finish(self) -> None:
        message = self._message
        symbol = self._details.contract.symbol
        self._sender.reply(Bars(symbol, message.bar, message.what, self._download.bars()))
