"""Account: summary, values, positions and profit and loss of every account, as the broker last told them.

Each new session downloads everything afresh; until that has ended, answers are those of the last session with
the time it confirmed them, and before any download they are refused or marked incomplete, never empty.
Everything is asked for again every REFRESH seconds, because a stream that died says nothing; profit and loss that
is not told then is not known any more.
"""

from __future__ import annotations

import logging

from actors.accounts.downloads import DOWNLOAD_TIMEOUT, RETRY_SECONDS, Downloads
from actors.accounts.telling import TOPIC, FiguresTelling
from actors.domain.margin import MarginWatch
from actors.domain.portfolio import Portfolio, PositionKey
from actors.domain.risk_figures import risk_figures
from actors.messages.account import (
    AccountEvent,
    Accounts,
    GetAccounts,
    GetPortfolio,
    GetPositions,
    PnL,
    PortfolioView,
    Position,
    Positions,
)
from actors.messages.broker import Snapshot
from actors.messages.broker_account import (
    AccountValueReport,
    FetchPositions,
    PnLReport,
    PortfolioReport,
    PositionList,
    PositionReport,
    StreamPositionPnL,
)
from actors.messages.risk import GetLowMargins, LowMargins, RiskFigures
from actors.messages.session import LinkChanged, SessionDown, SessionUp
from supervision import clock
from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.peer import Peer
from supervision.uplink import Uplink

REFRESH = 180.0
PROFIT_TIMEOUT = 30.0
"""Seconds after which profit and loss that was asked for should have been told."""
NO_SESSION = 0


class AccountActor(Actor):
    """`accounts` are those to follow; empty means every account behind the login. An account whose cushion falls below
    `margin_cushion`, a part of its net liquidation value, is warned of; None: none is.
    """

    def __init__(self, context: Context, *, accounts: tuple[str, ...], margin_cushion: float | None) -> None:
        super().__init__(context)
        self._margin = MarginWatch(margin_cushion)
        self._configured = accounts
        self._portfolio = Portfolio()
        self._epoch = NO_SESSION
        self._followed: tuple[str, ...] = ()
        self._streaming: set[PositionKey] = set()
        self._downloaded: set[str] = set()
        self._listed = False
        self._severed = False
        self._figures = FiguresTelling(self.reactor, self._look, self._tell_figures)

    def on_start(self) -> None:
        self._connection = self.link("connection", topics=("session", "account_reports"), on_down=self._lost)
        self._downloads = Downloads(
            self.reactor, self._connection, self.context.log, self._download_ended, self._download_failed
        )
        self.reactor.after(REFRESH, self._refresh)

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:
        self._figures.attached(peer, topics)

    # --- the session ----------------------------------------------------------------------------

    @handles(Snapshot)
    def _snapshot(self, message: Snapshot, _: Sender) -> None:
        session = message.session
        if session.state in ("up", "degraded"):
            self._severed = session.state == "degraded"
            self._begin(session.epoch, session.accounts)

    @handles(SessionUp)
    def _session_up(self, message: SessionUp, _: Sender) -> None:
        self._severed = False
        self._begin(message.epoch, message.accounts)

    @handles(SessionDown)
    def _session_down(self, _: SessionDown, __: Sender) -> None:
        self._end()

    @handles(LinkChanged)
    def _link_changed(self, message: LinkChanged, _: Sender) -> None:
        if message.epoch != self._epoch:
            return
        self._severed = not message.up
        if message.up:
            self._download()
        else:
            self._stand_still()

    def _lost(self, _: Uplink) -> None:
        self._end()

    def _end(self) -> None:
        """What is known from now on is that of the last session, and is told to be."""
        self._epoch = NO_SESSION
        self._downloads.end()
        self._stand_still()

    def _stand_still(self) -> None:
        self._figures.changed(*self._followed)
        self._figures.flush()

    def _changed(self, account: str) -> None:
        if account in self._followed:  # the broker also lists positions and key figures of others behind the login
            self._figures.changed(account)

    def _look(self, account: str) -> RiskFigures:
        live = self._epoch != NO_SESSION and not self._severed and self._listed and account in self._downloaded
        return risk_figures(self._portfolio, account, live=live)

    def _begin(self, epoch: int, managed: tuple[str, ...]) -> None:
        if epoch == self._epoch:
            return
        self._epoch = epoch
        for account in self._configured:
            if account not in managed:
                self.context.log.error(
                    "account %s of the configuration is not behind this login, which has %s",
                    account,
                    ", ".join(managed),
                )
        self._followed = tuple(account for account in managed if not self._configured or account in self._configured)
        self._portfolio.expect(self._followed)
        self._download()

    # --- asking the broker ----------------------------------------------------------------------

    def _download(self) -> None:
        self._streaming.clear()
        self._downloaded.clear()
        self._listed = False
        for account in self._followed:
            self._portfolio.doubt_pnl(account)
        self._figures.changed(*self._followed)
        self._downloads.begin(self._epoch, self._followed)
        self._fetch_positions()

    def _refresh(self) -> None:
        self.reactor.after(REFRESH, self._refresh)
        if self._epoch == NO_SESSION:
            return
        for account in self._followed:
            self._portfolio.doubt_pnl(account)
        self._downloads.renew(self._followed)
        self._fetch_positions()

    def _download_ended(self, account: str) -> None:
        failpoint("account.downloaded", account)
        self._portfolio.confirm(account, self._epoch, clock.now())
        self._downloaded.add(account)
        self._figures.changed(account)
        doubt = self._portfolio.pnl_doubt(account)

        def due() -> None:
            silence = self._portfolio.pnl_silent(account, doubt)
            if silence is not None:
                self.context.log.warning("no profit and loss of account %s was told for %g s", account, PROFIT_TIMEOUT)
                self._tell(silence)

        self.reactor.after(PROFIT_TIMEOUT, due)

    def _download_failed(self, account: str) -> None:
        """What was told before may still be so, and may not: nobody decides by it until a download has ended."""
        self._downloaded.discard(account)
        self._figures.changed(account)

    def _fetch_positions(self) -> None:
        epoch = self._epoch

        def listed(positions: PositionList) -> None:
            if epoch != self._epoch:
                return
            for position in self._portfolio.replace_positions(positions, epoch, clock.now()):
                self._tell(position)
            self._listed = True
            self._figures.changed(*self._followed)
            self._stream_positions()

        def again() -> None:
            if epoch == self._epoch:
                self._fetch_positions()

        def failed(error: DeliveryError | Rejected) -> None:
            if epoch == self._epoch:
                self.context.log.warning("positions not downloaded, trying again in %g s: %s", RETRY_SECONDS, error)
                self._listed = False
                self._figures.changed(*self._followed)
                self.reactor.after(RETRY_SECONDS, again)

        self._connection.ask(FetchPositions(), timeout=DOWNLOAD_TIMEOUT, on_reply=listed, on_error=failed)

    def _stream_positions(self) -> None:
        """Profit and loss of every position that is not streamed yet; a failure is tried again at the next refresh."""
        held = self._portfolio.held()
        self._streaming &= held
        for key in held - self._streaming:
            self._streaming.add(key)
            self._stream_pnl(key)

    def _stream_pnl(self, key: PositionKey) -> None:
        def failed(error: DeliveryError | Rejected) -> None:
            self._streaming.discard(key)
            self.context.log.warning("no profit and loss of %s for account %s: %s", key[1], key[0], error)

        message = StreamPositionPnL(self._epoch, *key)
        self._connection.ask(message, timeout=DOWNLOAD_TIMEOUT, on_error=failed)

    # --- what the broker reports ----------------------------------------------------------------

    @handles(AccountValueReport)
    def _value(self, report: AccountValueReport, _: Sender) -> None:
        failpoint("account.value", report.key)
        self._portfolio.apply_value(report, clock.now())
        self._changed(report.account)

    @handles(PortfolioReport)
    def _mark(self, report: PortfolioReport, _: Sender) -> None:
        self._tell(self._portfolio.apply_portfolio(report))

    @handles(PnLReport)
    def _pnl(self, report: PnLReport, _: Sender) -> None:
        self._tell(self._portfolio.apply_pnl(report))
        self._changed(report.account)  # also when the same was told again: it may be the first of its session

    @handles(PositionReport)
    def _position(self, report: PositionReport, _: Sender) -> None:
        self._tell(self._portfolio.apply_position(report, clock.now()))
        self._stream_positions()

    def _tell_figures(self, figures: RiskFigures) -> None:
        self.publish(TOPIC, figures)
        warning = self._margin.judge(figures)
        if warning is not None:
            words = "is down to" if warning.low else "is back at"
            text = "margin of account %s: excess liquidity %s %.1f %% of net liquidation, warned of below %.1f %%"
            level = logging.WARNING if warning.low else logging.INFO
            self.context.log.log(level, text, warning.account, words, 100 * warning.cushion, 100 * warning.limit)
            self.publish("risk", warning)

    def _tell(self, change: PnL | Position | None) -> None:
        if change is not None:
            self._changed(change.account)
        if isinstance(change, PnL):
            self.publish("account", AccountEvent(change.account, pnl=change))
        elif isinstance(change, Position):
            if self._portfolio.unmarked((change.account, change.con_id)) and change.account in self._downloaded:
                self._downloads.unmarked(change.account)
            self.publish("account", AccountEvent(change.account, position=change))

    # --- answers --------------------------------------------------------------------------------

    @handles(GetAccounts)
    def _accounts(self, _: GetAccounts, __: Sender) -> Accounts:
        accounts = self._portfolio.accounts()
        if not accounts.items:
            raise Rejected(f"no account is known yet: {self._why_not()}", kind="not_ready")
        return accounts

    @handles(GetPositions)
    def _positions(self, _: GetPositions, __: Sender) -> Positions:
        positions = self._portfolio.positions()
        if positions is None:
            raise Rejected(f"positions are not known yet: {self._why_not()}", kind="not_ready")
        return positions

    @handles(GetPortfolio)
    def _whole(self, _: GetPortfolio, __: Sender) -> PortfolioView:
        return PortfolioView(self._portfolio.accounts(), self._portfolio.positions())

    @handles(GetLowMargins)
    def _low_margins(self, _: GetLowMargins, __: Sender) -> LowMargins:
        return self._margin.low()

    def _why_not(self) -> str:
        if self._epoch == NO_SESSION:
            return "there was no session with the gateway since this actor started"
        return "the first download of this session has not ended"
