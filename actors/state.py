"""State: the service's memory. Reconciles with the broker, keeps audit trail and caches, remembers contracts.

Everything it holds is in state.db and came from others, so a new incarnation picks up where the last
one was killed: links bring session and journal, and a cut follows. Nothing here waits for an answer.
A disk that takes nothing does not end it: it answers from what it has and takes no cuts (store.writes).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import orjson

from actors.domain.executions import JournalledExecution
from actors.messages.account import AccountEvent, Accounts, Positions
from actors.messages.broker import Snapshot
from actors.messages.orders import GateChanged
from actors.messages.risk import ProtectionChanged, RiskFigures
from actors.messages.session import LinkChanged, SessionDown, SessionUp
from actors.messages.state import (
    CutFinished,
    CutView,
    EquityHistory,
    GetCachedAccounts,
    GetCachedPositions,
    GetEquityHistory,
    GetMemory,
    GetReconciliation,
    JournalRow,
    JournalRows,
    Memory,
    Reconcile,
    ReconciliationView,
    RememberContracts,
    RememberHold,
    Storing,
)
from actors.messages.system import SERVICE_TOPICS, CustomEvent, Publish
from actors.store.audit import AuditTrail
from actors.store.cache_keeper import CacheKeeper
from actors.store.caches import Caches
from actors.store.database import Database, DiskTrouble
from actors.store.equity import EquityStore
from actors.store.follower import JournalFollower
from actors.store.reconciler import Reconciler
from actors.store.schedules import Schedules
from actors.store.snapshots import Snapshots
from actors.store.writes import Writes
from config.settings import StateSettings
from supervision import clock
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.clock_watch import ClockWatch
from supervision.errors import NotYet, Rejected
from supervision.message import Done, Message
from supervision.peer import Peer
from supervision.uplink import Uplink

T = TypeVar("T")

CHECKED_AT_START = 1000  # rows of the audit trail: about ten milliseconds
CHECK_AFTER = 0.5  # seconds: who waits for State to come back is answered first


class ReconcileDue(Message, frozen=True):
    """From the schedule: time for a cut."""


class AuditHeadDue(Message, frozen=True):
    """From the schedule: time to log the head of the audit trail."""


class StateActor(Actor):
    """Owns state.db in `directory`."""

    def __init__(self, context: Context, *, settings: StateSettings, directory: Path) -> None:
        super().__init__(context)
        self._settings = settings
        self._directory = directory

    def on_start(self) -> None:
        """Open the database, link to the others, start the schedules. NotYet while the disk does not let us."""
        try:
            self._begin()
        except DiskTrouble as trouble:
            raise NotYet(str(trouble)) from trouble

    def _begin(self) -> None:
        self._database = Database(self._directory / "state.db")
        self._trail = AuditTrail(self._database)
        self._log_head()  # as it was found, so that a restored backup shows the head it was made with
        self._caches = Caches(self._database)
        self.reactor.after(CHECK_AFTER, self._check_trail)
        self._writes = Writes(
            self._database, self._trail, self.reactor, self.context.log, self._disk_back, self._troubled
        )
        connection = self.link("connection", topics=("session",), on_down=self._connection_down)
        order = self.link("order", topics=("journal", "risk"), on_up=self._order_up, on_down=self._order_down)
        account = self.link(
            "account", topics=("account", "risk_figures"), on_up=self._account_up, on_down=self._account_down
        )
        self._keeper = CacheKeeper(self.reactor, account, self._writes, self._caches, self.context.log)
        self._equity = EquityStore(self._database)
        self._snapshots = Snapshots(self.reactor, account, self._writes, self._equity, self.context.log)
        self._reconciler = Reconciler(
            reactor=self.reactor,
            connection=connection,
            order=order,
            account=account,
            database=self._database,
            trail=self._trail,
            writes=self._writes,
            log=self.context.log,
            finished=self._cut_finished,
        )
        self._follower = JournalFollower(order, self._writes, self._trail, self.context.log, self._journal_row)
        self._schedules = Schedules(self.context.mailbox.put)
        self._schedules.every(timedelta(seconds=self._settings.reconcile_every), ReconcileDue())
        self._schedules.every(timedelta(hours=1), AuditHeadDue())
        self._clocks = ClockWatch(self.reactor, self._clocks_jumped)

    def on_stop(self) -> None:
        """Stop the schedules, close the database."""
        self._schedules.stop()
        self._writes.close()
        self._database.close()

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:
        """Order waits for a State that can store."""
        if "storage" in topics:
            peer.send(Storing(self._writes.trouble))

    def _troubled(self, trouble: str) -> None:
        self.publish("storage", Storing(trouble))

    def _disk_back(self) -> None:
        self._follower.catch_up()
        self._keeper.refresh()
        self._reconciler.disk_back()

    # --- session ------------------------------------------------------------------------------------

    @handles(Snapshot)
    def _snapshot(self, message: Snapshot, _: Sender) -> None:
        session = message.session
        if session.state in ("up", "degraded"):
            self._reconciler.session_up(session.epoch, session.since, severed=session.state == "degraded")
        else:
            self._reconciler.session_down(session.reason or session.state)

    @handles(SessionUp)
    def _session_up(self, message: SessionUp, _: Sender) -> None:
        self._observe(message.at, "session_up", {"epoch": message.epoch, "server_version": message.server_version})
        self._reconciler.session_up(message.epoch, message.at)

    @handles(SessionDown)
    def _session_down(self, message: SessionDown, _: Sender) -> None:
        self._observe(message.at, "session_down", {"epoch": message.epoch, "reason": message.reason})
        self._reconciler.session_down(message.reason)

    @handles(LinkChanged)
    def _link_changed(self, message: LinkChanged, _: Sender) -> None:
        facts = {"epoch": message.epoch, "code": message.code, "text": message.text}
        self._observe(clock.now(), "link_up" if message.up else "link_down", facts)
        self._reconciler.link_changed(up=message.up, text=f"{message.code} {message.text}")

    def _connection_down(self, _: Uplink) -> None:
        self._reconciler.session_down("connection is away")

    # --- reconciliation -----------------------------------------------------------------------------

    @handles(Reconcile)
    def _reconcile(self, message: Reconcile, sender: Sender) -> object:
        self._reconciler.request(message.cause, sender)
        return LATER

    @handles(ReconcileDue)
    def _reconcile_due(self, _: ReconcileDue, __: Sender) -> None:
        self._reconciler.request("schedule")

    @handles(GetReconciliation)
    def _reconciliation(self, _: GetReconciliation, __: Sender) -> ReconciliationView:
        return ReconciliationView(
            last=self._reconciler.last,
            running=self._reconciler.running,
            next_due=self._schedules.due(ReconcileDue),
            open_differences=self._read(lambda: self._reconciler.open_differences),
            trouble=self._writes.trouble,
        )

    def _cut_finished(self, view: CutView) -> None:
        self.publish("risk", CutFinished(view))

    # --- events of users ------------------------------------------------------------------------------

    @handles(Publish)
    def _publish(self, message: Publish, sender: Sender) -> Done:
        if message.topic in SERVICE_TOPICS:
            raise Rejected(f"topic {message.topic!r} belongs to the service; choose another name", kind="invalid")
        self.publish(message.topic, CustomEvent(message.topic, message.data, sender.name, clock.now()))
        return Done()

    # --- audit trail ----------------------------------------------------------------------------------

    @handles(JournalRows)
    def _journal_rows(self, message: JournalRows, _: Sender) -> None:
        self._follower.live(message)

    @handles(GateChanged)
    def _gate_changed(self, message: GateChanged, _: Sender) -> None:
        gate = message.gate
        self._observe(gate.since, "gate", {"state": gate.state, "reasons": gate.reasons, "version": gate.version})

    @handles(ProtectionChanged)
    def _protection_changed(self, _: ProtectionChanged, __: Sender) -> None:
        """In the audit already, by the journal's rows of it."""

    @handles(AuditHeadDue)
    def _audit_head_due(self, _: AuditHeadDue, __: Sender) -> None:
        self._log_head()

    def _clocks_jumped(self, jump: clock.Jump) -> None:
        self._schedules.rearm(jump)
        self._snapshots.clock_jumped()
        words = []
        if jump.calendar:
            words.append(f"the clock was set by {jump.calendar:+.1f} s")
        if jump.suspended:
            words.append(f"the machine was suspended for {jump.suspended:.1f} s")
        self.context.log.warning("%s", " and ".join(words))
        self._observe(clock.now(), "clock", {"set": jump.calendar, "suspended": jump.suspended})

    def _order_up(self, _: Uplink, incarnation: int) -> None:
        self._follower.order_came()
        self._reconciler.order_up(incarnation)

    def _order_down(self, _: Uplink) -> None:
        self._reconciler.order_down()

    def _journal_row(self, row: JournalRow) -> None:
        if row.kind == "execution":
            self._reconciler.remember(msgspec.json.decode(row.data, type=JournalledExecution))

    def _observe(self, at: datetime, kind: str, facts: dict[str, object]) -> None:
        self._writes.keep(lambda: self._trail.append(at, kind, "", orjson.dumps(facts).decode()))

    def _check_trail(self) -> None:
        damage = self._trail.verify(last=CHECKED_AT_START)
        if damage is not None:
            self.context.log.error("audit trail: row %d is damaged: %s", damage.sequence, damage.reason)

    def _log_head(self) -> None:
        self.context.log.info("audit head: row %d, hash %s", self._trail.head.sequence, self._trail.head.hash)

    # --- caches ---------------------------------------------------------------------------------------

    @handles(AccountEvent)
    def _account_event(self, _: AccountEvent, __: Sender) -> None:
        self._keeper.refresh()

    def _account_up(self, _: Uplink, __: int) -> None:
        self._keeper.refresh()

    def _account_down(self, _: Uplink) -> None:
        self._snapshots.account_went()

    @handles(RiskFigures)
    def _risk_figures(self, message: RiskFigures, _: Sender) -> None:
        self._snapshots.hear(message)

    @handles(GetEquityHistory)
    def _equity_history(self, message: GetEquityHistory, _: Sender) -> EquityHistory:
        return self._read(lambda: self._equity.history(message.days))

    @handles(GetCachedPositions)
    def _cached_positions(self, _: GetCachedPositions, __: Sender) -> Positions:
        positions = self._read(self._caches.positions)
        if positions is None:
            raise Rejected("no positions were ever confirmed by the broker: ask after a session", kind="not_ready")
        return positions

    @handles(GetCachedAccounts)
    def _cached_accounts(self, _: GetCachedAccounts, __: Sender) -> Accounts:
        accounts = self._read(self._caches.accounts)
        if accounts is None:
            raise Rejected("no account was ever downloaded in full: ask after a session", kind="not_ready")
        return accounts

    @handles(GetMemory)
    def _memory(self, _: GetMemory, __: Sender) -> Memory:
        return self._read(self._caches.memory)

    @handles(RememberContracts)
    def _remember_contracts(self, message: RememberContracts, _: Sender) -> None:
        now = clock.now()
        self._writes.keep(lambda: self._caches.store_contracts(message.items, now))

    @handles(RememberHold)
    def _remember_hold(self, message: RememberHold, sender: Sender) -> Done:
        contract, now = message.details.contract, clock.now()
        facts = orjson.dumps({"symbol": contract.symbol, "con_id": contract.con_id, "by": sender.name}).decode()

        def store() -> None:
            self._caches.store_hold(message.details, message.held, now)
            self._trail.append(now, "hold" if message.held else "drop", contract.symbol, facts)

        if not self._writes.attempt(store):
            raise Rejected(f"not remembered: {self._writes.trouble}", kind="disk")
        return Done()

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except DiskTrouble as error:
            raise Rejected(str(error), kind="disk") from error
