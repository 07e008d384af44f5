"""Order: the only way to the market. Owns the order journal, the gate and every order's state.

A thin shell: users' asks go through Placing and Changing, the broker's words through BrokerWords, State's pictures
through Cuts. What must be durable is committed before anything of it leaves the process, what only tells soon after
(see `Records`). After a restart every order without an acknowledgement is UNKNOWN until evidence decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from actors.domain.gate import GateFacts
from actors.domain.halting import from_settings
from actors.domain.locks import Locks
from actors.domain.order_state import OrderState
from actors.messages.broker import (
    CommissionReport,
    ExecutionReport,
    OrderNotice,
    OrderReport,
    Report,
    Snapshot,
    StatusReport,
)
from actors.messages.orders import (
    CancelAll,
    CancelOrder,
    GateChanged,
    GateView,
    Halt,
    ModifyOrder,
    OrderView,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
    PreviewOrder,
    Resume,
    SettleOrder,
)
from actors.messages.risk import RiskFigures
from actors.messages.session import ClockJudged, LinkChanged, SessionDown, SessionUp
from actors.messages.state import ApplyCut, Storing
from actors.orders.answers import Answers
from actors.orders.brakes import Brakes
from actors.orders.broker_words import BrokerWords
from actors.orders.catch_up import CatchUp
from actors.orders.cuts import CutAsker, Cuts
from actors.orders.figures import Figures
from actors.orders.gatekeeper import GateKeeper
from actors.orders.identity import Identity
from actors.orders.journal import Journal, JournalError
from actors.orders.market_hours import MarketHours
from actors.orders.protection import ProtectionWatch
from actors.orders.records import RECENT, Records
from actors.orders.references import References
from actors.orders.risk_limits import LimitBook
from actors.orders.session_watch import SessionNews, SessionWatch
from actors.orders.way_out import WayOut
from config.settings import OrderSettings, RiskSettings, StrategyRisk
from supervision import clock
from supervision.actor import LATER, Context, Sender, handles
from supervision.errors import NotYet, Rejected
from supervision.peer import Peer
from supervision.uplink import Uplink

FORGET_EVERY = 6 * 3600.0
DRAIN_MARGIN = 0.5  # left of the stop limit for closing the files


class OrderActor(Answers):
    """Owns orders.db in `directory`. `burst` is how many messages may leave for the gateway at once; `never_closes`:
    the market is a simulated one that trades round the clock. `strategies` has the limits of each by name;
    `quote_age` is the age in seconds at which a quote is not fresh any more.
    """

    def __init__(
        self,
        context: Context,
        *,
        settings: OrderSettings,
        risk: RiskSettings,
        strategies: Mapping[str, StrategyRisk],
        quote_age: float,
        accounts: tuple[str, ...],
        burst: int,
        never_closes: bool,
        directory: Path,
    ) -> None:
        super().__init__(context)
        self._settings = settings
        self._risk = risk
        self._limits = LimitBook(risk, strategies, quote_age)
        self._identity = Identity(accounts)
        self._burst = burst
        self._never_closes = never_closes
        self._directory = directory
        self._drained: Callable[[], None] | None = None

    def on_start(self) -> None:
        """Read the journal back, link to the others, doubt what was on its way. NotYet while the disk refuses."""
        reactor, log = self.reactor, self.context.log
        try:
            self._records = Records(
                Journal(self._directory / "orders.db"),
                reactor=reactor,
                publish=self.publish,
                changed=self._changed,
                health=self._journal_health,
                log=log,
            )
            self._locks = Locks(self._records.book.open_orders())
            self._protection = ProtectionWatch(self._records, self._locks, self._limits, reactor, self.publish, log)
        except (JournalError, Rejected) as error:
            raise NotYet(str(error)) from error
        connection = self.link(
            "connection",
            topics=("session", "clock", "order_reports"),
            on_up=self._connection_up,
            on_down=self._connection_down,
        )
        state = self.link("state", topics=("storage",), on_up=self._state_up, on_down=self._state_down)
        halt = from_settings(self._records.settings)
        facts = GateFacts(halted=halt.text, flattening=halt.flatten, state_grace=self._settings.state_grace)
        self._gate = GateKeeper(
            facts, reactor=reactor, tell=connection.tell, publish=self.publish, noted=self._note_gate
        )
        self._asker = CutAsker(reactor=reactor, state=state, questions=self._questions, log=log)
        words = BrokerWords(self._records, self._asker, log)
        self._catch_up = CatchUp(self._records, words, connection, reactor, self.hand, log)
        self._references = References(self.link("market_data"), reactor)
        calendar = None if self._never_closes else self.link("calendar")
        self._hours = MarketHours(connection=connection, calendar=calendar, log=log)
        self._figures = Figures(self._figures_changed)
        self.link("account", topics=("risk_figures",), on_down=lambda _: self._figures.account_went())
        self._build_way_out(connection)
        self._gate.state_went()
        self.reactor.after(FORGET_EVERY, self._forget)
        self._session.doubt("Order restarted before the broker acknowledged it", sending=True)

    def _build_way_out(self, connection: Uplink) -> None:
        self._out = WayOut(
            records=self._records,
            gate=self._gate,
            identity=self._identity,
            locks=self._locks,
            references=self._references,
            connection=connection,
            reactor=self.reactor,
            settings=self._settings,
            limits=self._limits,
            figures=self._figures,
            hours=self._hours,
            burst=self._burst,
            ask_soon=self._asker.ask_soon,
            log=self.context.log,
        )
        self._brakes = Brakes(
            records=self._records,
            gate=self._gate,
            identity=self._identity,
            figures=self._figures,
            out=self._out,
            connection=connection,
            asker=self._asker,
            limits=self._limits,
            daily_loss=self._risk.daily_loss,
            directory=self._directory,
            reactor=self.reactor,
            log=self.context.log,
        )
        self._cuts = Cuts(self._records, self._gate, self._locks, connection, self._asker, self._reconciled, self.hand)
        self._session = SessionWatch(
            self._records, self._gate, self._identity, self._references, self._cuts, self._asker, self._catch_up
        )

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:
        """Whoever follows the gate begins with where it stands."""
        if "risk" in topics:
            peer.send(GateChanged(self._gate.view()))
            self._protection.greet(peer)

    def drain(self, done: Callable[[], None], seconds: float) -> None:
        """No new orders; wait for what is on its way to the broker."""
        self._gate.update(draining=True)
        self._drained = done
        self.reactor.after(max(0.0, seconds - DRAIN_MARGIN), self._end_drain)
        self._look_drained()

    def on_stop(self) -> None:
        """Write what is left and close the journal."""
        self._asker.stop()
        self._records.close()

    # --- users --------------------------------------------------------------------------------------

    @handles(PlaceOrder)
    def _place(self, message: PlaceOrder, sender: Sender) -> object:
        self._out.placing.place(message, sender)
        return LATER

    @handles(PlaceBracket)
    def _bracket(self, message: PlaceBracket, sender: Sender) -> object:
        self._out.placing.bracket(message, sender)
        return LATER

    @handles(PlaceOneCancelsAll)
    def _one_cancels_all(self, message: PlaceOneCancelsAll, sender: Sender) -> object:
        self._out.placing.one_cancels_all(message, sender)
        return LATER

    @handles(ModifyOrder)
    def _modify(self, message: ModifyOrder, sender: Sender) -> object:
        self._out.changing.modify(message, sender)
        return LATER

    @handles(CancelOrder)
    def _cancel(self, message: CancelOrder, sender: Sender) -> object:
        self._out.cancel(message.key, sender)
        return LATER

    @handles(CancelAll)
    def _cancel_all(self, message: CancelAll, sender: Sender) -> object:
        self._out.cancel_all(message.strategy, sender)
        return LATER

    @handles(SettleOrder)
    def _settle(self, message: SettleOrder, _: Sender) -> OrderView:
        return self._out.changing.settle(message)

    @handles(PreviewOrder)
    def _preview(self, message: PreviewOrder, sender: Sender) -> object:
        self._out.previews.preview(message.order, sender)
        return LATER

    @handles(Halt)
    def _halt(self, message: Halt, _: Sender) -> GateView:
        return self._brakes.switch.halt(message)

    @handles(Resume)
    def _resume(self, message: Resume, _: Sender) -> GateView:
        return self._brakes.switch.resume(message)

    # --- State --------------------------------------------------------------------------------------

    @handles(ApplyCut)
    def _apply_cut(self, message: ApplyCut, sender: Sender) -> object:
        self._catch_up.before(lambda: self._cuts.apply(message, sender), sender)
        return LATER

    def _state_up(self, _: Uplink, __: int) -> None:
        self._gate.state_came()
        self._asker.look()
        self._records.commit()

    @handles(Storing)
    def _storing(self, message: Storing, _: Sender) -> None:
        if message.trouble:
            self._gate.state_went(message.trouble)
        else:
            self._gate.state_came()
        self._records.commit()

    def _state_down(self, _: Uplink) -> None:
        self._gate.state_went()
        self._records.commit()

    # --- the session ----------------------------------------------------------------------------------

    def _connection_up(self, _: Uplink, incarnation: int) -> None:
        self._session.connection_came(incarnation)

    def _connection_down(self, _: Uplink) -> None:
        self._session.connection_went()
        self._brakes.loss.look()

    @handles(Snapshot, SessionUp, SessionDown, LinkChanged, ClockJudged)
    def _session_news(self, message: SessionNews, _: Sender) -> None:
        self._session.hear(message)
        self._brakes.loss.look()

    @handles(RiskFigures)
    def _risk_figures(self, message: RiskFigures, _: Sender) -> None:
        self._figures.hear(message)

    def _figures_changed(self) -> None:
        self._brakes.loss.look()
        self._out.figures_changed()

    # --- the broker's words -----------------------------------------------------------------------------

    @handles(OrderReport, StatusReport, ExecutionReport, CommissionReport, OrderNotice)
    def _broker_word(self, message: Report, _: Sender) -> None:
        self._catch_up.hear(message)

    # --- inside -------------------------------------------------------------------------------------------

    def _changed(self, order: OrderState) -> None:
        self._locks.heard(order)
        self._out.heard(order)
        self._protection.heard()
        if order.question:
            self._asker.look()
        self._look_drained()

    def _reconciled(self) -> None:
        self._brakes.switch.reconciled()
        self._out.reconciled()
        self._protection.reconciled()

    def _forget(self) -> None:
        """What is over for days stays in the file alone, as after a start, or a book of months would be all memory."""
        self.reactor.after(FORGET_EVERY, self._forget)
        if self._out.idle:
            self._records.forget(clock.now() - RECENT)

    def _questions(self) -> list[str]:
        open_orders = self._records.book.open_orders()
        orders = [f"{order.key}: {order.question}" for order in open_orders if order.question]
        return [*orders, *self._locks.questions()]

    def _journal_health(self) -> None:
        """The disk refuses: closed. It takes rows again: open after a cut that was asked for since."""
        if self._records.error:
            self._gate.update(journal_error=self._records.error)
            return
        self._cuts.blind_until = time.monotonic()
        self._gate.update(journal_error="", halted=self._brakes.switch.state.text, reconciled_epoch=None)
        self._asker.ask_soon("the journal could not be written for a while")

    def _note_gate(self, facts: dict[str, Any]) -> None:
        self._records.note("gate", "", facts)
        self._records.commit()

    def _look_drained(self) -> None:
        if self._drained is not None and self._out.idle:
            self.reactor.after(0.0, self._end_drain)  # once the message in hand is done and its answers are out

    def _end_drain(self) -> None:
        if self._drained is not None:
            done, self._drained = self._drained, None
            done()
