"""Carries out statements against a gateway: at once, or through its agenda when they have a time.

A statement that cannot be done at once is a ScriptError of whoever asked for it. One that fails at its time has
nobody to tell: it is logged, kept for the question `faults`, and the rest goes on.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulator.agenda import Daily, Entry, occurrences
from simulator.faults.act import Act, Answer, Impossible
from simulator.faults.burst import BurstActs
from simulator.faults.language import After, At, AtTime, Every, ScriptError, Statement
from simulator.faults.market_acts import MarketActs
from simulator.faults.message_acts import MessageActs
from simulator.faults.network_acts import NetworkActs
from simulator.faults.order_acts import OrderActs
from simulator.faults.questions import Questions
from simulator.faults.session_acts import SessionActs
from simulator.gateway import Gateway
from simulator.market.hours import utc
from simulator.refusal import Refused

_log = logging.getLogger("simulator.faults")
_FAILURES_KEPT: Final = 50
_MOST_WAITING: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    statement: Statement
    entry: Entry | Daily


class Director:
    """Does what scripts and control connections say."""

    def __init__(self, gateway: Gateway, port: int = 0) -> None:
        """`port` is where clients connect, for `status` to tell."""
        self._gateway = gateway
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0
        self._failures: deque[str] = deque(maxlen=_FAILURES_KEPT)
        self._messages = MessageActs(gateway)
        self._acts: dict[str, Act] = {
            **self._messages.acts,
            **NetworkActs(gateway).acts,
            **SessionActs(gateway).acts,
            **OrderActs(gateway).acts,
            **MarketActs(gateway).acts,
            **BurstActs(gateway).acts,
            **Questions(gateway, port).acts,
            "unschedule": self._unschedule,
            "faults": self._faults,
        }

    def run(self, script: Iterable[Statement]) -> None:
        """Do, or schedule, the statements of a script in their order. Raises ScriptError at one that cannot be done."""
        for statement in script:
            self.do(statement)

    def do(self, statement: Statement) -> Answer:
        """Do a statement, schedule it, or answer a question. Raises ScriptError when that is impossible."""
        try:
            return self._act(statement) if statement.when is None else {"scheduled": self._schedule(statement)}
        finally:
            self._gateway.run_due()

    def _act(self, statement: Statement) -> Answer:
        try:
            answer = self._acts[statement.name](**dict(statement.arguments))
        except (Impossible, Refused, OSError) as error:
            raise ScriptError(statement.text, str(error), file=statement.file, line=statement.line) from error
        if not statement.question:
            _log.info("done: %s", statement.text)
        return answer

    def _schedule(self, statement: Statement) -> int:
        """Have a statement wait for its time; returns the number it waits under."""
        agenda, now = self._gateway.agenda, self._gateway.clock.now()
        if len(self._waiting) >= _MOST_WAITING:
            raise ScriptError(statement.text, f"{_MOST_WAITING} statements wait already", "fewer of them")
        self._last += 1
        number = self._last

        def act() -> None:
            self._attempt(number)

        match statement.when:
            case At(moment):
                entry: Entry | Daily = agenda.at(moment, act)
            case AtTime(time, zone):
                entry = agenda.at(next(occurrences(now, time, zone)), act)
            case After(seconds):
                entry = agenda.after(seconds, act)
            case Every(weekdays, time, zone):
                entry = agenda.daily(time, zone, weekdays, act)
            case None:
                raise ValueError(f"{statement.text}: has no time")
        self._waiting[number] = _Waiting(statement, entry)
        return number

    def _attempt(self, number: int) -> None:
        """Do a statement whose time has come."""
        waiting = self._waiting[number]
        if isinstance(waiting.entry, Entry):
            del self._waiting[number]
        statement = waiting.statement
        try:
            self._act(statement)
        except ScriptError as error:
            _log.warning("not done: %s", error)
            self._failures.append(f"{utc(self._gateway.clock.now()):%Y-%m-%d %H:%M:%S} UTC: {error}")

    def _unschedule(self, number: int | None) -> Answer:
        if number is not None and number not in self._waiting:
            raise Impossible(f"no statement waits under number {number}")
        for one in list(self._waiting) if number is None else [number]:
            self._waiting.pop(one).entry.cancel()
        return {}

    def _faults(self) -> Answer:
        return {
            "rules": self._messages.described(),
            "waiting": [{"number": number, "statement": one.statement.text} for number, one in self._waiting.items()],
            "failed": list(self._failures),
        }
