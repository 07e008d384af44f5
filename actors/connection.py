"""Connection: the one socket to the gateway, everything in the actor's own thread.

It dials, keeps the session alive, and turns asks into requests and callbacks into messages; what is
decided is decided in actors.domain and actors.ib. Every ask is answered: with what the broker said, with
the broker's refusal (kind "code NNN"), or when the session ends (kind "session_down": no byte of it was
sent; "outcome_unknown": some were). Nothing is kept from one session to the next but the epoch.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Hashable
from decimal import Decimal
from pathlib import Path

from actors.domain.order_book import FIRST_REQUEST_ID
from actors.domain.session import Backoff, Session, refusal
from actors.ib.clock_check import ClockCheck
from actors.ib.codes import names_nothing
from actors.ib.collector import Query
from actors.ib.endpoint import EndpointUnknown, find_endpoint
from actors.ib.epoch import DamagedEpoch, read_epoch, write_epoch
from actors.ib.gateway import Gateway
from actors.ib.live import LiveStreams
from actors.ib.order_traffic import OrderTraffic
from actors.ib.outbound import Outbound
from actors.ib.pulse import Pulse
from actors.ib.queries import Queries
from actors.ib.wire_log import WireLog
from actors.messages import broker, broker_account
from actors.messages.session import BrokerNotice, GetSession, LinkChanged, SessionDown, SessionUp, SessionView
from actors.orders.halt_file import HaltFile
from config.settings import GatewaySettings
from supervision import clock
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.errors import ConfigurationError, NotAllowed
from supervision.failpoints import failpoint
from supervision.message import Message
from supervision.peer import Peer
from supervision.reactor import Timer

ABOUT_ORDERS = frozenset({3, 5, 11, 59})  # kinds of messages: status, order, execution, commission


class ConnectionActor(Actor):
    """The actor "connection". `directory` is where the epoch lives; `accounts` are those it may serve."""

    def __init__(
        self, context: Context, *, settings: GatewaySettings, mode: str, accounts: tuple[str, ...], directory: Path
    ) -> None:
        super().__init__(context)
        self._settings = settings
        self._mode = mode
        self._accounts = accounts
        self._directory = directory
        self._epoch_file = directory / "connection.json"
        self._session = Session(0, Backoff(**settings.backoff.model_dump()), clock.now())
        self._redial_timer: Timer | None = None
        self._gateway: Gateway | None = None
        self._endpoint = (settings.host, settings.port or 0)
        self._bad_frames = 0
        self._leaving = False
        ids, pacing = itertools.count(FIRST_REQUEST_ID), settings.pacing
        self._outbound = Outbound(self.reactor, pacing.messages_per_second, pacing.burst)
        halt_file = HaltFile(directory)
        self._orders = OrderTraffic(self._session, self._outbound, pacing.burst, self.publish, halt_file.stands)
        max_skew = None if mode == "simulated" else settings.max_clock_skew
        self._pulse = Pulse(
            self.reactor,
            self._outbound,
            self._drop,
            ClockCheck(max_skew, self._session, self.publish, context.log),
            interval=settings.heartbeat_interval,
            timeout=settings.heartbeat_timeout,
        )
        self._queries = Queries(
            self.reactor, self._outbound, ids, settings.request_timeout, self._drop, pacing.what_if_interval
        )
        self._live = LiveStreams(self._outbound, ids)
        self._wire_log = WireLog(directory / "wire.log") if settings.wire_log else None

    # --- life -----------------------------------------------------------------------------------

    def on_start(self) -> None:
        try:
            self._session.epoch = read_epoch(self._epoch_file)
        except DamagedEpoch as damage:
            raise ConfigurationError(str(damage)) from damage
        self._redial_timer = self.reactor.after(0.0, self._dial)

    def on_stop(self) -> None:
        self._leaving = True
        if self._redial_timer is not None:
            self._redial_timer.cancel()
        self._drop("the service stops")
        if self._wire_log is not None:
            self._wire_log.close()

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:  # noqa: ARG002
        peer.send(broker.Snapshot(self._view()))

    def on_peer_down(self, peer: Peer) -> None:
        self._orders.peer_down(peer)

    def _drop(self, reason: str) -> None:
        if self._gateway is not None:
            self._gateway.close(reason)

    def _dial(self) -> None:
        epoch = self._session.dialing(clock.now())
        settings = self._settings
        self._gateway = Gateway(
            self.reactor,
            self,
            epoch=epoch,
            client_id=settings.client_id,
            connect_timeout=settings.connect_timeout,
            send_timeout=settings.send_timeout,
            log=self.context.log,
            wire_log=self._wire_log,
        )
        try:
            self._endpoint = find_endpoint(settings.host, settings.port, self._directory)
        except EndpointUnknown as problem:
            self._gateway.close(str(problem))
        else:
            self._gateway.dial(*self._endpoint)

    # --- the session, as the gateway tells it ---------------------------------------------------

    def ready(self, accounts: tuple[str, ...], next_order_id: int, server_version: int) -> None:
        """The gateway answers: check whose accounts these are before anything else is sent."""
        assert self._gateway is not None
        now, at = time.monotonic(), clock.now()
        why_not = refusal(self._mode, self._accounts, accounts)
        if why_not:
            self._session.refuse(why_not, at)
            self._gateway.close(why_not)
            self.reactor.after(0.0, lambda: self._never(why_not))
            return
        session = self._session
        try:
            write_epoch(self._epoch_file, session.epoch + 1)
        except OSError as error:  # a full disk, most likely: no session is better than an epoch that falls
            self._gateway.close(f"its epoch cannot be kept: {error}")
            return
        failpoint("connection.session.up", session.epoch + 1)
        session.came_up(accounts, next_order_id, server_version, now, at)
        self._outbound.begin(self._gateway, session.epoch, next_order_id)
        self._orders.session_up()
        self._pulse.start(self._gateway)
        self.context.log.info("session %d is up, server version %d", session.epoch, server_version)
        news = SessionUp(session.epoch, session.generation, server_version, accounts, next_order_id, at)
        self.publish("session", news)

    def _never(self, why: str) -> None:
        raise NotAllowed(f"nothing is ever traded on this gateway: {why}")

    def ended(self, reason: str) -> None:
        """The session, or the attempt at one, is over: answer everybody, then say so, then try again."""
        session, at = self._session, clock.now()
        was_up = session.answers
        assert self._gateway is not None  # each ends once
        self._bad_frames += self._gateway.bad_frames
        self._gateway = None
        self._pulse.stop()
        news = reason != session.reason
        if session.phase != "down" and not self._leaving:
            delay = session.lost(reason, random.random(), time.monotonic(), at)
            self._redial_timer = self.reactor.after(delay, self._dial)
        self._outbound.end(reason)
        self._queries.session_ended(reason)
        self._live.session_ended()
        if news and not self._leaving:
            self.context.log.warning("no session: %s", reason)
        if was_up:
            self.publish("session", SessionDown(session.epoch, reason, at))

    def writable(self) -> None:
        self._outbound.pump()

    # --- what the gateway says ------------------------------------------------------------------

    def current_time(self, told: int) -> None:
        self._pulse.answered(told)

    def ticks(self, batch: broker.TickBatch) -> None:
        self.publish("ticks", batch)

    def unreadable(self, message_id: int | None) -> None:
        self._queries.unreadable(message_id)
        if message_id in ABOUT_ORDERS and self._gateway is not None:  # which order, only a reconciliation can tell
            text = f"a message about an order (kind {message_id}) cannot be read"
            self._orders.heard(self._gateway.notice(0, 0, text))

    def data_type(self, request_id: int, kind: int) -> None:
        self.publish("ticks", broker.LineNotice(self._session.epoch, request_id, 0, "", data_type=kind))

    def item(self, query: Query, item: Message, identity: Hashable = None) -> None:
        asked = self._queries.item(query, item, identity)
        if not asked and isinstance(item, broker.ExecutionReport):
            self._orders.heard(item)  # an execution is never dropped, whoever asked

    def end(self, query: Query) -> None:
        self._queries.end(query)

    def order_report(
        self, report: broker.OrderReport | broker.StatusReport | broker.ExecutionReport | broker.CommissionReport
    ) -> None:
        failpoint("connection.order.report", type(report).__name__)
        if isinstance(report, broker.CommissionReport):
            self._queries.commission(report)
        elif report.client_id == self._settings.client_id:
            self._outbound.known(report.order_id)
        self._orders.heard(report)

    def account_report(self, report: broker_account.AccountReport) -> None:
        self.publish("account_reports", report)

    def profit_and_loss(
        self, request_id: int, daily: Decimal | None, unrealized: Decimal | None, realized: Decimal | None
    ) -> None:
        whose = self._live.whose_profit(request_id)
        if whose is not None:  # None: a last word of a stream that was replaced
            report = broker_account.PnLReport(self._session.epoch, *whose, daily, unrealized, realized)
            self.publish("account_reports", report)

    def error(self, request_id: int, code: int, text: str) -> None:
        """Give a code to whom it concerns; what concerns nobody is a notice, never dropped."""
        session, at = self._session, clock.now()
        change = session.link(code, at)
        if change is not None:
            if change.data_lost:
                self._live.data_lost()
            self._outbound.recheck()
            epoch, generation = session.epoch, session.generation
            self.publish("session", LinkChanged(epoch, generation, change.up, change.data_lost, code, text))
        elif not session.answers or names_nothing(request_id):
            self.publish("errors", BrokerNotice(session.epoch, code, text, at))
        elif self._queries.refused(request_id, code, text):
            return
        elif self._live.is_line(request_id):
            self._live.line_error(request_id, code)
            self.publish("ticks", broker.LineNotice(session.epoch, request_id, code, text))
        elif request_id < FIRST_REQUEST_ID:
            assert self._gateway is not None
            self._orders.heard(self._gateway.notice(request_id, code, text))
        else:
            self.publish("errors", BrokerNotice(session.epoch, code, f"{text} (request {request_id})", at))

    # --- what others ask ------------------------------------------------------------------------

    @handles(GetSession)
    def get_session(self, message: GetSession, sender: Sender) -> SessionView:  # noqa: ARG002
        return self._view()

    @handles(broker.GetLiveLines)
    def get_live_lines(self, message: broker.GetLiveLines, sender: Sender) -> broker.LiveLines:  # noqa: ARG002
        return self._live.lines(self._session.epoch)

    @handles(broker.OpenLine)
    def open_line(self, message: broker.OpenLine, sender: Sender) -> object:
        self._outbound.check(message.epoch)
        self._live.open_line(message, sender)
        return LATER

    @handles(broker.CloseLine)
    def close_line(self, message: broker.CloseLine, sender: Sender) -> object:
        self._outbound.check(message.epoch)
        self._live.close_line(message, sender)
        return LATER

    @handles(broker.FetchContracts)
    def fetch_contracts(self, message: broker.FetchContracts, sender: Sender) -> object:
        self._queries.contracts(message.contract, sender)
        return LATER

    @handles(broker.FetchBars)
    def fetch_bars(self, message: broker.FetchBars, sender: Sender) -> object:
        self._queries.bars(message, sender)
        return LATER

    @handles(broker.GateStands)
    def gate_stands(self, message: broker.GateStands, sender: Sender) -> None:
        self._orders.gate_stands(message, sender)

    @handles(broker.Transmit)
    def transmit(self, message: broker.Transmit, sender: Sender) -> object:
        self._orders.transmit(message, sender)
        return LATER

    @handles(broker.TransmitCancel)
    def transmit_cancel(self, message: broker.TransmitCancel, sender: Sender) -> object:
        self._orders.cancel(message, sender)
        return LATER

    @handles(broker.FetchReports)
    def fetch_reports(self, message: broker.FetchReports, sender: Sender) -> broker.Reports:  # noqa: ARG002
        return self._orders.reports(message)

    @handles(broker.FetchPreview)
    def fetch_preview(self, message: broker.FetchPreview, sender: Sender) -> object:
        self._outbound.check(message.epoch)
        self._queries.preview(message, sender)
        return LATER

    @handles(broker.FetchOpenOrders, broker.FetchCompletedOrders, broker.FetchExecutions, broker_account.FetchPositions)
    def fetch_part_of_a_cut(self, message: Message, sender: Sender) -> object:
        match message:
            case broker.FetchOpenOrders():
                self._queries.open_orders(sender)
            case broker.FetchCompletedOrders():
                self._queries.completed_orders(sender)
            case broker.FetchExecutions():
                self._queries.executions(sender)
            case broker_account.FetchPositions():
                self._queries.positions(sender)
        return LATER

    @handles(broker_account.StreamAccount)
    def stream_account(self, message: broker_account.StreamAccount, sender: Sender) -> object:
        self._outbound.check(message.epoch)
        self._live.make_way_for(message.account)
        self._queries.account(message.account, sender)
        self._live.begin_account(message.account)
        return LATER

    @handles(broker_account.StreamPositionPnL)
    def stream_position_pnl(self, message: broker_account.StreamPositionPnL, sender: Sender) -> object:
        self._outbound.check(message.epoch)
        self._live.position_profit(message.account, message.con_id, sender)
        return LATER

    # --- for status -----------------------------------------------------------------------------

    def _view(self) -> SessionView:
        current = self._gateway.bad_frames if self._gateway is not None else 0
        return self._session.view(
            endpoint=self._endpoint,
            client_id=self._settings.client_id,
            last_heartbeat=self._pulse.last,
            requests_waiting=self._outbound.waiting,
            callback_errors=self._bad_frames + current,
        )
