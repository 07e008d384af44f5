"""The quote lines of MarketData: does what the subscription book finds due, and tells it how that went.

Every session begins by asking Connection which lines its socket carries. After a new session those are none;
after MarketData's own restart they are adopted, and renewed one by one, because only a new line brings the
values that seldom change. Whenever the outcome of a request is unknown, or ticks come for a line nobody
knows, the list is asked for again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable

from actors.domain.line_notices import retry_delay
from actors.domain.quote_book import QuoteBook
from actors.domain.subscriptions import Close, Open, SubscriptionBook
from actors.messages.broker import CloseLine, GetLiveLines, LineNotice, LiveLine, LiveLines, OpenLine
from actors.messages.market import Contract
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.reactor import Reactor, Timer
from supervision.uplink import Uplink

ADOPTION_GRACE = 10.0
RENEW_EVERY = 0.1
LINE_TIMEOUT = 30.0
LIST_TIMEOUT = 5.0
RETRY_SECONDS = 1.0
NO_SESSION = 0
UNKNOWN_LINE = "unknown_line"  # Connection's refusal to close what the broker has ended already


class QuoteLines:
    """Wants and their lines. `on_refused` gets a contract id and the broker's words when there is no data for it."""

    def __init__(
        self,
        book: SubscriptionBook,
        quotes: QuoteBook,
        connection: Uplink,
        reactor: Reactor,
        log: logging.Logger,
        on_refused: Callable[[int, str], None],
    ) -> None:
        self.epoch = NO_SESSION
        self.book = book
        self._quotes = quotes
        self._connection = connection
        self._reactor = reactor
        self._log = log
        self._on_refused = on_refused
        self._timer: Timer | None = None
        self._listing = False
        self._renewing = False
        self._strange: set[int] = set()

    # --- wants ----------------------------------------------------------------------------------

    def hold(self, contract: Contract, holder: Hashable) -> None:
        """`holder` wants this contract. Rejected when all lines are held."""
        self.book.hold(contract, holder, time.monotonic())
        self._quotes.add(contract)
        request_id = self.book.request_of(contract.con_id)
        if request_id is not None:
            self._quotes.connect(request_id, contract.con_id)
        self.settle()

    def release(self, con_id: int, holder: Hashable, keep: float | None = None) -> bool:
        """`holder` is done with it; the line is kept `keep` seconds more. False when it was not held."""
        released = self.book.release(con_id, holder, time.monotonic(), keep)
        self.settle()
        return released

    def release_all(self, holder: Hashable) -> None:
        """`holder` is gone."""
        self.book.release_all(holder, time.monotonic())
        self.settle()

    # --- the session ----------------------------------------------------------------------------

    def session_up(self, epoch: int) -> None:
        """A socket stands: find out its lines, then open what is missing."""
        self.session_down()
        self.epoch = epoch
        self._list()

    def session_down(self) -> None:
        """The socket is gone, or nobody knows."""
        self.epoch = NO_SESSION
        self._listing = False
        self._strange.clear()
        self.book.forget_lines()
        self._quotes.disconnect_all()

    def data_lost(self) -> None:
        """The broker dropped the subscriptions of this socket."""
        self.book.lose_data()
        self.settle()

    def strangers(self, request_ids: list[int]) -> None:
        """Ticks came for lines that nobody here knows: ask, and drop the ticks of those that are not even listed."""
        if not self._listing:
            self._log.warning("ticks of unknown lines %s; asking which lines are open", request_ids)
            self._list()
        self._strange.update(request_ids)

    def notice(self, message: LineNotice) -> None:
        """The broker said something about a line."""
        delay = retry_delay(message.code)
        if delay is None:
            return
        reason = f"{message.code}: {message.text}"
        con_id = self.book.refused(message.request_id, reason, time.monotonic() + delay)
        if con_id is not None:
            self._on_refused(con_id, reason)
            self.settle()

    # --- doing what is due ------------------------------------------------------------------------

    def settle(self) -> None:
        """Do what is due now, and come back when more may be."""
        now = time.monotonic()
        for action in self.book.due(now):
            if isinstance(action, Open):
                self._open(action.contract)
            else:
                self._close(action)
        self._quotes.keep_only(self.book.wants)
        if self._timer is not None:
            self._timer.cancel()
        due = self.book.next_due(now)
        self._timer = None if due is None else self._reactor.after(due - now, self.settle)

    def _open(self, contract: Contract) -> None:
        epoch, con_id = self.epoch, contract.con_id
        failpoint("market_data.subscribe", contract.symbol)

        def opened(line: LiveLine) -> None:
            if epoch == self.epoch:
                self._quotes.connect(line.request_id, con_id)
                self.book.opened(con_id, line.request_id)
                self.settle()

        def failed(error: DeliveryError | Rejected) -> None:
            if epoch == self.epoch:
                self._not_opened(contract, error)

        self._connection.ask(OpenLine(epoch, contract), timeout=LINE_TIMEOUT, on_reply=opened, on_error=failed)

    def _not_opened(self, contract: Contract, error: DeliveryError | Rejected) -> None:
        now = time.monotonic()
        if isinstance(error, Rejected) and error.kind.startswith("code "):
            delay = retry_delay(int(error.kind.removeprefix("code ")))
            self.book.failed(contract.con_id, str(error), now + (RETRY_SECONDS if delay is None else delay))
            self._on_refused(contract.con_id, str(error))
            self.settle()
            return
        self._log.warning("line for %s not opened, trying again: %s", contract.symbol, error)
        self.book.failed(contract.con_id, str(error), now + RETRY_SECONDS)
        self._list()

    def _close(self, action: Close) -> None:
        epoch = self.epoch
        self._quotes.retire(action.request_id)

        def closed(_: object) -> None:
            if epoch == self.epoch:
                self.book.closed(action.request_id)
                self.settle()

        def failed(error: DeliveryError | Rejected) -> None:
            if isinstance(error, Rejected) and error.kind == UNKNOWN_LINE:
                closed(error)
            elif epoch == self.epoch:
                self._log.warning("line %d perhaps not closed: %s", action.request_id, error)
                self._list()

        self._connection.ask(
            CloseLine(epoch, action.request_id), timeout=LINE_TIMEOUT, on_reply=closed, on_error=failed
        )

    # --- finding out ------------------------------------------------------------------------------

    def _list(self) -> None:
        """Which lines does the socket carry? Until that is answered nothing is opened or closed."""
        if self._listing:
            return
        self._listing = True
        self.book.doubt_lines()
        epoch = self.epoch

        def listed(lines: LiveLines) -> None:
            if epoch == self.epoch == lines.epoch:
                self._listed(lines)

        def again() -> None:
            if epoch == self.epoch:
                self._listing = False
                self._list()

        def failed(error: DeliveryError | Rejected) -> None:
            if epoch == self.epoch:
                self._log.warning("open lines are not known, asking again: %s", error)
                self._reactor.after(RETRY_SECONDS, again)

        self._connection.ask(GetLiveLines(), timeout=LIST_TIMEOUT, on_reply=listed, on_error=failed)

    def _listed(self, lines: LiveLines) -> None:
        self._listing = False
        self.book.list_lines([(line.request_id, line.con_id) for line in lines.items], time.monotonic(), ADOPTION_GRACE)
        for request_id in self._strange:
            self._quotes.retire(request_id)
        self._strange.clear()
        for line in lines.items:
            self._quotes.connect(line.request_id, line.con_id)
        self.settle()
        if self.book.adopted and not self._renewing:
            self._renewing = True
            self._reactor.after(RENEW_EVERY, self._renew)

    def _renew(self) -> None:
        self.book.renew_one()
        self.settle()
        self._renewing = self.book.adopted
        if self._renewing:
            self._reactor.after(RENEW_EVERY, self._renew)
