"""Streaming quotes and snapshots, live, frozen, delayed or delayed and frozen.

Clients that watch an instrument in the same way share a channel: what changed is encoded once per step, and each gets
its request id in between. A congested client is sent nothing until it has caught up, and then the whole quote: its
view is late, never wrong. A stream that loses its entitlement is told so once and stays silent until it is asked
for again; its cancel is always accepted.
"""

from __future__ import annotations

from collections import Counter

from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.universe import Instrument
from simulator.refusal import Refused, invalid
from simulator.services import generic_ticks, venues
from simulator.services.channels import Channel, Interest, Watcher
from simulator.services.entitlements import DELAYED_TEXT, DISPLAYING_DELAYED, LIVE, PARTLY_SUBSCRIBED, Entitlements
from simulator.services.reference import Handler, resolve
from simulator.services.subscriptions import MarketLines, Subscriptions
from simulator.session import Session
from simulator.wire import quote_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract, read_legs, refuse_delta_neutral

_DATA_TYPES = range(1, 5)


class QuoteService:
    """Who watches which line, and how."""

    def __init__(self, market: Market, entitlements: Entitlements, lines: MarketLines) -> None:
        self._market = market
        self._entitlements = entitlements
        self._lines = lines
        self._channels: dict[int, dict[Interest, Channel]] = {}
        self._requests: Subscriptions[Watcher] = Subscriptions()
        self._data_types: dict[Session, int] = {}
        self._opened: Counter[Session] = Counter()
        self.handlers: dict[int, Handler] = {
            1: self._subscribe,
            2: self._cancel,
            59: self._data_type,
            83: self._smart_components,
        }

    def instruments(self) -> dict[int, Instrument]:
        """What somebody watches, by contract id."""
        return {con_id: next(iter(channels.values())).line.instrument for con_id, channels in self._channels.items()}

    def watched(self, session: Session) -> dict[int, Instrument]:
        """What a client watches, by request id."""
        return {number: watcher.channel.line.instrument for number, watcher in self._requests.of(session).items()}

    def opened(self, session: Session) -> int:
        """How many lines a client has opened so far."""
        return self._opened[session]

    def publish(self, line: Line) -> None:
        """Send what changed on a line since it was last shown."""
        for channel in self._channels.get(line.instrument.con_id, {}).values():
            channel.publish(self._market, line)

    def recall(self, session: Session) -> None:
        """A client was shown what is not the market: each of its lines is shown whole at its next change."""
        for watcher in self._requests.of(session).values():
            watcher.behind = True

    def recheck(self) -> None:
        """Entitlements changed: streams go over to what is allowed now, or end with the reason."""
        for watcher in list(self._requests):
            if not watcher.silent:
                self._recheck(watcher)

    def forget(self, session: Session) -> None:
        """The session is over."""
        self.lose(session)
        self._data_types.pop(session, None)
        del self._opened[session]

    def lose(self, session: Session) -> None:
        """Every line of a client ends without a word, as after 1101."""
        for watcher in self._requests.drop(session):
            self._silence(watcher)

    def _subscribe(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        query = read_legs(fields, read_contract(fields))
        refuse_delta_neutral(fields, "bW")
        generics = generic_ticks.parse(fields.text("genericTickList"), query.sec_type)
        snapshot, regulatory = fields.flag("snapshot"), fields.optional("regulatorySnapshot") == "1"
        if generics and (snapshot or regulatory):
            raise invalid("Snapshot market data subscription is not applicable to generic ticks", "bW")
        previous = self._requests.of(session).get(request_id)
        if previous is None or not previous.silent:
            self._requests.require_new(session, request_id)
        line = self._market.line(resolve(self._market.universe, query))
        interest = self._interest(session, line.instrument, generics, regulatory=regulatory)
        if snapshot or regulatory:
            self._show(Watcher(session, request_id, Channel(self._market, line, interest)))
            session.send(wire.snapshot_end(request_id))
            return
        self._lines.take(line.instrument.con_id)
        self._opened[session] += 1
        watcher = Watcher(session, request_id, self._channel(line, interest))
        self._requests.add(session, request_id, watcher)
        self._show(watcher)
        watcher.channel.watchers.append(watcher)

    def _interest(
        self, session: Session, item: Instrument, generics: frozenset[int], *, regulatory: bool = False
    ) -> Interest:
        """How a client sees an instrument now. A regulatory snapshot is live without a subscription: it is paid for."""
        data_type = self._data_types.get(session, LIVE)
        if regulatory and self._entitlements.of(item) != "competing":
            return Interest(delayed=False, data_type=data_type, computed=True, generics=generics)
        delayed = self._entitlements.delayed(item, data_type)
        under = self._market.universe.get(item.under_con_id)
        computed = delayed or self._entitlements.underlying_missing(under) is None
        return Interest(delayed, data_type, computed, generics)

    def _channel(self, line: Line, interest: Interest) -> Channel:
        channels = self._channels.setdefault(line.instrument.con_id, {})
        if interest not in channels:
            channels[interest] = Channel(self._market, line, interest)
        return channels[interest]

    def _show(self, watcher: Watcher) -> None:
        """What a stream or snapshot begins with: notices, parameters, the kind of data, the whole quote."""
        channel, session, request_id = watcher.channel, watcher.session, watcher.request_id
        item, interest = channel.line.instrument, channel.interest
        if interest.delayed:
            session.error(request_id, DISPLAYING_DELAYED, DELAYED_TEXT)
        elif not interest.computed:
            under = self._market.universe.get(item.under_con_id)
            session.error(request_id, PARTLY_SUBSCRIBED, self._entitlements.underlying_missing(under) or "")
        session.send(wire.request_parameters(request_id, item.tick, venues.map_id(item)))
        channel.show(watcher)

    def _recheck(self, watcher: Watcher) -> None:
        before = watcher.channel
        item, session = before.line.instrument, watcher.session
        try:
            interest = self._interest(session, item, before.interest.generics)
        except Refused as refusal:
            self._silence(watcher)
            session.error(watcher.request_id, refusal.code, refusal.text)
            return
        if interest == before.interest:
            return
        self._unwatch(watcher)
        watcher.channel = self._channel(before.line, interest)
        self._show(watcher)
        watcher.channel.watchers.append(watcher)

    def _cancel(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        watcher = self._requests.take(session, request_id)
        if watcher is None:
            raise Refused(300, f"Can't find EId with tickerId:{request_id}")
        self._silence(watcher)

    def _data_type(self, session: Session, fields: Fields) -> None:
        """Holds for what is asked for from now on, and switches running streams where that changes what they show."""
        fields.skip()
        data_type = fields.integer("marketDataType")
        if data_type not in _DATA_TYPES:
            raise invalid(f"Invalid market data type {data_type}", "cd")
        self._data_types[session] = data_type
        for watcher in self._requests.of(session).values():
            if not watcher.silent:
                self._recheck(watcher)

    def _smart_components(self, session: Session, fields: Fields) -> None:
        request_id, wanted = fields.integer("reqId"), fields.text("bboExchange")
        found = venues.components(wanted)
        if found is None:
            raise invalid(f"Invalid bboExchange {wanted[:40]!r}", "cx")
        session.send(wire.smart_components(request_id, found))

    def _silence(self, watcher: Watcher) -> None:
        """Take a stream out of its channel, once."""
        if watcher.silent:
            return
        watcher.silent = True
        self._unwatch(watcher)
        self._lines.give_back(watcher.channel.line.instrument.con_id)

    def _unwatch(self, watcher: Watcher) -> None:
        channel = watcher.channel
        channel.watchers.remove(watcher)
        if channel.watchers:
            return
        con_id = channel.line.instrument.con_id
        del self._channels[con_id][channel.interest]
        if not self._channels[con_id]:
            del self._channels[con_id]
