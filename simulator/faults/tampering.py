"""One direction of one session under the rules: messages go in, and come out as far and as soon as the rules let them.

Sans-IO: what is to leave later leaves by way of the agenda. Nothing is lost but what is dropped, nothing is made
but by duplication. Messages that one rule delays stay in their order. A reordered message leaves right after the
next one, or alone once nothing came for a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from simulator.agenda import Agenda, Entry
from simulator.faults.rules import PATIENCE, Rules, Verdict
from simulator.wire.names import Direction

M = TypeVar("M")


class Tampering(Generic[M]):
    """`M` is what a message is: bytes on their way out, fields on their way in."""

    def __init__(
        self,
        rules: Rules,
        agenda: Agenda,
        direction: Direction,
        let_out: Callable[[M], None],
        spoil: Callable[[M, Verdict], M],
    ) -> None:
        self._rules = rules
        self._agenda = agenda
        self._direction: Direction = direction
        self._let_out = let_out
        self._spoil = spoil
        self._overtaken: tuple[M, Entry] | None = None

    @property
    def idle(self) -> bool:
        """Whether messages need not pass here at all."""
        return not self._rules.live and self._overtaken is None

    def put(self, message: M, message_id: int, client: int | None, now: float) -> None:
        """One message, `now` on the monotonic clock."""
        verdict = self._rules.judge(self._direction, message_id, client, now)
        if verdict is None:
            self._pass(message)
            return
        match verdict.rule.effect:
            case "drop":
                return
            case "delay":
                self._agenda.after(verdict.rule.by, lambda: self._let_out(message))
            case "duplicate":
                self._let_out(message)
                self._pass(message)
            case "corrupt":
                self._pass(self._spoil(message, verdict))
            case "reorder" if self._overtaken is None:
                self._overtaken = message, self._agenda.after(PATIENCE, self._release)
            case "reorder":  # it is the next one that the waiting one is to come after
                self._pass(message)

    def _pass(self, message: M) -> None:
        self._let_out(message)
        self._release()

    def _release(self) -> None:
        if self._overtaken is not None:
            message, timer = self._overtaken
            self._overtaken = None
            timer.cancel()
            self._let_out(message)
