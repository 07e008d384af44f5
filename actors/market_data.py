"""MarketData: contracts, quote lines shared by all subscribers, quotes with age and state, and bars.

A subscription lives as long as the connection it was made over; the line behind it is shared, and rebuilt in
every new session from what is wanted. One Quote per changed contract goes out per batch of ticks. When data
may have been missed, subscribers get Gap, their quotes say so, and Resumed follows with the first tick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from actors.domain.audience import Audience
from actors.domain.combos import meant
from actors.domain.contracts import describe, plain_question, question
from actors.domain.quote_book import Changes, QuoteBook, ticks_of
from actors.domain.subscriptions import OPERATOR, SubscriptionBook
from actors.market.bar_downloads import download_bars
from actors.market.combo_lookup import ComboLookup
from actors.market.contract_lookup import ContractLookup
from actors.market.memory import MarketMemory
from actors.market.price_waits import PriceWaits
from actors.market.quote_lines import NO_SESSION, QuoteLines
from actors.messages.broker import LineNotice, Snapshot, TickBatch
from actors.messages.market import (
    Combo,
    Contract,
    ContractDetails,
    Drop,
    Gap,
    GetBars,
    GetMarketData,
    GetQuote,
    GetQuotes,
    GetReference,
    Hold,
    KeepQuotes,
    MarketDataView,
    Quote,
    Quotes,
    Reference,
    ResolveContract,
    Resumed,
    Subscribe,
    Subscribed,
    Ticks,
    Unsubscribe,
)
from actors.messages.session import LinkChanged, SessionDown, SessionUp
from actors.messages.state import Memory
from config.settings import MarketDataSettings
from supervision import clock
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.clock_watch import ClockWatch
from supervision.errors import Rejected
from supervision.failpoints import failpoint
from supervision.message import Done
from supervision.peer import Peer
from supervision.uplink import Uplink

TOPIC = "market"
STALE_CHECKS = 4  # per `stale_after`


class MarketDataActor(Actor):
    """The market data of the service."""

    def __init__(self, context: Context, *, settings: MarketDataSettings) -> None:
        super().__init__(context)
        self._settings = settings
        self._audience: Audience[Peer] = Audience()
        self._quotes = QuoteBook(stale_after=settings.stale_after)
        self._conflated_before = 0

    def on_start(self) -> None:
        connection = self.link("connection", topics=("session", "ticks"), on_down=self._connection_lost)
        book = SubscriptionBook(max_lines=self._settings.max_lines, linger=self._settings.linger)
        self._connection = connection
        self._lines = QuoteLines(book, self._quotes, connection, self.reactor, self.context.log, self._line_refused)
        self._waits = PriceWaits(self._lines, self.reactor, self._quote_now)
        self._memory = MarketMemory(self.link, self.reactor, self.context.log, self._recall)
        self._lookup = ContractLookup(connection, self.reactor, self._memory.contract)
        self._combos = ComboLookup(self._lookup, self._waits)
        self._watch_stale()
        self._clocks = ClockWatch(self.reactor, self._clocks_jumped)

    # --- the session ----------------------------------------------------------------------------

    @handles(Snapshot)
    def _snapshot(self, message: Snapshot, _: Sender) -> None:
        session = message.session
        if session.state in ("up", "degraded"):
            self._session_began(session.epoch)
        if session.state == "degraded":
            self._lose(session.reason)

    @handles(SessionUp)
    def _session_up(self, message: SessionUp, _: Sender) -> None:
        self._session_began(message.epoch)

    @handles(SessionDown)
    def _session_down(self, message: SessionDown, _: Sender) -> None:
        self._session_ended(f"the session with the gateway ended: {message.reason}")

    @handles(LinkChanged)
    def _link_changed(self, message: LinkChanged, _: Sender) -> None:
        if message.epoch != self._lines.epoch:
            return
        if not message.up or message.data_lost:
            self._lose(f"{message.code}: {message.text}")
        if message.up and message.data_lost:
            self._lines.data_lost()

    def _connection_lost(self, _: Uplink) -> None:
        self._session_ended("Connection is being restarted")

    def _session_began(self, epoch: int) -> None:
        if epoch != self._lines.epoch:
            self._lines.session_up(epoch)
            self._lookup.session_up()

    def _session_ended(self, reason: str) -> None:
        if self._lines.epoch == NO_SESSION:
            return
        self._lines.session_down()
        self._lookup.session_down()
        self._lose(reason)

    # --- ticks ----------------------------------------------------------------------------------

    @handles(TickBatch)
    def _ticks(self, batch: TickBatch, _: Sender) -> None:
        if batch.epoch != self._lines.epoch:
            return
        failpoint("market_data.ticks")
        changes = self._quotes.apply(batch)
        if changes.strangers:
            self._lines.strangers(changes.strangers)
        if changes.resumed:
            self._announce(changes.resumed, Resumed)
        self._send_quotes(changes.con_ids)
        if self._audience.tick_listeners:
            self._send_ticks(batch, changes)
        if self._waits.waiting:
            self._waits.changed(changes.con_ids)

    @handles(LineNotice)
    def _line_notice(self, message: LineNotice, _: Sender) -> None:
        if message.epoch == self._lines.epoch:
            self._lines.notice(message)

    def _send_quotes(self, con_ids: Iterable[int]) -> None:
        now = clock.elapsed_ns()
        for con_id in con_ids:
            listeners = self._audience.of(con_id)
            if listeners:
                quote = self._quotes.quote(con_id, now)
                for peer in listeners:
                    peer.send(quote)

    def _send_ticks(self, batch: TickBatch, changes: Changes) -> None:
        con_ids = self._quotes.con_ids_of(batch)
        everything = Ticks(batch.time_ns, con_ids, batch.fields, batch.prices, batch.sizes)
        for peer, wanted in self._audience.tick_listeners.items():
            if changes.whole and wanted.issuperset(changes.con_ids):
                peer.send(everything)
            elif not wanted.isdisjoint(changes.con_ids):
                peer.send(ticks_of(batch, con_ids, wanted))

    # --- gaps -----------------------------------------------------------------------------------

    def _lose(self, reason: str) -> None:
        """Every quote may miss something from now on."""
        con_ids = [*self._lines.book.wants]
        self._quotes.lose(con_ids, reason)
        self._announce(con_ids, lambda lost: Gap(lost, reason))
        self._send_quotes(con_ids)

    def _line_refused(self, con_id: int, reason: str) -> None:
        self.context.log.warning("no quotes of contract %d: %s", con_id, reason)
        self._quotes.lose([con_id], reason)
        self._announce([con_id], lambda lost: Gap(lost, reason))
        self._send_quotes([con_id])
        self._waits.give_up(con_id)

    def _announce(self, con_ids: list[int], make: Callable[[tuple[int, ...]], Gap | Resumed]) -> None:
        """To the topic, and to the subscribers that are not attached to it, each about its own contracts."""
        if not con_ids:
            return
        self.publish(TOPIC, make(tuple(con_ids)))
        for peer, wanted in self._audience.each():
            own = tuple(con_id for con_id in con_ids if con_id in wanted)
            if own and TOPIC not in peer.topics:
                peer.send(make(own))

    def _clocks_jumped(self, jump: clock.Jump) -> None:
        if jump.suspended:
            self._lose(f"the machine was suspended for {jump.suspended:.0f} s")

    def _watch_stale(self) -> None:
        self._send_quotes(self._quotes.turned_stale(clock.elapsed_ns()))
        self.reactor.after(self._settings.stale_after / STALE_CHECKS, self._watch_stale)

    # --- subscribers ----------------------------------------------------------------------------

    @handles(Subscribe)
    def _subscribe(self, message: Subscribe, sender: Sender) -> object:
        def found(details: ContractDetails) -> None:
            peer = sender.peer
            if peer is None or not peer.open:
                return
            con_id = details.contract.con_id
            self._lines.hold(details.contract, peer)
            self._audience.add(peer, con_id, ticks=message.ticks)
            sender.reply(Subscribed(details, self._quote_now(con_id)))

        return self._resolve(message.contract, found, sender)

    @handles(Unsubscribe)
    def _unsubscribe(self, message: Unsubscribe, sender: Sender) -> Done:
        con_id = self._wanted(message.contract)
        if sender.peer is None or not self._audience.remove(sender.peer, con_id):
            raise Rejected(f"{_words(message.contract)} is not subscribed over this connection", kind="not_subscribed")
        self._lines.release(con_id, sender.peer)
        return Done()

    def on_peer_down(self, peer: Peer) -> None:
        self._conflated_before += peer.outbox.conflated
        self._audience.leave(peer)
        self._lines.release_all(peer)

    @handles(Hold)
    def _hold(self, message: Hold, sender: Sender) -> object:
        def found(details: ContractDetails) -> None:
            self._lines.hold(details.contract, OPERATOR)
            self._memory.hold(details, held=True)
            sender.reply(Subscribed(details, self._quote_now(details.contract.con_id)))

        return self._resolve(message.contract, found, sender)

    @handles(Drop)
    def _drop(self, message: Drop, _: Sender) -> Done:
        con_id = self._wanted(message.contract)
        contract = self._lines.book.wants[con_id].contract
        if not self._lines.release(con_id, OPERATOR):
            raise Rejected(f"the operator does not hold {_words(message.contract)}", kind="not_subscribed")
        self._memory.hold(ContractDetails(contract), held=False)
        return Done()

    def _recall(self, memory: Memory) -> None:
        self._lookup.recall(memory.contracts, memory.held)
        for details in memory.held:
            try:
                self._lines.hold(details.contract, OPERATOR)
            except Rejected as error:
                self.context.log.warning("the operator's hold of %s is not kept: %s", details.contract.symbol, error)

    # --- answers --------------------------------------------------------------------------------

    @handles(ResolveContract)
    def _resolve_contract(self, message: ResolveContract, sender: Sender) -> object:
        wanted = meant(message.contract)
        if isinstance(wanted, Combo):
            self._combos.resolve(wanted, sender.reply, sender.reject)
            return LATER
        return self._resolve(wanted, sender.reply, sender)

    @handles(GetReference)
    def _reference(self, message: GetReference, sender: Sender) -> object:
        wanted = meant(message.contract)
        if isinstance(wanted, Combo):
            self._combos.reference(wanted, sender.reply, sender.reject)
            return LATER

        def found(details: ContractDetails) -> None:
            self._waits.ask(details, lambda quote: sender.reply(Reference(details, quote)))

        return self._resolve(wanted, found, sender)

    @handles(GetBars)
    def _bars(self, message: GetBars, sender: Sender) -> object:
        return self._resolve(
            message.contract, lambda details: download_bars(self._connection, message, details, sender), sender
        )

    @handles(GetQuote)
    def _quote(self, message: GetQuote, _: Sender) -> Quote:
        return self._quote_now(self._wanted(message.contract))

    @handles(GetQuotes)
    def _all_quotes(self, _: GetQuotes, __: Sender) -> Quotes:
        return Quotes(tuple(self._quote_now(con_id) for con_id in self._lines.book.wants))

    @handles(KeepQuotes)
    def _keep_quotes(self, message: KeepQuotes, _: Sender) -> Quotes:
        return Quotes(self._waits.keep(message.con_ids))

    @handles(GetMarketData)
    def _view(self, _: GetMarketData, __: Sender) -> MarketDataView:
        return MarketDataView(
            lines=self._lines.book.lines,
            max_lines=self._settings.max_lines,
            subscribers=len(self._audience),
            ticks=self._quotes.ticks,
            stale=self._quotes.stale(clock.elapsed_ns()),
            conflated=self._conflated_before + sum(peer.outbox.conflated for peer, _ in self._audience.each()),
        )

    # --- contracts ------------------------------------------------------------------------------

    def _resolve(self, contract: str | Contract, found: Callable[[ContractDetails], None], sender: Sender) -> object:
        """Go on with the contract once it is known; what `found` refuses is the answer."""

        def go_on(details: ContractDetails) -> None:
            try:
                found(details)
            except Rejected as refusal:
                sender.reject(refusal)

        self._lookup.resolve(contract, go_on, sender.reject)
        return LATER

    def _wanted(self, contract: str | Contract) -> int:
        """The contract among those that have a line or wait for one. Rejected when it is none of them."""
        known = self._lookup.known(contract)
        wants = self._lines.book.wants
        if known is not None and known.contract.con_id in wants:
            return known.contract.con_id
        asked = plain_question(question(contract))
        alike = [con_id for con_id, want in wants.items() if plain_question(want.contract) == asked]
        if known is None and len(alike) == 1:
            return alike[0]
        raise Rejected(
            f"nobody holds a line for {_words(contract)}; subscribe to it, or hold it with `nightdesk quotes SYMBOL`",
            kind="not_subscribed",
        )

    def _quote_now(self, con_id: int) -> Quote:
        return self._quotes.quote(con_id, clock.elapsed_ns())


def _words(contract: str | Contract) -> str:
    return contract if isinstance(contract, str) else describe(contract)
