"""Rules that tamper with messages: which one has a message, if any. Pure: time is told, chance is seeded.

A message is subject to at most one rule, the first one added that matches and fires. Of those that match, a rule
lets `skip` pass, then fires with `chance` until it has fired `times`, or `seconds` after it was added. A rule that
is over is gone: with none left a message costs one look at an empty list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from simulator.market.walk import mix, unit
from simulator.wire.names import Direction, number

Effect = Literal["drop", "delay", "duplicate", "reorder", "corrupt"]

EVERY_MESSAGE: Final = "all"
EVERY_REQUEST: Final = "requests"
PATIENCE: Final = 1.0
"""True seconds that a reordered message waits for the one that is to overtake it."""
_NONSENSE: Final = "?!"


@dataclass(frozen=True)
class Rule:
    """What happens to which messages; `message` is a name of `wire.names`, or all outgoing ones, or all requests."""

    effect: Effect
    message: str
    client: int | None = None
    """The client it is about; None: every one."""
    times: int | None = None
    """How many messages it has; None: no end."""
    skip: int = 0
    chance: float = 1.0
    seconds: float | None = None
    """True seconds that it lives; None: no end."""
    by: float = 0.0
    """True seconds by which `delay` delays."""
    field: int | None = None
    """The field that `corrupt` spoils, the message id being 0; None: any of those after it."""

    def __post_init__(self) -> None:
        """Raises ValueError for what means nothing."""
        _ = self.target
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: expected 1 or more, got {self.times}")
        if self.skip < 0:
            raise ValueError(f"skip: expected 0 or more, got {self.skip}")
        if not 0 < self.chance <= 1:
            raise ValueError(f"chance: expected more than 0 and at most 1, got {self.chance:g}")
        if self.seconds is not None and self.seconds <= 0:
            raise ValueError(f"seconds: expected more than 0, got {self.seconds:g}")
        if (self.by > 0) != (self.effect == "delay"):
            raise ValueError("by: expected with delay and only there, as more than 0 seconds")
        if self.field is not None and (self.effect != "corrupt" or self.field < 0):
            raise ValueError("field: expected with corrupt only, 0 or more")

    @property
    def target(self) -> tuple[Direction, int | None]:
        """The direction and the message id, None for all. Raises ValueError for a name that no message has."""
        if self.message == EVERY_MESSAGE:
            return "out", None
        if self.message == EVERY_REQUEST:
            return "in", None
        try:
            return number(self.message)
        except KeyError as error:
            raise ValueError(f"message: there is none called {self.message!r}") from error


@dataclass(frozen=True)
class Verdict:
    """A rule that has a message, and a number made for this message alone, for choices that are to be made."""

    rule: Rule
    draw: int


@dataclass
class _Live:
    number: int
    rule: Rule
    direction: Direction
    message_id: int | None
    until: float | None
    seen: int = field(default=0)
    fired: int = field(default=0)


class Rules:
    """The rules in force in one simulator."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._last = 0
        self.live: list[_Live] = []
        """Empty when nothing needs to be asked."""

    def add(self, rule: Rule, now: float) -> int:
        """Put a rule in force, `now` on the monotonic clock; returns the number it has from then on."""
        self._last += 1
        until = None if rule.seconds is None else now + rule.seconds
        self.live.append(_Live(self._last, rule, *rule.target, until))
        return self._last

    def remove(self, number: int) -> None:
        """Take a rule out of force. Raises KeyError when it is over or never was."""
        found = next((live for live in self.live if live.number == number), None)
        if found is None:
            raise KeyError(number)
        self.live.remove(found)

    def clear(self) -> None:
        """Take all out of force."""
        self.live.clear()

    def list(self, now: float) -> Sequence[tuple[int, Rule, int]]:
        """Number, rule, and how often it fired, of those in force."""
        self._forget_the_expired(now)
        return [(live.number, live.rule, live.fired) for live in self.live]

    def judge(self, direction: Direction, message_id: int, client: int | None, now: float) -> Verdict | None:
        """Which rule has this message, now on the monotonic clock; it counts as having fired."""
        self._forget_the_expired(now)
        for live in self.live:
            if live.direction != direction or live.message_id not in (None, message_id):
                continue
            if live.rule.client not in (None, client):
                continue
            live.seen += 1
            if live.seen <= live.rule.skip or unit(self._seed, live.number, live.seen) >= live.rule.chance:
                continue
            live.fired += 1
            if live.fired == live.rule.times:
                self.live.remove(live)
            return Verdict(live.rule, mix(self._seed, live.number, live.seen, live.fired))
        return None

    def _forget_the_expired(self, now: float) -> None:
        if any(live.until is not None and live.until <= now for live in self.live):
            self.live = [live for live in self.live if live.until is None or live.until > now]


def corrupted(fields: Sequence[str], verdict: Verdict) -> list[str]:
    """A message's fields with one of them spoiled; what has no field but its id loses that."""
    spoiled = list(fields)
    if verdict.rule.field is not None:
        at = min(verdict.rule.field, len(spoiled) - 1)
    else:
        at = 1 + verdict.draw % (len(spoiled) - 1) if len(spoiled) > 1 else 0
    spoiled[at] = _NONSENSE
    return spoiled
