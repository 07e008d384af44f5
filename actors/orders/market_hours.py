"""The hours of what is ordered: from the contract's details and from the calendar process, kept from then on.

`prepare` is called before the checks of an order and asks for what is missing; as a rule it finds everything at once.
What is known is asked for again once a day, behind the orders. A process that does not answer changes nothing of what
is known; what is not known refuses, in the words of who did not answer. A combo has the hours of its legs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from actors.domain.contracts import words
from actors.domain.fills import COMBO
from actors.domain.hours import Hours, HoursFact, Unknown, judge, parse, together
from actors.domain.venues import CALENDARS, venue
from actors.messages.broker import ContractList, FetchContracts, OrderTerms
from actors.messages.market import Contract, ContractDetails
from actors.messages.risk import GetSessions, Sessions
from supervision import clock
from supervision.errors import DeliveryError, Rejected
from supervision.message import Ask
from supervision.uplink import Uplink

ANSWER_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 1.0
"""What was not answered is not asked for again within this time: orders are refused at once then."""
REFRESH_SECONDS: Final = 24 * 3600.0

_ALWAYS: Final = HoursFact(open=True, text="the simulated market is open round the clock")

Done = Callable[[], None]
Key = int | str
"""A contract by its id, or a calendar by its name."""


class MarketHours:
    """Without `calendar` the market is a simulated one that never closes: nothing is asked, and all is open."""

    def __init__(self, *, connection: Uplink, calendar: Uplink | None, log: logging.Logger) -> None:
        self._connection = connection
        self._calendar = calendar
        self._log = log
        self._contracts: dict[int, ContractDetails] = {}
        self._sessions: dict[str, Sessions] = {}
        self._asked: dict[Key, float] = {}  # when, in monotonic seconds
        self._failed: dict[Key, str] = {}
        self._waiting: dict[Key, list[Done]] = {}

    def prepare(self, several: Iterable[ContractDetails], ready: Done) -> None:
        """Call `ready` once, perhaps at once, when all that can be known of these contracts' hours is known."""
        contracts = [] if self._calendar is None else [part for details in several for part in self._parts(details)]
        left = len(contracts) + 1

        def one_more() -> None:
            nonlocal left
            left -= 1
            if not left:
                ready()

        for contract in contracts:
            self._learn_contract(contract, one_more)
        one_more()

    def fact(self, details: ContractDetails, terms: OrderTerms, now: datetime) -> HoursFact:
        """Whether the contract of these details trades now, for an order with these terms."""
        if self._calendar is None:
            return _ALWAYS
        parts = self._parts(details)
        facts = {part.con_id: self._fact(part, now, regular=not terms.outside_rth) for part in parts}
        if details.contract.sec_type != COMBO:
            return facts[details.contract.con_id]
        return together({self._words(con_id): fact for con_id, fact in facts.items()})

    # --- of one contract ----------------------------------------------------------------------------

    def _parts(self, details: ContractDetails) -> list[Contract]:
        """The contracts whose hours count. What is seen for the first time is taken as it is told."""
        contract = details.contract
        if contract.sec_type != COMBO:
            self._contracts.setdefault(contract.con_id, details)
            return [contract]
        return [
            Contract("", "", leg.exchange or contract.exchange, contract.currency, leg.con_id) for leg in contract.legs
        ]

    def _words(self, con_id: int) -> str:
        known = self._contracts.get(con_id)
        return f"conId {con_id}" if known is None else words(known.contract)

    def _fact(self, contract: Contract, now: datetime, *, regular: bool) -> HoursFact:
        details = self._contracts.get(contract.con_id)
        if details is None:
            why = self._failed.get(contract.con_id, "they were not looked up")
            return HoursFact(open=False, text=f"its hours are not known: {why}")
        return judge(_hours(details, regular=regular), self._calendar_of(details), now, regular=regular)

    def _calendar_of(self, details: ContractDetails) -> Sessions | Unknown | None:
        name = _calendar_name(details)
        if not name:
            return None
        why = self._failed.get(name, "it was not looked up")
        return self._sessions.get(name) or Unknown(f"the calendar {name} of its exchange is not known: {why}")

    # --- asking ---------------------------------------------------------------------------------------

    def _learn_contract(self, contract: Contract, done: Done) -> None:
        con_id = contract.con_id
        known = self._contracts.get(con_id)
        enough = known is not None and _covers(known, clock.now())
        keep = partial(self._keep_contract, con_id)
        then = partial(self._learn_calendar, con_id, done)
        self._ask(self._connection, con_id, FetchContracts(contract), keep, then, enough=enough)

    def _learn_calendar(self, con_id: int, done: Done) -> None:
        details = self._contracts.get(con_id)
        name = "" if details is None else _calendar_name(details)
        if self._calendar is None or details is None or not name:
            done()
            return
        known = self._sessions.get(name)
        enough = known is not None and known.known_from <= clock.now() < known.known_until
        question = GetSessions(venue(details.contract))
        self._ask(self._calendar, name, question, partial(self._keep_sessions, name), done, enough=enough)

    def _ask(
        self, whom: Uplink, key: Key, question: Ask[Any], keep: Callable[[Any], None], done: Done, *, enough: bool
    ) -> None:
        """Call `done` when no more can be known: at once if what is known is `enough`, else after an answer."""
        pending = key in self._waiting
        age = time.monotonic() - self._asked.get(key, -REFRESH_SECONDS)
        if enough or (not pending and age < AGAIN_SECONDS):
            done()
        else:
            self._waiting.setdefault(key, []).append(done)
        if pending or age < (REFRESH_SECONDS if enough else AGAIN_SECONDS):
            return
        self._waiting.setdefault(key, [])
        self._asked[key] = time.monotonic()
        whom.ask(
            question,
            timeout=ANSWER_SECONDS,
            on_reply=partial(self._answered, key, keep),
            on_error=partial(self._not_answered, key),
        )

    def _answered(self, key: Key, keep: Callable[[Any], None], answer: object) -> None:
        self._failed.pop(key, None)
        keep(answer)
        self._go_on(key)

    def _not_answered(self, key: Key, error: DeliveryError | Rejected) -> None:
        self._failed[key] = str(error)
        self._log.warning("the hours of %s could not be learnt: %s", self._name(key), error)
        self._go_on(key)

    def _go_on(self, key: Key) -> None:
        for done in self._waiting.pop(key, ()):
            done()

    def _name(self, key: Key) -> str:
        return f"calendar {key}" if isinstance(key, str) else self._words(key)

    def _keep_contract(self, con_id: int, found: ContractList) -> None:
        for details in found.items:
            if details.contract.con_id == con_id:
                self._contracts[con_id] = details
                return
        self._failed[con_id] = f"the broker knows no contract with id {con_id}"

    def _keep_sessions(self, name: str, sessions: Sessions) -> None:
        self._sessions[name] = sessions


def _calendar_name(details: ContractDetails) -> str:
    exchange = venue(details.contract)
    return CALENDARS[exchange] if exchange else ""


def _hours(details: ContractDetails, *, regular: bool) -> Hours | Unknown:
    return parse(details.liquid_hours if regular else details.trading_hours, details.time_zone)


def _covers(details: ContractDetails, now: datetime) -> bool:
    told = (_hours(details, regular=regular) for regular in (True, False))
    return all(isinstance(hours, Hours) and hours.covers(now) for hours in told)
