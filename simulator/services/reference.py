"""Requests about contracts and the login: details, symbols, option chains, rules, accounts, time."""

from __future__ import annotations

from collections.abc import Callable

from simulator.exchange.accounts import account_codes
from simulator.market.hours import trading_day
from simulator.market.market import Market
from simulator.market.rules import MARKET_RULES
from simulator.market.universe import SECURITY_TYPES, Instrument, Query, Universe
from simulator.refusal import Refused, invalid
from simulator.session import Session
from simulator.wire import contract_messages, general
from simulator.wire.contract_messages import Hours
from simulator.wire.fields import Fields, message
from simulator.wire.requests import read_contract, read_identity

_TIME_IN_MILLIS_SINCE = 197

Handler = Callable[[Session, Fields], None]


def unknown(_: Session, fields: Fields) -> None:
    """Refuse a message id that does not exist, or not at this version."""
    raise Refused(320, f"Error reading request: unknown message id {fields.message_id}")


def resolve(universe: Universe, query: Query) -> Instrument:
    """The one instrument meant by a request for live data or an order. Raises `Refused` for none or several.

    A continuous future is only good for history (IBKR Campus, "Continuous Futures"): it is refused here.
    """
    if "CONTFUT" in query.sec_type:
        raise invalid("Please enter a valid security type", "bQ")
    return resolve_past(universe, query)


def resolve_past(universe: Universe, query: Query) -> Instrument:
    """The one instrument meant by a request for history. Raises `Refused` for none or several."""
    if query.sec_type == "BAG":
        return _combo(universe, query)
    found = find(universe, query)
    if len(found) > 1:
        missing = "; you must specify the multiplier or trading class" if found[0].expiry else ""
        raise Refused(200, f"The contract description specified for {found[0].symbol} is ambiguous{missing}.")
    return found[0]


def find(universe: Universe, query: Query) -> list[Instrument]:
    """All instruments meant. Raises `Refused` for a security type that does not exist and for none."""
    identified = query.con_id or query.sec_id or query.issuer_id
    if query.sec_type not in SECURITY_TYPES and not (identified and not query.sec_type):
        raise invalid("Please enter a valid security type", "bQ")
    if not identified and not (query.symbol or query.local_symbol or query.trading_class):
        raise invalid("Please enter a local symbol or a symbol", "bQ")
    found = universe.find(query)
    if not found:
        raise Refused(200, "No security definition has been found for the request")
    return found


def _combo(universe: Universe, query: Query) -> Instrument:
    if query.con_id and not query.legs and (known := universe.get(query.con_id)) is not None:
        return known
    if len({leg.con_id for leg in query.legs}) < len(query.legs):
        raise invalid("A combination cannot have the same leg twice")
    try:
        return universe.combo(query.symbol, query.currency, query.legs)
    except LookupError:
        raise Refused(200, "No security definition has been found for the request") from None
    except ValueError as error:
        raise invalid(str(error)) from error


class ReferenceService:
    """Answers at once, keeps nothing."""

    def __init__(self, market: Market, accounts: str, clock: Callable[[], float]) -> None:
        self._universe = market.universe
        self._hours = market.trading_hours
        self._clock = clock
        families = [part for code in account_codes(accounts) for part in (code, "")]
        self.handlers: dict[int, Handler] = {
            9: self._contract_details,
            14: lambda _session, _fields: None,  # server log level: there is nothing to answer
            17: lambda session, _fields: session.send(general.managed_accounts(accounts)),
            49: lambda session, _fields: session.send(general.current_time(clock())),
            78: self._option_parameters,
            79: lambda session, fields: session.send(message(77, fields.integer("reqId"), 0)),
            80: lambda session, _fields: session.send(message(78, len(families) // 2, *families)),
            81: self._matching_symbols,
            85: lambda session, _fields: session.send(message(85, 0)),  # no news provider is subscribed to
            91: self._market_rule,
            104: lambda session, fields: session.send(message(107, fields.integer("reqId"), "")),
            105: self._time_in_millis,
        }

    def _time_in_millis(self, session: Session, fields: Fields) -> None:
        if session.version < _TIME_IN_MILLIS_SINCE:
            unknown(session, fields)
        session.send(general.current_time_in_millis(self._clock()))

    def _contract_details(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        query = read_identity(fields, read_contract(fields))
        asked = query.exchange, "CONTFUT" if query.sec_type == "CONTFUT" else ""
        today = trading_day(self._clock())
        for item in find(self._universe, query):
            hours = Hours(
                self._hours.zone_name(item),
                self._hours.text(item, today, regular=False),
                self._hours.text(item, today, regular=True),
            )
            session.send(contract_messages.contract_details(request_id, item, session.version, hours, asked))
        session.send(contract_messages.contract_details_end(request_id))

    def _matching_symbols(self, session: Session, fields: Fields) -> None:
        request_id, pattern = fields.integer("reqId"), fields.text("pattern")
        found = [(item, self._universe.derived(item)) for item in self._universe.search(pattern)]
        session.send(contract_messages.symbol_samples(request_id, found))

    def _option_parameters(self, session: Session, fields: Fields) -> None:
        request_id, symbol = fields.integer("reqId"), fields.text("symbol").upper()
        exchange, sec_type = fields.text("futFopExchange"), fields.text("secType")
        con_id = fields.integer("underlyingConId")
        item = self._universe.get(con_id)
        if item is None or item.symbol != symbol or item.sec_type != sec_type:
            raise Refused(200, "No security definition has been found for the request")
        for chain in self._universe.chains(item, exchange):
            for venue in [exchange] if exchange else chain.exchanges:
                session.send(contract_messages.option_parameters(request_id, venue, con_id, chain))
        session.send(contract_messages.option_parameters_end(request_id))

    def _market_rule(self, session: Session, fields: Fields) -> None:
        rule = fields.integer("marketRuleId")
        if rule not in MARKET_RULES:
            raise invalid(f"Invalid market rule id {rule}", "cC")
        session.send(contract_messages.market_rule(rule, MARKET_RULES[rule]))
