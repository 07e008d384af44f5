"""What streams on the current socket: quote lines, account values, profit and loss. Forgotten at its end."""

from __future__ import annotations

from collections.abc import Iterator

from actors.domain.pacing import Priority
from actors.ib.codes import goes_on
from actors.ib.outbound import Outbound
from actors.messages.broker import CloseLine, LiveLine, LiveLines, OpenLine
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.failpoints import failpoint
from supervision.message import Done


def _nothing() -> None:
    """Nobody waits to hear that it was sent."""


class LiveStreams:
    """Opens and closes streams, and knows which request ids they have."""

    def __init__(self, outbound: Outbound, ids: Iterator[int]) -> None:
        self._out = outbound
        self._ids = ids
        self._lines: dict[int, int] = {}
        self._profit: dict[tuple[str, int], int] = {}
        self._summary: int | None = None
        self._account = ""

    def session_ended(self) -> None:
        """Nothing streams any more."""
        self._lines.clear()
        self._profit.clear()
        self._summary = None
        self._account = ""

    # --- quote lines ----------------------------------------------------------------------------

    def data_lost(self) -> None:
        """The broker dropped its subscriptions (1101): what is listed from now on was opened afterwards.

        Each line is closed all the same, because one that was opened at the same moment may live.
        """
        for request_id in self._lines:
            frames = self._out.requests.close_line(request_id)
            self._out.ship(Priority.MARKET_DATA, frames, None, _nothing)
        self._lines.clear()

    def open_line(self, ask: OpenLine, sender: Sender) -> None:
        """Open a line; the answer goes out before its first tick can."""
        request_id, con_id = next(self._ids), ask.contract.con_id
        frames = self._out.requests.open_line(request_id, ask.contract)

        def opened() -> None:
            self._lines[request_id] = con_id
            failpoint("connection.line.requested", ask.contract.symbol)
            sender.reply(LiveLine(request_id, con_id))

        self._out.ship(Priority.MARKET_DATA, frames, sender, opened)

    def close_line(self, ask: CloseLine, sender: Sender) -> None:
        """Close a line. Raises Rejected when there is none with that id.

        It is listed until the request has left: when its asker dies before that, the line goes on.
        """
        frames = self._out.requests.close_line(ask.request_id)
        if ask.request_id not in self._lines:
            raise Rejected(f"no line with request id {ask.request_id} is open", kind="unknown_line")

        def closed() -> None:
            self._lines.pop(ask.request_id, None)
            sender.reply(Done())

        self._out.ship(Priority.MARKET_DATA, frames, sender, closed)

    def lines(self, epoch: int) -> LiveLines:
        """Every open line."""
        return LiveLines(epoch, tuple(LiveLine(request_id, con_id) for request_id, con_id in self._lines.items()))

    def is_line(self, request_id: int) -> bool:
        """Whether the id is that of a line."""
        return request_id in self._lines

    def line_error(self, request_id: int, code: int) -> None:
        """The broker said something about a line; most of it ends the line."""
        if not goes_on(code):
            self._lines.pop(request_id, None)

    # --- account --------------------------------------------------------------------------------

    def begin_account(self, account: str) -> None:
        """Key figures and profit and loss of an account, afresh: a listener that restarted wants them now."""
        requests = self._out.requests
        if self._summary is not None:
            self._tell(requests.cancel_account_summary(self._summary))
        self._summary = next(self._ids)
        self._tell(requests.account_summary(self._summary))
        running = self._profit.pop((account, 0), None)
        if running is not None:
            self._tell(requests.cancel_account_pnl(running))
        request_id = self._profit[account, 0] = next(self._ids)
        self._tell(requests.account_pnl(request_id, account))

    def make_way_for(self, account: str) -> None:
        """Values and portfolio come for one account at a time: end what runs before they are asked for (again)."""
        if self._account:
            self._tell(self._out.requests.account_updates(self._account, False))
        self._account = account

    def position_profit(self, account: str, con_id: int, sender: Sender) -> None:
        """Profit and loss of one position, afresh."""
        requests = self._out.requests
        running = self._profit.pop((account, con_id), None)
        if running is not None:
            self._tell(requests.cancel_position_pnl(running))
        request_id = self._profit[account, con_id] = next(self._ids)
        frames = requests.position_pnl(request_id, account, con_id)
        self._out.ship(Priority.ACCOUNT, frames, sender, lambda: sender.reply(Done()))

    def whose_profit(self, request_id: int) -> tuple[str, int] | None:
        """Account and contract (0: the whole account) of a stream of profit and loss."""
        return next((whose for whose, running in self._profit.items() if running == request_id), None)

    def _tell(self, frames: bytes) -> None:
        self._out.ship(Priority.ACCOUNT, frames, None, _nothing)
